//! Who the buyers are: one look-up for a whole batch, and claims for those nobody knows yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::load::{Customer, OrderKey, Tenant};
use super::matching;
use crate::clock::IdGen;
use crate::customers::match_key::MatchKey;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, IdentityId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// What a buyer is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuyerKey {
    /// A platform's own id of the buyer, in a shop.
    External(ShopId, String),
    /// The phone or mailbox of somebody for whom no platform has an id.
    Own(MatchKey),
}

impl BuyerKey {
    /// Kind, scope and value, as the row has them.
    pub fn parts(&self) -> (&'static str, String, &str) {
        match self {
            Self::External(shop, external_id) => (EXTERNAL, shop.to_string(), external_id),
            Self::Own(key) => (key.kind.as_str(), String::new(), &key.value),
        }
    }
}

/// The buyers of a batch, each with the keys that were vouched for.
pub type Buyers = BTreeMap<BuyerKey, BTreeSet<MatchKey>>;

/// Whom a buyer's key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    /// Under whom they are found.
    pub customer_id: CustomerId,
    /// The customer for whom the identity was made, who may have been merged into that one.
    pub origin_id: CustomerId,
}

/// The buyers of a batch, and the customers that this transaction has to make for them.
#[derive(Debug, Default)]
pub struct Resolved {
    /// A key that nobody may be known by is not among them.
    pub identities: BTreeMap<BuyerKey, Identity>,
    pub new_customers: HashSet<CustomerId>,
    /// Those whom this transaction made already.
    pub made: HashSet<CustomerId>,
}

impl Resolved {
    /// The customers to be read: those under whom the buyers are found, and those for whom they are known.
    pub fn known_customers(&self) -> BTreeSet<CustomerId> {
        let both = self.identities.values().flat_map(|identity| [identity.customer_id, identity.origin_id]);
        both.filter(|customer| !self.new_customers.contains(customer)).collect()
    }

    /// Refuses what was found to be stale now that the customers are locked: somebody who was merged, or whose merge
    /// was undone, in between. The same work may succeed now.
    pub fn confirm(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        customers: &HashMap<CustomerId, Customer>,
    ) -> Result<(), DbError> {
        let regrouped =
            |identity: &Identity| customers.get(&identity.customer_id).is_some_and(|row| row.regrouped);
        let doubtful = self.identities.iter().filter(|(_, identity)| regrouped(identity));
        let doubtful: BTreeMap<BuyerKey, Identity> =
            doubtful.map(|(key, identity)| (key.clone(), *identity)).collect();
        if doubtful.is_empty() || find(connection, tenant, doubtful.keys())? == doubtful {
            return Ok(());
        }
        Err(DbError::Conflict("a buyer of the batch was merged or parted meanwhile".into()))
    }
}

/// The kind of identity that a platform's own buyer id is.
pub const EXTERNAL: &str = "external";

const IDENTITIES: Table = Table {
    name: "identities",
    columns: &[
        "tenant_id",
        "kind",
        "scope",
        "value",
        "id",
        "customer_id",
        "verified",
        "source",
        "created_at",
        "origin_id",
    ],
    key: &["tenant_id", "kind", "scope", "value"],
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Guid)]
    id: IdentityId,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    origin_id: CustomerId,
    #[diesel(sql_type = Instant)]
    created_at: Timestamp,
}

/// Finds the identity of each buyer, making what is missing, and joins those whom their keys tell to be one person.
///
/// Two transactions that see a new buyer at the same moment both try to claim the key; one wins, the other waits for it
/// and reads back whom it made. `orders` are those that the batch locks next.
pub fn resolve(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    buyers: &Buyers,
    orders: &BTreeSet<OrderKey>,
    told: &Told<'_>,
) -> Result<Resolved, DbError> {
    let mut resolved =
        Resolved { identities: find(connection, tenant.id, buyers.keys())?, ..Resolved::default() };
    let missing: BTreeSet<&BuyerKey> =
        buyers.keys().filter(|key| !resolved.identities.contains_key(*key)).collect();
    if !missing.is_empty() {
        make(connection, tenant.id, &missing, told, &mut resolved)?;
    }
    matching::join(connection, tenant, buyers, orders, told, &mut resolved)?;
    Ok(resolved)
}

