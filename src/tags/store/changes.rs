//! Tags that come and go, many at once. The history is written first, by one statement that evaluates who is concerned
//! once; what it wrote then decides who has the tag.

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};
use serde::{Deserialize, Serialize};

use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, DbError, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, TagActId, TagId, TenantId};
use crate::sql;
use crate::tags::model::{By, HAND, RULE, TagChange, TagChangeResponse, TaggedBy};
use crate::time::Timestamp;

/// What one call or one refresh does to one tag.
#[derive(Debug, Clone)]
pub struct Act {
    pub tenant: TenantId,
    pub tag: TagId,
    pub id: TagActId,
    pub by: By,
    pub at: Timestamp,
}

/// Gives the tag by hand to those customers of the set (`SELECT … AS id`) who have it neither by hand nor since it
/// followed a rule, and tells how many they are. The tag is locked.
pub fn gain(connection: &mut AnyConnection, act: &Act, set: Sql<'_>) -> Result<i64, DbError> {
    let mut gained = note();
    gained.push(sql!(
        "SELECT c.tenant_id, {}, {}, c.id, c.id, {}, {}, {}, {} FROM customers c
         WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL AND c.id IN ({})
             AND NOT EXISTS (SELECT 1 FROM customer_tags h WHERE h.tenant_id = {} AND h.tag_id = {}
                 AND h.customer_id = c.id AND h.source IN ({}, {}))",
        act.tag,
        act.id,
        HAND,
        true,
        act.by.actor(),
        act.at,
        act.tenant,
        set,
        act.tenant,
        act.tag,
        HAND,
        RULE
    ));
    let changed = gained.execute(connection)?;
    settle(connection, act)?;
    Ok(changed as i64)
}

/// Takes the tag from those customers of the set (`SELECT … AS id`) who have it, by whatever source, and tells how many
/// they are. The tag is locked.
pub fn lose(connection: &mut AnyConnection, act: &Act, set: Sql<'_>) -> Result<i64, DbError> {
    let mut lost = note();
    lost.push(sql!(
        "SELECT h.tenant_id, h.tag_id, {}, h.customer_id, h.origin_id, h.source, {}, {}, {} FROM customer_tags h
         WHERE h.tenant_id = {} AND h.tag_id = {} AND h.customer_id IN ({})",
        act.id,
        false,
        act.by.actor(),
        act.at,
        act.tenant,
        act.tag,
        set
    ));
    lost.execute(connection)?;
    settle(connection, act)?;
    Ok(count(connection, act)?.1)
}

/// Gives the tag to those of the set (`SELECT … AS id`) who lack it and takes it from all others, and tells how many got
/// and how many lost it. The tag is locked.
pub fn renew(connection: &mut AnyConnection, act: &Act, set: Sql<'_>) -> Result<(i64, i64), DbError> {
    let mut changes = note();
    changes.push(sql!(
        "WITH members AS MATERIALIZED ({}),
             holders AS MATERIALIZED (SELECT DISTINCT h.customer_id AS id FROM customer_tags h
                 WHERE h.tenant_id = {} AND h.tag_id = {})
         SELECT c.tenant_id, {}, {}, c.id, c.id, {}, {}, {}, {} FROM customers c
         WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL
             AND c.id IN (SELECT m.id FROM members m EXCEPT SELECT o.id FROM holders o)
         UNION ALL
         SELECT h.tenant_id, h.tag_id, {}, h.customer_id, h.origin_id, h.source, {}, {}, {} FROM customer_tags h
         WHERE h.tenant_id = {} AND h.tag_id = {}
             AND h.customer_id IN (SELECT o.id FROM holders o EXCEPT SELECT m.id FROM members m)",
        set,
        act.tenant,
        act.tag,
        act.tag,
        act.id,
        RULE,
        true,
        act.by.actor(),
        act.at,
        act.tenant,
        act.id,
        false,
        act.by.actor(),
        act.at,
        act.tenant,
        act.tag
    ));
    changes.execute(connection)?;
    settle(connection, act)?;
    count(connection, act)
}

