//! All SQL on segments.

pub mod figures;

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::schema::{segment_uses, segments, tags};
use crate::db::types::{Guid, Json};
use crate::db::{AnyConnection, Column};
use crate::error::{Error, Result};
use crate::ids::{SegmentId, TagId, TenantId};
use crate::segments::model::Segment;
use crate::sql;
use crate::time::Timestamp;

#[derive(Queryable, QueryableByName, Insertable)]
#[diesel(table_name = segments)]
struct SegmentRow {
    tenant_id: TenantId,
    id: SegmentId,
    name: String,
    description: Option<String>,
    query: String,
    filter: Json,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

impl From<SegmentRow> for Segment {
    fn from(row: SegmentRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            query: row.query,
            filter: row.filter.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

fn row(tenant: TenantId, segment: &Segment) -> SegmentRow {
    SegmentRow {
        tenant_id: tenant,
        id: segment.id,
        name: segment.name.clone(),
        description: segment.description.clone(),
        query: segment.query.clone(),
        filter: Json(segment.filter.clone()),
        created_at: segment.created_at,
        updated_at: segment.updated_at,
        revision: segment.revision,
    }
}

pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: SegmentId) -> Result<Option<Segment>> {
    let wanted = segments::table.filter(segments::tenant_id.eq(tenant)).filter(segments::id.eq(id));
    Ok(wanted.first::<SegmentRow>(connection).optional()?.map(Segment::from))
}

/// The segments with these ids or names.
pub fn named(connection: &mut AnyConnection, tenant: TenantId, references: &[&str]) -> Result<Vec<Segment>> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    let ids = references.iter().filter_map(|reference| reference.parse::<SegmentId>().ok());
    let ids: Vec<SegmentId> = ids.chain([SegmentId::nil()]).collect();
    let query = sql!(
        "SELECT tenant_id, id, name, description, query, filter, created_at, updated_at, revision FROM segments
         WHERE tenant_id = {} AND (id {} OR name {})",
        tenant,
        Column::ids(ids),
        Column::texts(references.iter().copied())
    );
    Ok(query.load::<SegmentRow>(connection)?.into_iter().map(Segment::from).collect())
}

/// Segments in the order of their ids, which is that of their creation.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: Option<SegmentId>,
    rows: i64,
) -> Result<Vec<Segment>> {
    let found: Vec<SegmentRow> = segments::table
        .filter(segments::tenant_id.eq(tenant))
        .filter(segments::id.gt(after.unwrap_or(SegmentId::nil())))
        .order(segments::id)
        .limit(rows)
        .load(connection)?;
    Ok(found.into_iter().map(Segment::from).collect())
}

pub fn count(connection: &mut AnyConnection, tenant: TenantId) -> Result<i64> {
    Ok(segments::table.filter(segments::tenant_id.eq(tenant)).count().get_result(connection)?)
}

/// Writes a new segment and which others it names.
pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    segment: &Segment,
    uses: &[SegmentId],
) -> Result<()> {
    let inserted = diesel::insert_into(segments::table).values(row(tenant, segment)).execute(connection);
    inserted.map_err(taken)?;
    write_uses(connection, tenant, segment.id, uses)
}

/// Writes what may change, as long as the stored revision is the one before.
pub fn update(
    connection: &mut AnyConnection,
    tenant: TenantId,
    segment: &Segment,
    uses: &[SegmentId],
) -> Result<bool> {
    let row = row(tenant, segment);
    let target = segments::table
        .filter(segments::tenant_id.eq(tenant))
        .filter(segments::id.eq(segment.id))
        .filter(segments::revision.eq(segment.revision - 1));
    let written = diesel::update(target)
        .set((
            segments::name.eq(row.name),
            segments::description.eq(row.description),
            segments::query.eq(row.query),
            segments::filter.eq(row.filter),
            segments::updated_at.eq(row.updated_at),
            segments::revision.eq(row.revision),
        ))
        .execute(connection)
        .map_err(taken)?;
    forget_uses(connection, tenant, segment.id)?;
    write_uses(connection, tenant, segment.id, uses)?;
    Ok(written == 1)
}

pub fn delete(connection: &mut AnyConnection, tenant: TenantId, id: SegmentId) -> Result<()> {
    forget_uses(connection, tenant, id)?;
    let target = segments::table.filter(segments::tenant_id.eq(tenant)).filter(segments::id.eq(id));
    diesel::delete(target).execute(connection)?;
    Ok(())
}

