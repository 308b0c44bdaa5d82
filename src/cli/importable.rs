//! The nouns that a file can bring in, and the doors that they go through.

use serde::de::DeserializeOwned;

use crate::catalog::{self, ProductDocument};
use crate::clock::IdGen;
use crate::customers::{self, CustomerDocument};
use crate::db::{AnyConnection, DbError};
use crate::error::Error;
use crate::http::ShopItem;
use crate::ids::TenantId;
use crate::ingest::{self, Incoming};
use crate::orders::OrderDocument;
use crate::time::Timestamp;
use crate::validation::Validate;

/// Whether it told something new, or why it was refused.
pub type Taken = Result<bool, String>;

/// A document that a file can bring in.
pub trait Importable: DeserializeOwned + Validate + Clone {
    /// Writes the documents in the transaction of the caller and answers for each.
    fn write(
        connection: &mut AnyConnection,
        tenant: TenantId,
        items: &[ShopItem<Self>],
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Vec<Taken>, DbError>;
}

impl Importable for OrderDocument {
    fn write(
        connection: &mut AnyConnection,
        tenant: TenantId,
        items: &[ShopItem<Self>],
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Vec<Taken>, DbError> {
        let incoming: Vec<Incoming> = items
            .iter()
            .cloned()
            .map(|ShopItem { shop_id, external_id, document }| Incoming { shop_id, external_id, document })
            .collect();
        let answers = ingest::apply(connection, tenant, &incoming, now, ids)?;
        let told = |refusal: ingest::Refusal| refusal.to_string();
        Ok(answers.into_iter().map(|answer| answer.map(|outcome| outcome.applied).map_err(told)).collect())
    }
}

impl Importable for ProductDocument {
    fn write(
        connection: &mut AnyConnection,
        tenant: TenantId,
        items: &[ShopItem<Self>],
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Vec<Taken>, DbError> {
        let answers = catalog::upsert(connection, tenant, items, now, ids)?;
        Ok(answers
            .into_iter()
            .map(|answer| answer.map(|upserted| upserted.applied).map_err(reason))
            .collect())
    }
}

impl Importable for CustomerDocument {
    fn write(
        connection: &mut AnyConnection,
        tenant: TenantId,
        items: &[ShopItem<Self>],
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Vec<Taken>, DbError> {
        let answers = customers::service::upsert(connection, tenant, items, now, ids)?;
        Ok(answers
            .into_iter()
            .map(|answer| answer.map(|upserted| upserted.applied).map_err(reason))
            .collect())
    }
}

/// What is wrong with an item, as a sentence.
fn reason(error: Error) -> String {
    match error.field_errors() {
        [] => error.to_string(),
        errors => errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; "),
    }
}
