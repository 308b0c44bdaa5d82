//! The rules of orders on their way in.

use super::OrderDocument;
use crate::clock::IdGen;
use crate::db::{AnyConnection, apart};
use crate::error::{Error, Result};
use crate::http::{BulkItemResult, BulkResponse, ShopDocument, ShopItem, apply_each};
use crate::ids::TenantId;
use crate::ingest::{self, Incoming, Outcome, Refusal, WriteError};
use crate::time::Timestamp;

/// An order in bulk.
pub type OrderItem = ShopItem<OrderDocument>;

impl ShopDocument for OrderDocument {
    const LIST: &'static str = "orders";
    const ITEM: &'static str = "OrderItem";
}

impl From<OrderItem> for Incoming {
    fn from(item: OrderItem) -> Self {
        Self { shop_id: item.shop_id, external_id: item.external_id, document: item.document }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownShop => Self::NotFound { what: "shop" },
            Refusal::UnknownTenant => Self::NotFound { what: "tenant" },
            Refusal::Erased => Self::conflict("customer_erased", refusal.to_string()),
            Refusal::StepInFuture { ref pointer } => Self::invalid(pointer, "in_future", refusal.to_string()),
            Refusal::VersionInFuture => Self::invalid("/version", "in_future", refusal.to_string()),
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Overloaded => Self::Unavailable { retry_after: 1, cause: error.to_string() },
            WriteError::Refused(refusal) => refusal.into(),
            WriteError::Db(error) => error.into(),
        }
    }
}

/// Applies those orders that could be read, in the transaction of the caller; what is wrong with one concerns it alone.
pub fn apply_batch(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: Vec<Result<OrderItem>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<BulkResponse> {
    apply_each(
        items,
        |items| {
            let items: Vec<Incoming> = items.into_iter().map(Incoming::from).collect();
            // All at once: a second set in the same transaction would take its locks out of order.
            let together = apart(connection, &items, |connection, items| {
                ingest::apply(connection, tenant, items, now, ids)
            })?;
            Ok(together.into_iter().map(|outcome| Ok(outcome??)).collect())
        },
        |index, outcome: Outcome| BulkItemResult::taken(index, outcome.applied, outcome.order_id),
    )
}
