//! The rules of products on their way in.

use std::collections::{BTreeMap, HashMap};

use super::model::{Product, ProductDocument, ProductItem};
use super::store::{self, ProductKey};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError, apart};
use crate::error::{Error, Result};
use crate::http::{BulkItemResult, BulkResponse, apply_each};
use crate::ids::{ShopId, TenantId};
use crate::time::Timestamp;

/// What became of a product that was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Upserted {
    pub product: Product,
    pub created: bool,
    /// It told something new.
    pub applied: bool,
}

/// How many products are written at once.
const CHUNK: usize = 1_000;

/// Writes products in the transaction of the caller and answers for each, in its order. They have been validated. What
/// is wrong with one concerns it alone; an error means that nothing may be committed.
pub fn upsert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[ProductItem],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Upserted>>, DbError> {
    let mut answers = Vec::with_capacity(items.len());
    for chunk in items.chunks(CHUNK) {
        let results = apart(connection, chunk, |connection, items| {
            upsert_together(connection, tenant, items, now, ids)
        })?;
        answers.extend(results.into_iter().map(|result| {
            result.map_err(Error::from).and_then(|known| known.ok_or(Error::NotFound { what: "shop" }))
        }));
    }
    Ok(answers)
}

/// [`upsert`] for those products that could be read.
pub fn upsert_batch(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: Vec<Result<ProductItem>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<BulkResponse> {
    apply_each(
        items,
        |items| Ok(upsert(connection, tenant, &items, now, ids)?),
        |index, upserted: Upserted| BulkItemResult::taken(index, upserted.applied, upserted.product.id),
    )
}

/// `None` for products of shops that there are not.
fn upsert_together(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[ProductItem],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Option<Upserted>>, DbError> {
    let mut shops: Vec<ShopId> = items.iter().map(|item| item.shop_id).collect();
    shops.sort_unstable();
    shops.dedup();
    let shops: HashMap<ShopId, String> =
        store::shop_currencies(connection, tenant, shops.into_iter())?.into_iter().collect();
    let known = items.iter().filter(|item| shops.contains_key(&item.shop_id));
    let keys: BTreeMap<ProductKey, ()> = known.map(|item| (key(item), ())).collect();
    let stored = store::lock(connection, tenant, keys.keys())?;
    let mut entries: BTreeMap<ProductKey, Entry> = stored
        .into_iter()
        .map(|product| {
            ((product.shop_id, product.external_id.clone()), Entry { product, new: false, changed: false })
        })
        .collect();
    let answers = items
        .iter()
        .map(|item| {
            let currency = shops.get(&item.shop_id)?;
            Some(tell(&mut entries, item, currency, now, ids))
        })
        .collect();
    let changed = || entries.values().filter(|entry| entry.changed);
    let new: Vec<&Product> = changed().filter(|entry| entry.new).map(|entry| &entry.product).collect();
    let old: Vec<&Product> = changed().filter(|entry| !entry.new).map(|entry| &entry.product).collect();
    store::insert(connection, tenant, &new)?;
    store::update(connection, tenant, &old)?;
    Ok(answers)
}

struct Entry {
    product: Product,
    /// No row is there yet.
    new: bool,
    changed: bool,
}

fn key(item: &ProductItem) -> ProductKey {
    (item.shop_id, item.external_id.clone())
}

fn tell(
    entries: &mut BTreeMap<ProductKey, Entry>,
    item: &ProductItem,
    currency: &str,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Upserted {
    let currency = item.document.currency.clone().unwrap_or_else(|| currency.to_owned());
    let document = ProductDocument { currency: Some(currency), ..item.document.clone() };
    let mut created = false;
    let entry = entries.entry(key(item)).or_insert_with(|| {
        created = true;
        let product = Product {
            id: ids.id(now),
            shop_id: item.shop_id,
            external_id: item.external_id.clone(),
            document: document.clone(),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        Entry { product, new: true, changed: true }
    });
    let applied = created || entry.product.document != document;
    if applied && !created {
        // However often a batch tells a product, it is one change.
        entry.product.revision += i64::from(!entry.changed);
        entry.product.updated_at = now;
        entry.product.document = document;
        entry.changed = true;
    }
    Upserted { product: entry.product.clone(), created, applied }
}
