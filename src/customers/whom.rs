//! Whom a record is about: a consent, a note, an event.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::Nullable;

use super::service;
use super::store::LONGEST_CHAIN;
use crate::clock::IdGen;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, Keyed};
use crate::error::Error;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::forgotten;
use crate::ingest::identities::{self, BuyerKey, Buyers, Told};
use crate::ingest::load;
use crate::sql;
use crate::time::Timestamp;
use crate::validation::Report;

/// A customer as a caller names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    Customer(CustomerId),
    /// As a shop's platform knows them; somebody whom nobody knows yet becomes known.
    Buyer(ShopId, String),
}

/// In whose file a record belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Into whom the customer was merged, or the customer.
    pub customer_id: CustomerId,
    /// Whom the record names, for the day on which a merge is undone.
    pub origin_id: CustomerId,
}

/// Why there is no such file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoOwner {
    #[error("there is no such shop")]
    UnknownShop,
    #[error("there is no such customer")]
    UnknownCustomer,
    #[error("the customer was erased; nothing more is kept about them")]
    Erased,
}

impl From<NoOwner> for Error {
    fn from(reason: NoOwner) -> Self {
        match reason {
            NoOwner::UnknownShop => Self::invalid("/shop_id", "unknown_shop", reason.to_string()),
            NoOwner::UnknownCustomer => Self::invalid("/customer_id", "unknown_customer", reason.to_string()),
            NoOwner::Erased => Self::conflict("customer_erased", reason.to_string()),
        }
    }
}

impl Whom {
    /// Whom these fields name, once [`Whom::check`] found nothing wrong with them.
    pub fn named(
        customer: Option<CustomerId>,
        shop: Option<ShopId>,
        external_id: Option<&str>,
    ) -> Option<Self> {
        match (customer, shop, external_id) {
            (Some(customer), _, _) => Some(Self::Customer(customer)),
            (None, Some(shop), Some(external_id)) => Some(Self::Buyer(shop, external_id.into())),
            _ => None,
        }
    }

    /// Holds that somebody is named, and in one way; `field` is the one with the platform's id of the person.
    pub fn check(
        customer: Option<CustomerId>,
        shop: Option<ShopId>,
        field: &str,
        external_id: Option<&str>,
        report: &mut Report,
    ) {
        match (customer, shop, external_id) {
            (Some(_), _, Some(_)) => {
                report.add(field, "ambiguous", "`customer_id` names the customer already");
            }
            (None, _, None) => {
                report.add("customer_id", "required", format!("name a customer, or `shop_id` and `{field}`"));
            }
            (None, None, Some(_)) => report.add("shop_id", "required", "is needed: whose id is it?"),
            _ => {}
        }
    }
}

