//! Who the buyers are: one look-up for a whole batch, and claims for those nobody knows yet.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::clock::IdGen;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, IdentityId, ShopId, TenantId};
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

/// A buyer as a shop's platform names them.
pub type BuyerKey = (ShopId, String);

/// Whom a buyer's key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    pub customer_id: CustomerId,
}

/// The buyers of a batch, and the customers that this transaction has to make for them.
#[derive(Debug, Default)]
pub struct Resolved {
    pub identities: BTreeMap<BuyerKey, Identity>,
    pub new_customers: HashSet<CustomerId>,
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
}

/// Finds the identity of each key, making what is missing.
///
/// Two transactions that see a new buyer at the same moment both try to claim the key; one wins, the other waits for it
/// and reads back whom it made.
pub fn resolve(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<BuyerKey>,
    source: &str,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Resolved, DbError> {
    let mut resolved = Resolved { identities: find(connection, tenant, keys)?, ..Resolved::default() };
    let missing: BTreeSet<BuyerKey> =
        keys.iter().filter(|key| !resolved.identities.contains_key(*key)).cloned().collect();
    if missing.is_empty() {
        return Ok(resolved);
    }
    let claims: Vec<(BuyerKey, Identity)> = missing
        .iter()
        .map(|key| (key.clone(), Identity { id: ids.id(now), customer_id: ids.id(now) }))
        .collect();
    let claimed = claim(connection, tenant, &claims, source, now)?;
    let holders = if claimed == claims.len() {
        claims.iter().cloned().collect()
    } else {
        find(connection, tenant, &missing)?
    };
    let ours = claims.iter().filter(|(key, identity)| holders.get(key) == Some(identity));
    resolved.new_customers = ours.map(|(_, identity)| identity.customer_id).collect();
    resolved.identities.extend(holders);
    Ok(resolved)
}

fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<BuyerKey>,
) -> Result<BTreeMap<BuyerKey, Identity>, DbError> {
    let mut found = BTreeMap::new();
    for (shop, values) in by_shop(keys.iter()) {
        let scope = shop.to_string();
        let known = Keyed {
            table: "identities",
            alias: "i",
            within: sql!("i.tenant_id = {} AND i.kind = {} AND i.scope = {}", tenant, EXTERNAL, scope),
            key: "value",
            keys: Column::texts(values),
            lock: false,
        };
        let known = known.rows(connection);
        let rows: Vec<Row> = sql!("SELECT i.value, i.id, i.customer_id FROM {}", known).load(connection)?;
        found.extend(rows.into_iter().map(|row| {
            let identity = Identity { id: row.id, customer_id: row.customer_id };
            ((shop, row.value), identity)
        }));
    }
    Ok(found)
}

fn claim(
    connection: &mut AnyConnection,
    tenant: TenantId,
    claims: &[(BuyerKey, Identity)],
    source: &str,
    now: Timestamp,
) -> Result<usize, DbError> {
    let scopes: Vec<String> = claims.iter().map(|((shop, _), _)| shop.to_string()).collect();
    let upsert = Upsert {
        table: &IDENTITIES,
        values: vec![
            Column::ids(claims.iter().map(|_| tenant)),
            Column::texts(claims.iter().map(|_| EXTERNAL)),
            Column::texts(scopes.iter().map(String::as_str)),
            Column::texts(claims.iter().map(|((_, value), _)| value.as_str())),
            Column::ids(claims.iter().map(|(_, identity)| identity.id)),
            Column::ids(claims.iter().map(|(_, identity)| identity.customer_id)),
            Column::bools(claims.iter().map(|_| true)),
            Column::texts(claims.iter().map(|_| source)),
            Column::instants(claims.iter().map(|_| now)),
            Column::ids(claims.iter().map(|(_, identity)| identity.customer_id)),
        ],
        on_conflict: OnConflict::Keep,
    };
    Ok(upsert.execute(connection)?)
}
