//! Writes what a batch changed: each kind of row in one go.

mod customers;
mod facts;
mod orders;

pub use customers::{customers, own_contacts};
pub use facts::facts;
pub use orders::{ChangedOrder, lines_follow, orders};

use serde::Serialize;

use crate::db::types::Document;
use crate::db::{Column, DbError};

/// A JSON column.
fn documents<T: Serialize>(values: impl Iterator<Item = T>) -> Result<Column<'static>, DbError> {
    let documents = values.map(|value| Document::of(&value)).collect::<Result<Vec<_>, _>>();
    Ok(Column::documents(documents.map_err(|error| DbError::Failed(error.to_string()))?))
}
