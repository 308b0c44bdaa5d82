//! Who has which tag.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};

use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, Keyed, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, TagId, TenantId};
use crate::sql;
use crate::tags::model::{CustomerTag, TaggedBy};
use crate::time::Timestamp;

/// A customer's tags in the order of their names.
pub fn of_customer(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Vec<CustomerTag>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        id: TagId,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        color: Option<String>,
        #[diesel(sql_type = Instant)]
        since: Timestamp,
        #[diesel(sql_type = Text)]
        source: String,
    }
    let rows: Vec<Row> = sql!(
        "SELECT t.id, t.name, t.color, ct.since, ct.source FROM customer_tags ct
         JOIN tags t ON t.tenant_id = {} AND t.id = ct.tag_id
         WHERE ct.tenant_id = {} AND ct.customer_id = {} ORDER BY t.name_key, ct.since, ct.source",
        tenant,
        tenant,
        customer
    )
    .load(connection)?;
    let mut tags: Vec<CustomerTag> = Vec::new();
    for row in rows {
        let by = TaggedBy::of_source(&row.source);
        match tags.last_mut().filter(|tag| tag.id == row.id) {
            // Another source, or another origin since a merge.
            Some(tag) if tag.by.contains(&by) => {}
            Some(tag) => tag.by.push(by),
            None => tags.push(CustomerTag {
                id: row.id,
                name: row.name,
                color: row.color,
                since: row.since,
                by: vec![by],
            }),
        }
    }
    Ok(tags)
}

/// How many customers a statement answers as `id`.
pub fn count_members(connection: &mut AnyConnection, set: Sql<'_>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let query = sql!("SELECT COUNT(DISTINCT m.id) AS count FROM ({}) m", set);
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// How many times a customer may have been merged into another who was merged in turn.
const LONGEST_CHAIN: usize = 16;

/// For each of these ids the customer whose it is now: their own, or the one into whom they were merged. Without those
/// of nobody and of those who were erased.
pub fn resolve(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &[CustomerId],
) -> Result<HashMap<CustomerId, CustomerId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        id: CustomerId,
        #[diesel(sql_type = Nullable<Guid>)]
        merged_into: Option<CustomerId>,
    }
    let mut survivors: HashMap<CustomerId, CustomerId> = ids.iter().map(|id| (*id, *id)).collect();
    let mut wanted: Vec<CustomerId> = ids.to_vec();
    for _ in 0..LONGEST_CHAIN {
        wanted.sort_unstable();
        wanted.dedup();
        let known = Keyed::of_tenant("customers", "c", tenant, "id", Column::ids(wanted.iter().copied()))
            .rows(connection);
        let rows: Vec<Row> =
            sql!("SELECT c.id, c.merged_into FROM {} WHERE c.erased_at IS NULL", known).load(connection)?;
        let found: HashMap<CustomerId, Option<CustomerId>> =
            rows.into_iter().map(|row| (row.id, row.merged_into)).collect();
        survivors.retain(|_, now| wanted.binary_search(now).is_err() || found.contains_key(now));
        let mut moved = Vec::new();
        for now in survivors.values_mut() {
            if let Some(Some(survivor)) = found.get(now) {
                *now = *survivor;
                moved.push(*survivor);
            }
        }
        if moved.is_empty() {
            break;
        }
        wanted = moved;
    }
    Ok(survivors)
}
