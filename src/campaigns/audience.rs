//! Whom an audience holds, as a condition.

use super::document::{Audience, Group};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::SegmentId;
use crate::segments::service as segments;
use crate::sql;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// Holds for the members of the audience: a condition over `c`, the customers of a query. Without `personal` the audience
/// may not go by personal data.
pub fn condition(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    audience: &Audience,
    personal: bool,
    now: Timestamp,
) -> Result<Sql<'static>> {
    let mut condition = match audience.who() {
        Group { customer_ids: Some(customers), .. } => sql!("c.id {}", Column::ids(customers)),
        who => sql!("c.id IN (SELECT g.id FROM ({}) g)", members(connection, tenant, &who, personal, now)?),
    };
    match &audience.exclude {
        None => {}
        Some(Group { customer_ids: Some(customers), .. }) => {
            condition.push(sql!(" AND NOT (c.id {})", Column::ids(customers.iter().copied())));
        }
        // Not `NOT IN`: where many are left out, PostgreSQL would go through all of them for each customer.
        Some(excluded) => condition.push(sql!(
            " AND NOT EXISTS (SELECT 1 FROM ({}) x WHERE x.id = c.id)",
            members(connection, tenant, excluded, personal, now)?
        )),
    }
    Ok(condition)
}

/// Which of the saved segments a customer is in, whose id is the column: one bit for each, in their order.
pub fn cells(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    saved: &[SegmentId],
    id: &'static str,
    personal: bool,
    now: Timestamp,
) -> Result<Sql<'static>> {
    let mut bits = Sql::text("CAST(0 AS bigint)");
    for (place, segment) in saved.iter().enumerate() {
        let group = segments::Group::Saved(*segment);
        let members = segments::members(connection, tenant, &group, personal, now)?;
        bits.push(sql!(
            " + CASE WHEN {} IN (SELECT g.id FROM ({}) g) THEN {} ELSE 0 END",
            Sql::text(id),
            members,
            1i64 << place
        ));
    }
    Ok(bits)
}

fn members(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    group: &Group,
    personal: bool,
    now: Timestamp,
) -> Result<Sql<'static>> {
    let group = segments::Group::read(group.segment_id, group.query.as_deref(), None)?;
    segments::members(connection, tenant, &group, personal, now)
}
