//! Buyers whom a phone or a mailbox tells to be one person, whatever shops they buy in.
//!
//! A document that vouches for a key links it with the buyer as they are known there. Where that links buyers who are
//! found under different customers, or shows that a key is used by more people than one,
//! [`merging::regroup`] finds out anew who is one.

use std::collections::{BTreeMap, BTreeSet};

use super::identities::{BuyerKey, Buyers, Resolved, Told};
use super::load::{Customer, OrderKey, Tenant};
use super::save;
use crate::customers::match_key::MatchKey;
use crate::customers::merging::links::{self, Link};
use crate::customers::merging::{self, Change};
use crate::db::{AnyConnection, DbError};
use crate::ids::{CustomerId, ShopId};

/// Why a merge comes undone whose key is found to be shared.
const SHARED_KEY: &str = "shared_key";

/// Links the buyers with their keys, and lets each be found under whom the keys tell. A batch whose buyers have no keys
/// costs nothing, one that tells nothing new of them one look-up.
pub fn join(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    buyers: &Buyers,
    orders: &BTreeSet<OrderKey>,
    told: &Told<'_>,
    resolved: &mut Resolved,
) -> Result<(), DbError> {
    let wanted = links_of(buyers, resolved);
    if wanted.is_empty() {
        return Ok(());
    }
    let known = wanted.iter().map(|link| link.customer).filter(|id| !resolved.new_customers.contains(id));
    let known = links::told_of(connection, tenant.id, known.collect::<BTreeSet<_>>())?;
    let new: BTreeSet<Link> = wanted.difference(&known).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    links::tell(connection, tenant.id, &new, told.source, told.now, told.ids)?;
    let seeds = doubtful(connection, tenant, &new, told)?;
    if seeds.is_empty() {
        return Ok(());
    }
    make_customers(connection, tenant, &seeds, told, resolved)?;
    let change = Change {
        tenant: tenant.id,
        country: tenant.country.as_deref(),
        now: told.now,
        ids: told.ids,
        by: None,
        because: SHARED_KEY,
    };
    let survivors = merging::regroup(connection, &change, &seeds, orders)?;
    for identity in resolved.identities.values_mut() {
        identity.customer_id = survivors.get(&identity.origin_id).copied().unwrap_or(identity.customer_id);
    }
    Ok(())
}

fn links_of(buyers: &Buyers, resolved: &Resolved) -> BTreeSet<Link> {
    let mut links = BTreeSet::new();
    for (buyer, keys) in buyers.iter().filter(|(_, keys)| !keys.is_empty()) {
        let Some(identity) = resolved.identities.get(buyer) else { continue };
        let shop = match buyer {
            BuyerKey::External(shop, _) => Some(*shop),
            BuyerKey::Own(_) => None,
        };
        links.extend(keys.iter().map(|key| Link { key: key.clone(), customer: identity.origin_id, shop }));
    }
    links
}

/// The customers of whom it has to be found out anew who is one: those whom a key of the new links tells to be, and
/// those of a key that turns out to be shared.
fn doubtful(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    new: &BTreeSet<Link>,
    told: &Told<'_>,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let keys = new.iter().map(|link| link.key.clone()).collect();
    let mut by_key: BTreeMap<MatchKey, Vec<Link>> = BTreeMap::new();
    for link in links::of_keys(connection, tenant.id, &keys)? {
        by_key.entry(link.key.clone()).or_default().push(link);
    }
    let most = tenant.identity_policy.shared_after;
    let shared: BTreeSet<MatchKey> =
        by_key.iter().filter(|(_, links)| is_shared(links, most)).map(|(key, _)| key.clone()).collect();
    links::mark_shared(connection, tenant.id, &shared, told.now)?;
    let several = by_key.into_values().filter(|links| links.len() > 1);
    Ok(several.flatten().map(|link| link.customer).collect())
}

/// Whether one shop knows more people by this key than one person has accounts.
fn is_shared(links: &[Link], most: i64) -> bool {
    let mut accounts: BTreeMap<ShopId, i64> = BTreeMap::new();
    for shop in links.iter().filter_map(|link| link.shop) {
        *accounts.entry(shop).or_default() += 1;
    }
    accounts.into_values().any(|accounts| accounts > most)
}

/// Makes those of the batch's new customers who may have to be merged at once.
fn make_customers(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    seeds: &BTreeSet<CustomerId>,
    told: &Told<'_>,
    resolved: &mut Resolved,
) -> Result<(), DbError> {
    let new: Vec<CustomerId> =
        seeds.iter().filter(|customer| resolved.new_customers.remove(customer)).copied().collect();
    let made = Customer::made();
    let rows: Vec<(CustomerId, &Customer)> = new.iter().map(|customer| (*customer, &made)).collect();
    save::customers(connection, tenant.id, tenant.country.as_deref(), &rows, told.now)?;
    save::facts(connection, tenant.id, &rows)?;
    resolved.made.extend(new);
    Ok(())
}
