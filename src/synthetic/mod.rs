//! A made-up clothes shop of any size: the same seed and parameters give the same orders, one after another, without
//! ever holding all of them.
//!
//! People differ as they do in a real shop: many buy once, some stay; each keeps to a size; autumn, the sales days and
//! the evening are busy; some orders are never paid, some come back.

mod basket;
mod calendar;
mod catalogue;
mod course;
mod draw;
mod history;
pub mod listing;
mod people;
pub mod permission;
#[cfg(test)]
mod tests;

pub use history::History;

use crate::orders::OrderDocument;
use crate::time::Timestamp;

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub seed: u64,
    /// People with an account; each has ordered at least once.
    pub customers: u64,
    /// On average.
    pub orders_per_customer: f64,
    /// The last moment of the history.
    pub until: Timestamp,
    /// How long the history is.
    pub days: u32,
    /// The share of customers who buy at the till.
    pub till_share: f64,
}

/// Where something was sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The shop on the platform.
    Online,
    /// The shop in the street.
    Till,
}

/// One order, ready for the door.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticOrder {
    pub channel: Channel,
    pub external_id: String,
    pub document: OrderDocument,
}
