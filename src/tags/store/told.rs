//! What platforms tell of people's tags: rows whose source is the identity of which it was told.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::Act;
use crate::db::schema::{identities, platform_tags};
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, IdentityId, ShopId, TagId, TenantId};
use crate::sql;
use crate::tags::model::told_of;
use crate::time::Timestamp;

/// By what a shop's platform knows a person.
#[derive(Debug, QueryableByName)]
#[diesel(table_name = identities)]
pub struct IdentityRow {
    pub id: IdentityId,
    pub value: String,
    pub customer_id: CustomerId,
}

/// The identities that a shop has for these external ids.
pub fn identities<'v>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    external_ids: impl IntoIterator<Item = &'v str>,
) -> Result<Vec<IdentityRow>, DbError> {
    let known = Keyed {
        table: "identities",
        alias: "i",
        within: sql!(
            "i.tenant_id = {} AND i.kind = {} AND i.scope = {}",
            tenant,
            "external",
            shop.to_string()
        ),
        key: "value",
        keys: Column::texts(external_ids),
        lock: false,
    };
    let known = known.rows(connection);
    Ok(sql!("SELECT i.id, i.value, i.customer_id FROM {}", known).load(connection)?)
}

const VERSIONS: Table = Table {
    name: "platform_tags",
    columns: &["tenant_id", "identity_id", "version"],
    key: &["tenant_id", "identity_id"],
};

/// Which version told last, for each of these identities (in ascending order). Until the end of the transaction nobody
/// else tells anything of them.
pub fn claim(
    connection: &mut AnyConnection,
    tenant: TenantId,
    of: &[IdentityId],
    never: Timestamp,
) -> Result<Vec<(IdentityId, Timestamp)>, DbError> {
    #[derive(QueryableByName)]
    #[diesel(table_name = platform_tags)]
    struct Row {
        identity_id: IdentityId,
        version: Timestamp,
    }
    let first = versions(tenant, &of.iter().map(|identity| (*identity, never)).collect::<Vec<_>>());
    Upsert { table: &VERSIONS, values: first, on_conflict: OnConflict::Keep }.execute(connection)?;
    let keys = Column::ids(of.iter().copied());
    let known = Keyed { lock: true, ..Keyed::of_tenant("platform_tags", "p", tenant, "identity_id", keys) }
        .rows(connection);
    let rows: Vec<Row> = sql!("SELECT p.identity_id, p.version FROM {}", known).load(connection)?;
    Ok(rows.into_iter().map(|row| (row.identity_id, row.version)).collect())
}

/// Keeps which versions told last.
pub fn note_versions(
    connection: &mut AnyConnection,
    tenant: TenantId,
    told: &[(IdentityId, Timestamp)],
) -> Result<(), DbError> {
    let values = versions(tenant, told);
    Upsert { table: &VERSIONS, values, on_conflict: OnConflict::Update(&["version"]) }.execute(connection)?;
    Ok(())
}

fn versions(tenant: TenantId, told: &[(IdentityId, Timestamp)]) -> Vec<Column<'static>> {
    vec![
        Column::ids(told.iter().map(|_| tenant)),
        Column::ids(told.iter().map(|(identity, _)| *identity)),
        Column::instants(told.iter().map(|(_, version)| *version)),
    ]
}

/// A row that a platform told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    pub tag: TagId,
    /// The identity, as the row's source.
    pub source: String,
    pub customer: CustomerId,
    pub origin: CustomerId,
}

/// What was told of these identities.
pub fn held(
    connection: &mut AnyConnection,
    tenant: TenantId,
    of: impl IntoIterator<Item = IdentityId>,
) -> Result<Vec<Held>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        tag_id: TagId,
        #[diesel(sql_type = Text)]
        source: String,
        #[diesel(sql_type = Guid)]
        customer_id: CustomerId,
        #[diesel(sql_type = Guid)]
        origin_id: CustomerId,
    }
    let sources: Vec<String> = of.into_iter().map(told_of).collect();
    let keys = Column::texts(sources.iter().map(String::as_str));
    let known = Keyed::of_tenant("customer_tags", "h", tenant, "source", keys).rows(connection);
    let rows: Vec<Row> =
        sql!("SELECT h.tag_id, h.source, h.customer_id, h.origin_id FROM {}", known).load(connection)?;
    let held = |row: Row| Held {
        tag: row.tag_id,
        source: row.source,
        customer: row.customer_id,
        origin: row.origin_id,
    };
    Ok(rows.into_iter().map(held).collect())
}

const HOLDERS: Table = Table {
    name: "customer_tags",
    columns: &["tenant_id", "tag_id", "customer_id", "origin_id", "source", "since"],
    key: &["tenant_id", "tag_id", "customer_id", "origin_id", "source"],
};

const CHANGES: Table = Table {
    name: "tag_changes",
    columns: &[
        "tenant_id",
        "tag_id",
        "act_id",
        "customer_id",
        "origin_id",
        "source",
        "gained",
        "actor",
        "changed_at",
    ],
    key: &["tenant_id", "tag_id", "act_id", "customer_id", "origin_id", "source"],
};

/// Puts rows in and takes others out, and keeps both in the history. `act.tag` does not count: each row has its own.
pub fn move_rows(
    connection: &mut AnyConnection,
    act: &Act,
    gained: &[Held],
    lost: &[Held],
) -> Result<(), DbError> {
    let all = || gained.iter().map(|row| (row, true)).chain(lost.iter().map(|row| (row, false)));
    let actor = act.by.actor();
    let changes = vec![
        Column::ids(all().map(|_| act.tenant)),
        Column::ids(all().map(|(row, _)| row.tag)),
        Column::ids(all().map(|_| act.id)),
        Column::ids(all().map(|(row, _)| row.customer)),
        Column::ids(all().map(|(row, _)| row.origin)),
        Column::texts(all().map(|(row, _)| row.source.as_str())),
        Column::bools(all().map(|(_, gained)| gained)),
        Column::texts(all().map(|_| actor.as_str())),
        Column::instants(all().map(|_| act.at)),
    ];
    Upsert { table: &CHANGES, values: changes, on_conflict: OnConflict::Keep }.execute(connection)?;
    let holders = vec![
        Column::ids(gained.iter().map(|_| act.tenant)),
        Column::ids(gained.iter().map(|row| row.tag)),
        Column::ids(gained.iter().map(|row| row.customer)),
        Column::ids(gained.iter().map(|row| row.origin)),
        Column::texts(gained.iter().map(|row| row.source.as_str())),
        Column::instants(gained.iter().map(|_| act.at)),
    ];
    Upsert { table: &HOLDERS, values: holders, on_conflict: OnConflict::Keep }.execute(connection)?;
    if lost.is_empty() {
        return Ok(());
    }
    let tags: std::collections::BTreeSet<TagId> = lost.iter().map(|row| row.tag).collect();
    sql!(
        "DELETE FROM customer_tags WHERE tenant_id = {} AND (tag_id, customer_id, origin_id, source) IN
            (SELECT a.tag_id, a.customer_id, a.origin_id, a.source FROM tag_changes a
             WHERE a.tenant_id = {} AND a.tag_id {} AND a.act_id = {} AND a.gained = {})",
        act.tenant,
        act.tenant,
        Column::ids(tags),
        act.id,
        false
    )
    .execute(connection)?;
    Ok(())
}
