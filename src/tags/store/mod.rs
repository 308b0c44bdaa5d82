//! All SQL on tags.

mod changes;
mod holders;
mod told;
mod words;

pub use changes::{Act, Place, gain, history, lose, renew};
pub use holders::{count_members, of_customer, resolve};
pub use told::{Held, IdentityRow, claim, held, identities, move_rows, note_versions};
pub use words::{Word, note_words, words};

use diesel::QueryableByName;
use diesel::prelude::*;

use super::model::{TagResponse, name_key};
use crate::db::schema::tags;
use crate::db::{AnyConnection, Backend, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::error::{Error, Result};
use crate::ids::{SegmentId, TagId, TenantId};
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
#[diesel(table_name = tags)]
struct TagRow {
    id: TagId,
    name: String,
    description: Option<String>,
    color: Option<String>,
    segment_id: Option<SegmentId>,
    refreshed_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

const COLUMNS: &str = "t.id, t.name, t.description, t.color, t.segment_id, t.refreshed_at, t.created_at, t.updated_at, \
    t.revision";

impl From<TagRow> for TagResponse {
    fn from(row: TagRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            color: row.color,
            segment_id: row.segment_id,
            refreshed_at: row.refreshed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

fn load(connection: &mut AnyConnection, query: &crate::db::Sql<'_>) -> Result<Vec<TagResponse>, DbError> {
    let rows: Vec<TagRow> = query.load(connection)?;
    Ok(rows.into_iter().map(TagResponse::from).collect())
}

/// The tag with this id.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: TagId) -> Result<Option<TagResponse>> {
    let text = format!("SELECT {COLUMNS} FROM tags t WHERE t.tenant_id = {{}} AND t.id = {{}}");
    Ok(load(connection, &sql!(&text, tenant, id))?.pop())
}

/// The tags with these ids.
pub fn these(connection: &mut AnyConnection, tenant: TenantId, ids: &[TagId]) -> Result<Vec<TagResponse>> {
    let text = format!("SELECT {COLUMNS} FROM tags t WHERE t.tenant_id = {{}} AND t.id {{}}");
    Ok(load(connection, &sql!(&text, tenant, Column::ids(ids.iter().copied())))?)
}

/// The tag with this id, which nobody else assigns or changes until the end of the transaction.
pub fn lock(connection: &mut AnyConnection, tenant: TenantId, id: TagId) -> Result<Option<TagResponse>> {
    let lock = match connection.backend() {
        Backend::Postgres => " FOR UPDATE",
        Backend::Sqlite => "",
    };
    let text = format!("SELECT {COLUMNS} FROM tags t WHERE t.tenant_id = {{}} AND t.id = {{}}{lock}");
    Ok(load(connection, &sql!(&text, tenant, id))?.pop())
}

/// The tags with these names, in whatever letter case.
pub fn find_by_names<'n>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<TagResponse>, DbError> {
    let known = Keyed::of_tenant("tags", "t", tenant, "name_key", Column::texts(keys));
    let known = known.rows(connection);
    let query = sql!("SELECT {} FROM {}", crate::db::Sql::text(COLUMNS), known);
    load(connection, &query)
}

/// Tags in the order of their names, after the one with this name.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<TagResponse>> {
    let mut query =
        sql!("SELECT {} FROM tags t WHERE t.tenant_id = {}", crate::db::Sql::text(COLUMNS), tenant);
    if let Some(after) = after {
        query.push(sql!(" AND t.name_key > {}", after));
    }
    query.push(sql!(" ORDER BY t.name_key LIMIT {}", limit));
    Ok(load(connection, &query)?)
}

pub fn count(connection: &mut AnyConnection, tenant: TenantId) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let query = sql!("SELECT COUNT(*) AS count FROM tags t WHERE t.tenant_id = {}", tenant);
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// The tenant's tags that follow a segment and were not brought in line since this moment; the longest behind first.
pub fn with_rule(
    connection: &mut AnyConnection,
    tenant: TenantId,
    since: Timestamp,
) -> Result<Vec<TagResponse>> {
    let text = format!(
        "SELECT {COLUMNS} FROM tags t WHERE t.tenant_id = {{}} AND t.segment_id IS NOT NULL
             AND (t.refreshed_at IS NULL OR t.refreshed_at < {{}})
         ORDER BY COALESCE(t.refreshed_at, t.created_at), t.id"
    );
    Ok(load(connection, &sql!(&text, tenant, since))?)
}

const TAGS: Table = Table {
    name: "tags",
    columns: &[
        "tenant_id",
        "id",
        "name",
        "name_key",
        "description",
        "color",
        "segment_id",
        "refreshed_at",
        "created_at",
        "updated_at",
        "revision",
    ],
    key: &["tenant_id", "name_key"],
};

/// Writes new tags, but for those whose names are taken, and tells how many it wrote.
pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    new: &[TagResponse],
) -> Result<usize, DbError> {
    let keys: Vec<String> = new.iter().map(|tag| name_key(&tag.name)).collect();
    let values = vec![
        Column::ids(new.iter().map(|_| tenant)),
        Column::ids(new.iter().map(|tag| tag.id)),
        Column::texts(new.iter().map(|tag| tag.name.as_str())),
        Column::texts(keys.iter().map(String::as_str)),
        Column::optional_texts(new.iter().map(|tag| tag.description.as_deref())),
        Column::optional_texts(new.iter().map(|tag| tag.color.as_deref())),
        Column::optional_ids(new.iter().map(|tag| tag.segment_id)),
        Column::optional_instants(new.iter().map(|tag| tag.refreshed_at)),
        Column::instants(new.iter().map(|tag| tag.created_at)),
        Column::instants(new.iter().map(|tag| tag.updated_at)),
        Column::ints(new.iter().map(|tag| tag.revision)),
    ];
    Ok(Upsert { table: &TAGS, values, on_conflict: OnConflict::Keep }.execute(connection)?)
}

