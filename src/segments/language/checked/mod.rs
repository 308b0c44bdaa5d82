//! The checked tree: every name known, every value of its type, every date a moment. What is compiled to SQL.
//!
//! It has the shape of the syntax tree: each node of one stands for the node of the other at the same place, so that an
//! explanation can show the text of a clause beside its count.
//!
//! # Meaning
//!
//! Everything is true or false, nothing is unknown: a test of a value that is missing is false, but for those that say
//! `or missing` (`IS NULL` and the negations `!=`, `NOT IN`, `NOT CONTAINS`). `NOT` and `NOT MATCHES` turn the answer
//! round. An `All` of nothing is true, an `Any` of nothing false. Texts are compared byte by byte.
//!
//! Amounts are in the tenant's currency, in minor units. Days are resolved: no test depends on a clock.

mod leaf;
mod rows;
mod tests;

pub use leaf::{DateMetric, DaySource, Leaf, Metric, RfmScore, Scope, TextField};
pub use rows::{Contact, Filter, RowNumber, RowText, Rows, Source, Sum};
pub use tests::{
    AttributeTest, Choice, ClockSpan, DayTest, ListTest, MomentTest, MonthDay, NumberTest, TextTest, Window,
};

use super::place::Place;
use super::value::Decimal;
use crate::time::Timestamp;

/// A whole query, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Whom it describes; for everyone an empty [`Kind::All`].
    pub condition: Node,
    /// Only the foremost of those.
    pub top: Option<Top>,
    /// The fields by which it goes that are personal data: who lacks `pii:read` may not ask.
    pub personal: Vec<Personal>,
    /// What each date came to mean.
    pub dates: Vec<ResolvedDate>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub kind: Kind,
    pub place: Place,
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// At least so many of them hold; 1 ≤ least ≤ how many there are.
    AtLeast {
        least: u32,
        of: Vec<Node>,
    },
    Leaf(Box<Leaf>),
}

/// The foremost by a metric: those without a value come last, those with the same go by their id, lower first.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    pub size: TopSize,
    pub by: TopBy,
    pub scope: Scope,
    /// The smallest (earliest) first instead of the largest (latest).
    pub ascending: bool,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TopSize {
    Count(u32),
    /// Of the members of the condition, in percent; a started one counts: 10% of 11 are 2.
    Percent(Decimal),
}

/// By what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TopBy {
    Metric(Metric),
    Date(DateMetric),
}

/// A field of personal data and where it was named.
#[derive(Debug, Clone, PartialEq)]
pub struct Personal {
    pub field: &'static str,
    pub place: Place,
}

/// What a date came to mean.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedDate {
    pub place: Place,
    /// As it was written.
    pub written: String,
    /// The first moment of the day, or the moment.
    pub from: Timestamp,
    /// The first moment after the day; of a moment, the same as `from`.
    pub until: Timestamp,
    /// The IANA name of the time zone that decided.
    pub zone: String,
}