fn note<'a>() -> Sql<'a> {
    Sql::text(
        "INSERT INTO tag_changes
            (tenant_id, tag_id, act_id, customer_id, origin_id, source, gained, actor, changed_at) ",
    )
}

/// Makes the present what the act's part of the history says.
fn settle(connection: &mut AnyConnection, act: &Act) -> Result<(), DbError> {
    sql!(
        "DELETE FROM customer_tags WHERE tenant_id = {} AND tag_id = {} AND (customer_id, origin_id, source) IN
            (SELECT a.customer_id, a.origin_id, a.source FROM tag_changes a
             WHERE a.tenant_id = {} AND a.tag_id = {} AND a.act_id = {} AND a.gained = {})",
        act.tenant,
        act.tag,
        act.tenant,
        act.tag,
        act.id,
        false
    )
    .execute(connection)?;
    sql!(
        "INSERT INTO customer_tags (tenant_id, tag_id, customer_id, origin_id, source, since)
         SELECT a.tenant_id, a.tag_id, a.customer_id, a.origin_id, a.source, a.changed_at FROM tag_changes a
         WHERE a.tenant_id = {} AND a.tag_id = {} AND a.act_id = {} AND a.gained = {}
         ON CONFLICT (tenant_id, tag_id, customer_id, origin_id, source) DO NOTHING",
        act.tenant,
        act.tag,
        act.id,
        true
    )
    .execute(connection)?;
    Ok(())
}

/// How many customers got and lost the tag by the act.
fn count(connection: &mut AnyConnection, act: &Act) -> Result<(i64, i64), DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        gained: bool,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        customers: i64,
    }
    let rows: Vec<Row> = sql!(
        "SELECT a.gained, COUNT(DISTINCT a.customer_id) AS customers FROM tag_changes a
         WHERE a.tenant_id = {} AND a.tag_id = {} AND a.act_id = {} GROUP BY a.gained",
        act.tenant,
        act.tag,
        act.id
    )
    .load(connection)?;
    let of = |gained| rows.iter().filter(|row| row.gained == gained).map(|row| row.customers).sum();
    Ok((of(true), of(false)))
}

/// The place of a change in a tag's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place(TagActId, CustomerId);

/// Up to `limit` changes before a place, the newest first, each with its own.
pub fn history(
    connection: &mut AnyConnection,
    tenant: TenantId,
    tag: TagId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(Place, TagChangeResponse)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        act_id: TagActId,
        #[diesel(sql_type = Guid)]
        customer_id: CustomerId,
        #[diesel(sql_type = Bool)]
        gained: bool,
        #[diesel(sql_type = Text)]
        actor: String,
        #[diesel(sql_type = Instant)]
        changed_at: Timestamp,
    }
    // A customer who had the tag by several sources lost it once.
    let mut query = sql!(
        "SELECT DISTINCT a.act_id, a.customer_id, a.gained, a.actor, a.changed_at FROM tag_changes a
         WHERE a.tenant_id = {} AND a.tag_id = {}",
        tenant,
        tag
    );
    if let Some(Place(act, customer)) = after {
        query.push(sql!(" AND (a.act_id, a.customer_id) < ({}, {})", act, customer));
    }
    query.push(sql!(" ORDER BY a.act_id DESC, a.customer_id DESC LIMIT {}", limit));
    let rows: Vec<Row> = query.load(connection)?;
    let show = |row: Row| {
        let (by, actor) = TaggedBy::of_actor(&row.actor);
        let change = TagChangeResponse {
            customer_id: row.customer_id,
            change: if row.gained { TagChange::Gained } else { TagChange::Lost },
            at: row.changed_at,
            by,
            actor: actor.into(),
        };
        (Place(row.act_id, row.customer_id), change)
    };
    Ok(rows.into_iter().map(show).collect())
}
