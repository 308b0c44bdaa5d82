//! Of whom phones and mailboxes were told.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};

use crate::clock::IdGen;
use crate::customers::match_key::{KeyKind, MatchKey};
use crate::db::types::Guid;
use crate::db::{AnyConnection, Backend, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, IdentityKind, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A key that was told of a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub key: MatchKey,
    /// The customer as they were known then, whatever is merged.
    pub customer: CustomerId,
    /// The shop, where it knows them by an id of its own.
    pub shop: Option<ShopId>,
}

#[derive(QueryableByName)]
struct LinkRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    shop_id: Option<ShopId>,
}

impl LinkRow {
    fn into_link(self) -> Option<Link> {
        let key = MatchKey { kind: KeyKind::parse(&self.kind)?, value: self.value };
        Some(Link { key, customer: self.customer_id, shop: self.shop_id })
    }
}

/// What was told of these customers.
pub fn told_of(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeSet<Link>, DbError> {
    let keys = Column::ids(customers);
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let links = Keyed::of_tenant("match_links", "l", tenant, "customer_id", keys).rows(connection);
    let rows: Vec<LinkRow> =
        sql!("SELECT l.kind, l.value, l.customer_id, l.shop_id FROM {}", links).load(connection)?;
    Ok(rows.into_iter().filter_map(LinkRow::into_link).collect())
}

/// Of whom these keys were told; of nobody, where a key is known to be shared.
pub fn of_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<MatchKey>,
) -> Result<BTreeSet<Link>, DbError> {
    let mut links = BTreeSet::new();
    for (kind, values) in by_kind(keys) {
        let found = Keyed {
            table: "match_links",
            alias: "l",
            within: sql!("l.tenant_id = {} AND l.kind = {}", tenant, kind.as_str()),
            key: "value",
            keys: Column::texts(values),
            lock: false,
        };
        let rows: Vec<LinkRow> = sql!(
            "SELECT l.kind, l.value, l.customer_id, l.shop_id FROM {}
             JOIN match_keys k ON k.tenant_id = {} AND k.kind = l.kind AND k.value = l.value
             WHERE k.shared_at IS NULL",
            found.rows(connection),
            tenant
        )
        .load(connection)?;
        links.extend(rows.into_iter().filter_map(LinkRow::into_link));
    }
    Ok(links)
}

const KEYS: Table = Table {
    name: "match_keys",
    columns: &["tenant_id", "kind", "value", "created_at"],
    key: &["tenant_id", "kind", "value"],
};

const LINKS: Table = Table {
    name: "match_links",
    columns: &["tenant_id", "kind", "value", "customer_id", "id", "shop_id", "source", "created_at"],
    key: &["tenant_id", "kind", "value", "customer_id"],
};

/// Writes links, holding their keys, so that of two who tell a key at the same moment the second sees what the first
/// told.
pub fn tell(
    connection: &mut AnyConnection,
    tenant: TenantId,
    links: &BTreeSet<Link>,
    source: &str,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(), DbError> {
    let keys: BTreeSet<MatchKey> = links.iter().map(|link| link.key.clone()).collect();
    let made = Upsert {
        table: &KEYS,
        values: vec![
            Column::ids(keys.iter().map(|_| tenant)),
            Column::texts(keys.iter().map(|key| key.kind.as_str())),
            Column::texts(keys.iter().map(|key| key.value.as_str())),
            Column::instants(keys.iter().map(|_| now)),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    if made < keys.len() && connection.backend() == Backend::Postgres {
        hold(connection, tenant, &keys)?;
    }
    Upsert {
        table: &LINKS,
        values: vec![
            Column::ids(links.iter().map(|_| tenant)),
            Column::texts(links.iter().map(|link| link.key.kind.as_str())),
            Column::texts(links.iter().map(|link| link.key.value.as_str())),
            Column::ids(links.iter().map(|link| link.customer)),
            Column::ids(links.iter().map(|_| ids.id::<IdentityKind>(now))),
            Column::optional_ids(links.iter().map(|link| link.shop)),
            Column::texts(links.iter().map(|_| source)),
            Column::instants(links.iter().map(|_| now)),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    Ok(())
}

/// Forgets what was told of these customers.
pub fn forget(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<(), DbError> {
    let ids = Column::ids(customers.iter().copied());
    sql!("DELETE FROM match_links WHERE tenant_id = {} AND customer_id {}", tenant, ids)
        .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "the rows are asked for to be locked")]
    value: String,
}

fn hold(connection: &mut AnyConnection, tenant: TenantId, keys: &BTreeSet<MatchKey>) -> Result<(), DbError> {
    for (kind, values) in by_kind(keys) {
        let held = Keyed {
            table: "match_keys",
            alias: "m",
            within: sql!("m.tenant_id = {} AND m.kind = {}", tenant, kind.as_str()),
            key: "value",
            keys: Column::texts(values),
            lock: true,
        };
        sql!("SELECT m.value FROM {}", held.rows(connection)).load::<HeldRow>(connection)?;
    }
    Ok(())
}

/// Remembers that more people than one use these keys.
pub fn mark_shared(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<MatchKey>,
    now: Timestamp,
) -> Result<(), DbError> {
    for (kind, values) in by_kind(keys) {
        sql!(
            "UPDATE match_keys SET shared_at = {} WHERE tenant_id = {} AND kind = {} AND value {}",
            now,
            tenant,
            kind.as_str(),
            Column::texts(values)
        )
        .execute(connection)?;
    }
    Ok(())
}

/// The values of each kind that is among the keys, in the order in which they are locked.
fn by_kind(keys: &BTreeSet<MatchKey>) -> Vec<(KeyKind, Vec<&str>)> {
    let values = |kind: KeyKind| -> Vec<&str> {
        keys.iter().filter(|key| key.kind == kind).map(|key| key.value.as_str()).collect()
    };
    let kinds = KeyKind::ALL.into_iter().map(|kind| (kind, values(kind)));
    kinds.filter(|(_, values)| !values.is_empty()).collect()
}
