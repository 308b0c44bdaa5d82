//! Writes what a batch changed: each kind of row in one go.

mod customers;
mod facts;
mod orders;

pub use customers::customers;
pub use facts::facts;
pub use orders::{ChangedOrder, orders};

use crate::db::DbError;

/// A value for a JSON column.
fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, DbError> {
    serde_json::to_value(value).map_err(|error| DbError::Failed(error.to_string()))
}
