//! Tags as platforms tell them: all of their own tags of a person at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::{By, LONGEST_NAME, TagResponse, name_key, told_of};
use super::store::{self, Act, Held};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError};
use crate::ids::{CustomerId, IdentityId, ShopId, TagId, TenantId};
use crate::time::Timestamp;

/// All tags that a platform has on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformTags {
    /// The platform's id of the person.
    pub external_id: String,
    pub tags: Vec<String>,
    /// Orders what is told of one person; what is not newer changes nothing.
    pub version: Timestamp,
}

/// Takes over what a shop's platform tells, in the transaction of the caller. It replaces what the same platform told of
/// the same person before and touches nothing else. People whom the shop does not know are passed over, and so are names
/// of tags that follow a segment.
pub fn set_platform_tags(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    told: &[PlatformTags],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(), DbError> {
    let told = newest(connection, tenant, shop, told)?;
    if told.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = told.values().flat_map(|(_, told)| told.tags.iter().map(String::as_str)).collect();
    let tags = tags_named(connection, tenant, &names, now, ids)?;
    let wanted: BTreeSet<(String, TagId, CustomerId)> = told
        .iter()
        .flat_map(|(identity, (customer, told))| {
            let known = told.tags.iter().filter_map(|name| tags.get(&name_key(name)));
            known.map(|tag| (told_of(*identity), *tag, *customer))
        })
        .collect();
    let held = store::held(connection, tenant, told.keys().copied())?;
    let (kept, lost): (Vec<Held>, Vec<Held>) =
        held.into_iter().partition(|row| wanted.contains(&(row.source.clone(), row.tag, row.customer)));
    let kept: BTreeSet<_> = kept.into_iter().map(|row| (row.source, row.tag, row.customer)).collect();
    let gained: Vec<Held> = wanted
        .into_iter()
        .filter(|row| !kept.contains(row))
        .map(|(source, tag, customer)| Held { tag, source, customer, origin: customer })
        .collect();
    let act = Act { tenant, tag: TagId::nil(), id: ids.id(now), by: By::Platform(shop), at: now };
    store::move_rows(connection, &act, &gained, &lost)?;
    let versions: Vec<_> = told.iter().map(|(identity, (_, told))| (*identity, told.version)).collect();
    store::note_versions(connection, tenant, &versions)
}

/// What is newer than what was told before, of each person the newest.
fn newest<'t>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    told: &'t [PlatformTags],
) -> Result<BTreeMap<IdentityId, (CustomerId, &'t PlatformTags)>, DbError> {
    let mut newest: BTreeMap<&str, &PlatformTags> = BTreeMap::new();
    for one in told {
        let known = newest.entry(&one.external_id).or_insert(one);
        if one.version >= known.version {
            *known = one;
        }
    }
    let identities = store::identities(connection, tenant, shop, newest.keys().copied())?;
    let mut newest: BTreeMap<IdentityId, (CustomerId, &PlatformTags)> = identities
        .iter()
        .filter_map(|row| Some((row.id, (row.customer_id, *newest.get(row.value.as_str())?))))
        .collect();
    let claimed: Vec<IdentityId> = newest.keys().copied().collect();
    for (identity, version) in store::claim(connection, tenant, &claimed, NEVER)? {
        if newest.get(&identity).is_some_and(|(_, told)| told.version <= version) {
            newest.remove(&identity);
        }
    }
    Ok(newest)
}

/// Before every version that can be told (1 January 1900): nothing was told yet.
const NEVER: Timestamp = Timestamp::from_micros(-2_208_988_800_000_001);

/// The ids of the tags with these names, by the form in which names are unique; new ones are made. Without those that
/// follow a segment.
fn tags_named(
    connection: &mut AnyConnection,
    tenant: TenantId,
    names: &[&str],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<HashMap<String, TagId>, DbError> {
    let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
    for name in names.iter().map(|name| name.trim()) {
        if !name.is_empty() && name.chars().count() <= LONGEST_NAME {
            wanted.entry(name_key(name)).or_insert(name);
        }
    }
    let mut tags = store::find_by_names(connection, tenant, wanted.keys().map(String::as_str))?;
    let known: BTreeSet<String> = tags.iter().map(|tag| name_key(&tag.name)).collect();
    let missing: Vec<TagResponse> = wanted
        .iter()
        .filter(|(key, _)| !known.contains(*key))
        .map(|(_, name)| TagResponse::named(ids.id(now), (*name).into(), now))
        .collect();
    if !missing.is_empty() {
        store::insert(connection, tenant, &missing)?;
        // Others may have made some of them meanwhile.
        let keys: Vec<String> = missing.iter().map(|tag| name_key(&tag.name)).collect();
        tags.extend(store::find_by_names(connection, tenant, keys.iter().map(String::as_str))?);
    }
    let by_hand = tags.into_iter().filter(|tag| tag.segment_id.is_none());
    Ok(by_hand.map(|tag| (name_key(&tag.name), tag.id)).collect())
}
