//! Records of people who were erased: what is older than the erasure tells nothing of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::apply::Incoming;
use super::identities::{self, BuyerKey};
use super::load::{self, OrderKey, Tenant};
use crate::customers::match_key::MatchKey;
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

/// Somebody of whom a document tells: by what they are known, and what the document vouches for.
pub struct Person {
    pub known_by: BuyerKey,
    pub keys: Vec<MatchKey>,
}

impl Person {
    fn vouched(&self) -> impl Iterator<Item = BuyerKey> {
        self.keys.iter().cloned().map(BuyerKey::Own)
    }
}

/// When each of these people was erased, if they were: by what they are known, or by a phone or mailbox that is vouched
/// for. The same phone may be a family's; so whoever was known by a key of their own before the erasure, and still is,
/// is somebody else.
pub fn erasures<'p>(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    people: impl Iterator<Item = Option<&'p Person>> + Clone,
) -> Result<Vec<Option<Timestamp>>, DbError> {
    let keys = people.clone().flatten().flat_map(|person| person.vouched().chain([person.known_by.clone()]));
    let erased = find(connection, tenant, keys)?;
    if erased.is_empty() {
        return Ok(people.map(|_| None).collect());
    }
    let own = |person: &Person| erased.get(&person.known_by).copied();
    let vouched = |person: &Person| person.vouched().filter_map(|key| erased.get(&key).copied()).max();
    let doubtful =
        people.clone().flatten().filter(|person| own(person).is_none() && vouched(person).is_some());
    let doubtful: BTreeSet<&BuyerKey> = doubtful.map(|person| &person.known_by).collect();
    let since = identities::known_since(connection, tenant.id, doubtful.into_iter())?;
    let was_there =
        |person: &Person, at: &Timestamp| since.get(&person.known_by).is_some_and(|known| known < at);
    let when = |person: &Person| own(person).or_else(|| vouched(person).filter(|at| !was_there(person, at)));
    Ok(people.map(|person| person.and_then(when)).collect())
}

/// The documents, without the buyers of those orders that are older than their buyer's erasure.
pub fn without_the_erased<'i>(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    items: &[&'i Incoming],
) -> Result<Vec<Cow<'i, Incoming>>, DbError> {
    let untouched = || items.iter().map(|item| Cow::Borrowed(*item)).collect();
    if tenant.tombstone_key.is_none() {
        return Ok(untouched());
    }
    let people: Vec<Option<Person>> = items.iter().map(|item| buyer(item, tenant)).collect();
    let erased = erasures(connection, tenant, people.iter().map(Option::as_ref))?;
    let doubtful = items.iter().zip(&erased).filter(|(_, erased_at)| erased_at.is_some());
    let doubtful: BTreeSet<OrderKey> = doubtful.map(|(item, _)| key(item)).collect();
    if doubtful.is_empty() {
        return Ok(untouched());
    }
    let known = load::placed(connection, tenant.id, &doubtful)?;
    let show = |(item, erased_at): (&&'i Incoming, &Option<Timestamp>)| match erased_at {
        Some(erased_at) if placed(item, known.get(&key(item)).copied()) < *erased_at => {
            let document = item.document.without_people();
            Cow::Owned(Incoming { document, ..(*item).clone() })
        }
        _ => Cow::Borrowed(*item),
    };
    Ok(items.iter().zip(&erased).map(show).collect())
}

fn buyer(item: &Incoming, tenant: &Tenant) -> Option<Person> {
    let keys = item.match_keys(tenant);
    Some(Person { known_by: item.buyer_key(&keys)?, keys })
}

fn key(item: &Incoming) -> OrderKey {
    (item.shop_id, item.external_id.clone())
}

/// When an order was placed, as far as anything tells.
fn placed(item: &Incoming, known: Option<Timestamp>) -> Timestamp {
    let told = item.document.ordered_at.unwrap_or(item.document.version);
    known.map_or(told, |known| known.min(told))
}
