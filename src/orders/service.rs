//! The rules of orders on their way in.

use super::OrderDocument;
use crate::clock::IdGen;
use crate::db::{AnyConnection, apart};
use crate::error::{Error, Result};
use crate::http::{BulkItemResult, BulkResponse, ShopDocument, ShopItem};
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

/// How many orders are merged at once.
const CHUNK: usize = 1_000;

/// Applies those orders that could be read, in the transaction of the caller; what is wrong with one concerns it alone.
pub fn apply_batch(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: Vec<Result<OrderItem>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<BulkResponse> {
    let (mut readable, mut places) = (Vec::new(), Vec::new());
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => {
                places.push(index);
                readable.push(Incoming::from(item));
            }
            Err(error) => results.push(BulkItemResult::refused(index, &error)),
        }
    }
    let mut places = places.into_iter();
    for chunk in readable.chunks(CHUNK) {
        let outcomes =
            apart(connection, chunk, |connection, items| ingest::apply(connection, tenant, items, now, ids))?;
        let outcomes = outcomes.into_iter().map(|outcome| Ok(outcome??));
        results.extend(places.by_ref().zip(outcomes).map(|(index, outcome)| result(index, outcome)));
    }
    results.sort_by_key(|result| result.index);
    Ok(BulkResponse { results })
}

fn result(index: usize, outcome: Result<Outcome>) -> BulkItemResult {
    match outcome {
        Ok(outcome) => BulkItemResult::taken(index, outcome.applied, outcome.order_id),
        Err(error) => BulkItemResult::refused(index, &error),
    }
}