/// In whose file a record about this customer belongs.
pub fn owner_of(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Owner, Error> {
    let rows = hold(connection, tenant, BTreeSet::from([customer]))?;
    owner(customer, &rows).map_err(|reason| match reason {
        NoOwner::UnknownCustomer => Error::NotFound { what: "customer" },
        reason => reason.into(),
    })
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    merged_into: Option<CustomerId>,
    #[diesel(sql_type = Nullable<Instant>)]
    erased_at: Option<Timestamp>,
}

/// Finds the file that each record, which is of a moment, belongs to, in their order, and holds the customers still until
/// the end of the transaction, so that a merge at the same time misses none of the records.
pub fn owners(
    connection: &mut AnyConnection,
    tenant: TenantId,
    whom: &[(&Whom, Timestamp)],
    source: &str,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Owner, NoOwner>>, DbError> {
    let buyers = buyers(connection, tenant, whom, source, now, ids)?;
    let origin = |(whom, at): &(&Whom, Timestamp)| match whom {
        Whom::Customer(id) => Ok(*id),
        Whom::Buyer(shop, value) => match buyers.get(&(*shop, value.clone())).ok_or(NoOwner::UnknownShop)? {
            Buyer { erased_at: Some(erased_at), .. } if at < erased_at => Err(NoOwner::Erased),
            buyer => buyer.id.ok_or(NoOwner::UnknownShop),
        },
    };
    let origins: Vec<Result<CustomerId, NoOwner>> = whom.iter().map(origin).collect();
    let rows = hold(connection, tenant, origins.iter().filter_map(|origin| origin.ok()).collect())?;
    Ok(origins.into_iter().map(|origin| owner(origin?, &rows)).collect())
}

fn owner(origin: CustomerId, rows: &HashMap<CustomerId, Row>) -> Result<Owner, NoOwner> {
    let mut id = origin;
    for _ in 0..LONGEST_CHAIN {
        let row = rows.get(&id).ok_or(NoOwner::UnknownCustomer)?;
        match (row.merged_into, row.erased_at) {
            (_, Some(_)) => return Err(NoOwner::Erased),
            (Some(survivor), None) => id = survivor,
            (None, None) => return Ok(Owner { customer_id: id, origin_id: origin }),
        }
    }
    Err(NoOwner::UnknownCustomer)
}

/// Somebody whom a shop knows.
struct Buyer {
    /// Nobody, where all records are of a time before an erasure.
    id: Option<CustomerId>,
    erased_at: Option<Timestamp>,
}

/// The customers of those whom shops know, or get to know.
fn buyers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    whom: &[(&Whom, Timestamp)],
    source: &str,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<HashMap<(ShopId, String), Buyer>, DbError> {
    // Each with the moment of the newest record.
    let mut named: BTreeMap<(ShopId, String), Timestamp> = BTreeMap::new();
    for (whom, at) in whom {
        if let Whom::Buyer(shop, value) = whom {
            let newest = named.entry((*shop, value.clone())).or_insert(*at);
            *newest = (*newest).max(*at);
        }
    }
    let shops = named.keys().map(|(shop, _)| *shop).collect();
    let Some(tenant) = load::tenant(connection, tenant, &shops)?.filter(|_| !named.is_empty()) else {
        return Ok(HashMap::new());
    };
    named.retain(|(shop, _), _| tenant.shops.contains_key(shop));
    let key = |(shop, value): &(ShopId, String)| BuyerKey::External(*shop, value.clone());
    let erased = forgotten::find(connection, &tenant, named.keys().map(key))?;
    let alive = named.iter().map(|(named, at)| (key(named), at));
    let alive = alive.filter(|(key, at)| erased.get(key).is_none_or(|erased_at| *at >= erased_at));
    let alive: Buyers = alive.map(|(key, _)| (key, BTreeSet::new())).collect();
    let resolved =
        identities::resolve(connection, &tenant, &alive, &BTreeSet::new(), &Told { source, now, ids })?;
    service::make(connection, &tenant, &resolved.new_customers, now)?;
    let buyer = |named: (ShopId, String)| {
        let id = resolved.identities.get(&key(&named)).map(|identity| identity.origin_id);
        let erased_at = erased.get(&key(&named)).copied();
        (named, Buyer { id, erased_at })
    };
    Ok(named.into_keys().map(buyer).collect())
}

/// Locks these customers and those into whom they were merged.
fn hold(
    connection: &mut AnyConnection,
    tenant: TenantId,
    mut wanted: BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Row>, DbError> {
    let mut held = HashMap::new();
    while !wanted.is_empty() {
        let keys = Column::ids(wanted.iter().copied());
        let rows = Keyed { lock: true, ..Keyed::of_tenant("customers", "c", tenant, "id", keys) };
        let rows = rows.rows(connection);
        let found: Vec<Row> =
            sql!("SELECT c.id, c.merged_into, c.erased_at FROM {}", rows).load(connection)?;
        let survivors = found.iter().filter_map(|row| row.merged_into);
        wanted = survivors.filter(|survivor| !held.contains_key(survivor)).collect();
        held.extend(found.into_iter().map(|row| (row.id, row)));
        wanted.retain(|survivor| !held.contains_key(survivor));
    }
    Ok(held)
}