/// Where buyers were told of, and when.
pub struct Told<'a> {
    pub source: &'a str,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
}

fn make(
    connection: &mut AnyConnection,
    tenant: TenantId,
    missing: &BTreeSet<&BuyerKey>,
    told: &Told<'_>,
    resolved: &mut Resolved,
) -> Result<(), DbError> {
    let claims: Vec<(&BuyerKey, Identity)> = missing
        .iter()
        .map(|key| {
            let customer = told.ids.id(told.now);
            (*key, Identity { id: told.ids.id(told.now), customer_id: customer, origin_id: customer })
        })
        .collect();
    let claimed = claim(connection, tenant, &claims, told)?;
    let holders = if claimed == claims.len() {
        claims.iter().map(|(key, identity)| ((*key).clone(), *identity)).collect()
    } else {
        find(connection, tenant, missing.iter().copied())?
    };
    let ours = claims.iter().filter(|(key, identity)| holders.get(*key) == Some(identity));
    resolved.new_customers = ours.map(|(_, identity)| identity.customer_id).collect();
    resolved.identities.extend(holders);
    Ok(())
}

fn find<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k BuyerKey>,
) -> Result<BTreeMap<BuyerKey, Identity>, DbError> {
    let rows = rows(connection, tenant, keys)?.into_iter();
    let identity = |row: Row| Identity { id: row.id, customer_id: row.customer_id, origin_id: row.origin_id };
    Ok(rows.map(|(key, row)| (key, identity(row))).collect())
}

/// Since when these buyers are known; those whom nobody knows are left out.
pub fn known_since<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k BuyerKey>,
) -> Result<BTreeMap<BuyerKey, Timestamp>, DbError> {
    let rows = rows(connection, tenant, keys)?.into_iter();
    Ok(rows.map(|(key, row)| (key, row.created_at)).collect())
}

fn rows<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k BuyerKey>,
) -> Result<Vec<(BuyerKey, Row)>, DbError> {
    let mut wanted: BTreeMap<(&str, String), HashMap<&str, &BuyerKey>> = BTreeMap::new();
    for key in keys {
        let (kind, scope, value) = key.parts();
        wanted.entry((kind, scope)).or_default().insert(value, key);
    }
    let mut found = Vec::new();
    for ((kind, scope), keys) in wanted {
        let mut values: Vec<&str> = keys.keys().copied().collect();
        values.sort_unstable();
        let known = Keyed {
            table: "identities",
            alias: "i",
            within: sql!("i.tenant_id = {} AND i.kind = {} AND i.scope = {}", tenant, kind, scope),
            key: "value",
            keys: Column::texts(values),
            lock: false,
        };
        let known = known.rows(connection);
        let rows: Vec<Row> =
            sql!("SELECT i.value, i.id, i.customer_id, i.origin_id, i.created_at FROM {}", known)
                .load(connection)?;
        found
            .extend(rows.into_iter().filter_map(|row| Some(((*keys.get(row.value.as_str())?).clone(), row))));
    }
    Ok(found)
}

fn claim(
    connection: &mut AnyConnection,
    tenant: TenantId,
    claims: &[(&BuyerKey, Identity)],
    told: &Told<'_>,
) -> Result<usize, DbError> {
    let parts: Vec<(&str, String, &str)> = claims.iter().map(|(key, _)| key.parts()).collect();
    let upsert = Upsert {
        table: &IDENTITIES,
        values: vec![
            Column::ids(claims.iter().map(|_| tenant)),
            Column::texts(parts.iter().map(|(kind, ..)| *kind)),
            Column::texts(parts.iter().map(|(_, scope, _)| scope.as_str())),
            Column::texts(parts.iter().map(|(.., value)| *value)),
            Column::ids(claims.iter().map(|(_, identity)| identity.id)),
            Column::ids(claims.iter().map(|(_, identity)| identity.customer_id)),
            Column::bools(claims.iter().map(|_| true)),
            Column::texts(claims.iter().map(|_| told.source)),
            Column::instants(claims.iter().map(|_| told.now)),
            Column::ids(claims.iter().map(|(_, identity)| identity.origin_id)),
        ],
        on_conflict: OnConflict::Keep,
    };
    Ok(upsert.execute(connection)?)
}
