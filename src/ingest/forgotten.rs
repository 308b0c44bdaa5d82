//! Records of people who were erased: what is older than the erasure tells nothing of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::apply::Incoming;
use super::identities::BuyerKey;
use super::load::{self, OrderKey, Tenant};
use crate::db::{AnyConnection, DbError};
use crate::privacy::tombstones::{self, PersonKey};
use crate::time::Timestamp;

/// Which of these buyers were erased, and when. A tenant that never erased anybody pays nothing for the question.
pub fn find(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    keys: impl IntoIterator<Item = BuyerKey>,
) -> Result<BTreeMap<BuyerKey, Timestamp>, DbError> {
    let Some(secret) = &tenant.tombstone_key else {
        return Ok(BTreeMap::new());
    };
    let keys: BTreeMap<PersonKey, BuyerKey> = keys.into_iter().map(|key| (person_key(&key), key)).collect();
    let found = tombstones::find(connection, tenant.id, secret, keys.keys())?;
    let found = found.into_iter().filter_map(|(person, at)| Some((keys.get(&person)?.clone(), at)));
    Ok(found.collect())
}

fn person_key(key: &BuyerKey) -> PersonKey {
    let (kind, scope, value) = key.parts();
    (kind.into(), scope, value.into())
}

/// The documents, without the buyers of those orders that are older than their buyer's erasure.
pub fn without_the_erased<'i>(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    items: &[&'i Incoming],
) -> Result<Vec<Cow<'i, Incoming>>, DbError> {
    let buyer_key = |item: &Incoming| item.buyer_key(&item.match_keys(tenant));
    let erased = find(connection, tenant, items.iter().filter_map(|item| buyer_key(item)))?;
    if erased.is_empty() {
        return Ok(items.iter().map(|item| Cow::Borrowed(*item)).collect());
    }
    let when = |item: &Incoming| buyer_key(item).and_then(|key| erased.get(&key).copied());
    let doubtful: BTreeSet<OrderKey> =
        items.iter().filter(|item| when(item).is_some()).map(|item| key(item)).collect();
    let known = match doubtful.is_empty() {
        true => BTreeMap::new(),
        false => load::placed(connection, tenant.id, &doubtful)?,
    };
    let show = |item: &'i Incoming| match when(item) {
        Some(erased_at) if placed(item, known.get(&key(item)).copied()) < erased_at => {
            let document = item.document.without_people();
            Cow::Owned(Incoming { document, ..item.clone() })
        }
        _ => Cow::Borrowed(item),
    };
    Ok(items.iter().map(|item| show(item)).collect())
}

fn key(item: &Incoming) -> OrderKey {
    (item.shop_id, item.external_id.clone())
}

/// When an order was placed, as far as anything tells.
fn placed(item: &Incoming, known: Option<Timestamp>) -> Timestamp {
    let told = item.document.ordered_at.unwrap_or(item.document.version);
    known.map_or(told, |known| known.min(told))
}
