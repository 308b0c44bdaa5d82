//! Reads what a batch touches, and locks it: each kind in one statement, rows in the order of their keys.

mod customers;
mod orders;
mod tenant;

pub use customers::{Customer, ShopFacts, bounds, contacts, customers, tell};
pub use orders::{OrderKey, Personal, StoredOrder, orders, placed, unconverted};
pub use tenant::{Tenant, tenant};

use crate::db::DbError;

fn unreadable(what: &str) -> impl Fn(serde_json::Error) -> DbError + '_ {
    move |error| DbError::Failed(format!("{what} cannot be read: {error}"))
}
