//! Whom an audience holds, as a condition.

use super::document::{Audience, Group};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::{Error, Result};
use crate::sql;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// Holds for the members of the audience: a condition over `c`, the customers of a query.
pub fn condition(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    audience: &Audience,
    now: Timestamp,
) -> Result<Sql<'static>> {
    let mut condition = group(connection, tenant, audience.who(), "/audience", now)?;
    if let Some(exclude) = &audience.exclude {
        let excluded = group(connection, tenant, exclude.clone(), "/audience/exclude", now)?;
        condition.push(sql!(" AND NOT ({})", excluded));
    }
    Ok(condition)
}

fn group(
    _: &mut AnyConnection,
    _: &Tenant,
    group: Group,
    pointer: &str,
    _: Timestamp,
) -> Result<Sql<'static>> {
    match group {
        Group { customer_ids: Some(customers), .. } => Ok(sql!("c.id {}", Column::ids(customers))),
        _ => Err(Error::invalid(pointer, "not_supported", "customers are named by customer_ids")),
    }
}
