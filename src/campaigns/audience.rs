//! Whom an audience holds, as a condition.

use super::document::{Audience, Group};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
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