/// Writes what may change of a tag that is locked.
pub fn update(connection: &mut AnyConnection, tenant: TenantId, tag: &TagResponse) -> Result<()> {
    let row = tags::table.filter(tags::tenant_id.eq(tenant)).filter(tags::id.eq(tag.id));
    let written = diesel::update(row)
        .set((
            tags::name.eq(&tag.name),
            tags::name_key.eq(name_key(&tag.name)),
            tags::description.eq(&tag.description),
            tags::color.eq(&tag.color),
            tags::segment_id.eq(tag.segment_id),
            tags::refreshed_at.eq(tag.refreshed_at),
            tags::updated_at.eq(tag.updated_at),
            tags::revision.eq(tag.revision),
        ))
        .execute(connection);
    match written.map_err(DbError::from) {
        Ok(_) => Ok(()),
        Err(DbError::Taken(_)) => Err(taken()),
        Err(error) => Err(error.into()),
    }
}

/// Keeps when a tag was brought in line with its segment.
pub fn note_refresh(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: TagId,
    now: Timestamp,
) -> Result<()> {
    let row = tags::table.filter(tags::tenant_id.eq(tenant)).filter(tags::id.eq(id));
    diesel::update(row)
        .set((tags::refreshed_at.eq(now), tags::revision.eq(tags::revision + 1)))
        .execute(connection)?;
    Ok(())
}

/// The answer to a name that another tag has.
pub fn taken() -> Error {
    Error::conflict("tag_exists", "there is a tag with this name already, perhaps in other letter case")
}

/// Removes a tag from everybody and everywhere, with its history.
pub fn delete(connection: &mut AnyConnection, tenant: TenantId, id: TagId) -> Result<()> {
    for text in [
        "DELETE FROM customer_tags WHERE tenant_id = {} AND tag_id = {}",
        "DELETE FROM tag_changes WHERE tenant_id = {} AND tag_id = {}",
        "DELETE FROM tags WHERE tenant_id = {} AND id = {}",
    ] {
        sql!(text, tenant, id).execute(connection)?;
    }
    Ok(())
}
