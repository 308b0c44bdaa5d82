//! The log of merges: what was merged by hand, what by a key, and what was undone.

use diesel::QueryableByName;

use super::closure::BY_HAND;
use super::graph::Sides;
use crate::customers::match_key::{KeyKind, MatchKey};
use crate::db::schema::merges;
use crate::db::types::Json;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::ids::{CustomerId, MergeId, SeparationId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A merge, done and perhaps undone.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: MergeId,
    pub from: CustomerId,
    pub into: CustomerId,
    /// The key that told it; none where a person did.
    pub key: Option<MatchKey>,
    /// Who stood on either side.
    pub sides: Sides,
    pub created_at: Timestamp,
    /// The subject of the caller who asked for it.
    pub created_by: Option<String>,
    pub undone: Option<Undone>,
}

/// How a merge came undone.
#[derive(Debug, Clone)]
pub struct Undone {
    pub at: Timestamp,
    pub by: Option<String>,
    pub because: String,
}

/// The kind of a merge that a key told.
const MATCH: &str = "match";

#[derive(QueryableByName)]
#[diesel(table_name = merges)]
struct Row {
    id: MergeId,
    into_id: CustomerId,
    from_id: CustomerId,
    key_kind: Option<String>,
    key_value: Option<String>,
    sides: Json,
    created_at: Timestamp,
    created_by: Option<String>,
    undone_at: Option<Timestamp>,
    undone_by: Option<String>,
    undone_because: Option<String>,
}

impl Row {
    fn into_entry(self) -> Result<Entry, DbError> {
        let kind = self.key_kind.as_deref().and_then(KeyKind::parse);
        let sides = self.sides.parse();
        Ok(Entry {
            id: self.id,
            from: self.from_id,
            into: self.into_id,
            key: kind.zip(self.key_value).map(|(kind, value)| MatchKey { kind, value }),
            sides: sides.map_err(|error| DbError::Failed(format!("a merge cannot be read: {error}")))?,
            created_at: self.created_at,
            created_by: self.created_by,
            undone: self.undone_at.map(|at| Undone {
                at,
                by: self.undone_by,
                because: self.undone_because.unwrap_or_default(),
            }),
        })
    }
}

/// The merges with these ids.
pub fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: impl IntoIterator<Item = MergeId>,
) -> Result<Vec<Entry>, DbError> {
    let found = Keyed::of_tenant("merges", "m", tenant, "id", Column::ids(ids)).rows(connection);
    let rows: Vec<Row> = sql!(
        "SELECT m.id, m.into_id, m.from_id, m.key_kind, m.key_value, m.sides, m.created_at, m.created_by, m.undone_at,
             m.undone_by, m.undone_because
         FROM {}",
        found
    )
    .load(connection)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// The merges of a customer and of those who are found under them, newest first, before one.
pub fn of_customer(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    before: Option<MergeId>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let before = before.map_or_else(Sql::default, |before| sql!(" AND m.id < {}", before));
    let rows: Vec<Row> = sql!(
        "SELECT m.id, m.into_id, m.from_id, m.key_kind, m.key_value, m.sides, m.created_at, m.created_by, m.undone_at,
             m.undone_by, m.undone_because
         FROM ({}) m WHERE m.tenant_id = {}{} ORDER BY m.id DESC LIMIT {}",
        concerning(tenant, customer),
        tenant,
        before,
        limit
    )
    .load(connection)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// The merges of the customer and of those who are found under them: each of them away into somebody, or of somebody
/// else into them.
pub fn concerning<'a>(tenant: TenantId, customer: CustomerId) -> Sql<'a> {
    let theirs = || {
        sql!(
            "(SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.id = {}
              UNION ALL SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.merged_into = {})",
            tenant,
            customer,
            tenant,
            customer
        )
    };
    sql!(
        "SELECT m.* FROM merges m WHERE m.tenant_id = {} AND m.from_id IN {}
         UNION ALL
         SELECT m.* FROM merges m WHERE m.tenant_id = {} AND m.into_id IN {} AND m.from_id NOT IN {}",
        tenant,
        theirs(),
        tenant,
        theirs(),
        theirs()
    )
}

const MERGES: Table = Table {
    name: "merges",
    columns: &[
        "tenant_id",
        "id",
        "kind",
        "into_id",
        "from_id",
        "key_kind",
        "key_value",
        "sides",
        "created_at",
        "created_by",
    ],
    key: &["tenant_id", "id"],
};

/// Writes down merges.
pub fn write(connection: &mut AnyConnection, tenant: TenantId, entries: &[Entry]) -> Result<(), DbError> {
    let key = || entries.iter().map(|entry| entry.key.as_ref());
    let sides: Result<Vec<_>, _> = entries.iter().map(|entry| serde_json::to_value(&entry.sides)).collect();
    Upsert {
        table: &MERGES,
        values: vec![
            Column::ids(entries.iter().map(|_| tenant)),
            Column::ids(entries.iter().map(|entry| entry.id)),
            Column::texts(key().map(|key| if key.is_some() { MATCH } else { BY_HAND })),
            Column::ids(entries.iter().map(|entry| entry.into)),
            Column::ids(entries.iter().map(|entry| entry.from)),
            Column::optional_texts(key().map(|key| key.map(|key| key.kind.as_str()))),
            Column::optional_texts(key().map(|key| key.map(|key| key.value.as_str()))),
            Column::jsons(sides.map_err(|error| DbError::Failed(error.to_string()))?),
            Column::instants(entries.iter().map(|entry| entry.created_at)),
            Column::optional_texts(entries.iter().map(|entry| entry.created_by.as_deref())),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    Ok(())
}

/// Writes down that merges came undone.
pub fn undo(
    connection: &mut AnyConnection,
    tenant: TenantId,
    merges: impl IntoIterator<Item = MergeId>,
    undone: &Undone,
) -> Result<(), DbError> {
    let merges = Column::ids(merges);
    if merges.is_empty() {
        return Ok(());
    }
    let by = undone.by.as_deref().map_or_else(|| sql!("NULL"), |by| sql!("{}", by));
    sql!(
        "UPDATE merges SET undone_at = {}, undone_by = {}, undone_because = {} WHERE tenant_id = {} AND id {}",
        undone.at,
        by,
        &undone.because,
        tenant,
        merges
    )
    .execute(connection)?;
    Ok(())
}

const SEPARATIONS: Table = Table {
    name: "separations",
    columns: &["tenant_id", "id", "customer_id", "side", "created_at", "created_by"],
    key: &["tenant_id", "id", "customer_id"],
};

/// Writes down that those on one side are not the same as those on the other.
pub fn separate(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: SeparationId,
    sides: &Sides,
    now: Timestamp,
    by: Option<&str>,
) -> Result<(), DbError> {
    let from = sides.from.iter().map(|customer| (*customer, 0));
    let rows: Vec<(CustomerId, i64)> = from.chain(sides.into.iter().map(|customer| (*customer, 1))).collect();
    Upsert {
        table: &SEPARATIONS,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|_| id)),
            Column::ids(rows.iter().map(|(customer, _)| *customer)),
            Column::ints(rows.iter().map(|(_, side)| *side)),
            Column::instants(rows.iter().map(|_| now)),
            Column::optional_texts(rows.iter().map(|_| by)),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    Ok(())
}