fn taken(error: diesel::result::Error) -> Error {
    match error {
        diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _) => {
            Error::conflict("name_taken", "another segment has this name already")
        }
        other => other.into(),
    }
}

fn forget_uses(connection: &mut AnyConnection, tenant: TenantId, id: SegmentId) -> Result<()> {
    let target = segment_uses::table
        .filter(segment_uses::tenant_id.eq(tenant))
        .filter(segment_uses::segment_id.eq(id));
    diesel::delete(target).execute(connection)?;
    Ok(())
}

fn write_uses(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: SegmentId,
    uses: &[SegmentId],
) -> Result<()> {
    if uses.is_empty() {
        return Ok(());
    }
    // All of them exist: the query was checked in this transaction.
    sql!(
        "INSERT INTO segment_uses (tenant_id, segment_id, used_id)
         SELECT s.tenant_id, {}, s.id FROM segments s WHERE s.tenant_id = {} AND s.id {}",
        id,
        tenant,
        Column::ids(uses.iter().copied())
    )
    .execute(connection)?;
    Ok(())
}

/// The names of the segments and tags that go by a segment, with their ids.
pub fn users(connection: &mut AnyConnection, tenant: TenantId, id: SegmentId) -> Result<Vec<String>> {
    let by_segments = segments::table
        .filter(segments::tenant_id.eq(tenant))
        .filter(
            segments::id.eq_any(
                segment_uses::table
                    .filter(segment_uses::tenant_id.eq(tenant))
                    .filter(segment_uses::used_id.eq(id))
                    .select(segment_uses::segment_id),
            ),
        )
        .select((segments::id, segments::name))
        .order(segments::id);
    let named: Vec<(SegmentId, String)> = by_segments.load(connection)?;
    let by_tags = tags::table
        .filter(tags::tenant_id.eq(tenant))
        .filter(tags::segment_id.eq(id))
        .select((tags::id, tags::name))
        .order(tags::id);
    let tagged: Vec<(TagId, String)> = by_tags.load(connection)?;
    let segments = named.into_iter().map(|(id, name)| format!("segment {id} ({name})"));
    Ok(segments.chain(tagged.into_iter().map(|(id, name)| format!("tag {id} ({name})"))).collect())
}

/// A category and all under it of which anything was sold: a step through the index for each of them.
pub fn categories_under(
    connection: &mut AnyConnection,
    tenant: TenantId,
    category: &str,
) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        category: String,
    }
    // `0` follows `/`: between the two lies what begins with the path.
    let (from, until) = (format!("{category}/"), format!("{category}0"));
    let query = sql!(
        "WITH RECURSIVE k(category) AS (
             SELECT (SELECT MIN(l.category) FROM order_lines l
                 WHERE l.tenant_id = {} AND l.category >= {} AND l.category < {})
             UNION ALL
             SELECT (SELECT MIN(l.category) FROM order_lines l
                 WHERE l.tenant_id = {} AND l.category > k.category AND l.category < {})
             FROM k WHERE k.category IS NOT NULL)
         SELECT category FROM k WHERE category IS NOT NULL",
        tenant,
        from,
        &until,
        tenant,
        &until
    );
    let rows: Vec<Row> = query.load(connection)?;
    Ok([category.to_owned()].into_iter().chain(rows.into_iter().map(|row| row.category)).collect())
}

/// Whether any order was told without the categories of its lines.
pub fn has_lines_without_category(connection: &mut AnyConnection, tenant: TenantId) -> Result<bool> {
    let query = sql!(
        "SELECT COUNT(*) AS count FROM (
             SELECT 1 FROM order_lines l WHERE l.tenant_id = {} AND l.category IS NULL LIMIT 1) l",
        tenant
    );
    Ok(figures::number(connection, &query)? > 0)
}

/// Those of the ids that are ids of segments.
pub fn known(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: impl IntoIterator<Item = SegmentId>,
) -> Result<Vec<SegmentId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        id: SegmentId,
    }
    let query =
        sql!("SELECT s.id FROM segments s WHERE s.tenant_id = {} AND s.id {}", tenant, Column::ids(ids));
    let rows: Vec<Row> = query.load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
