//! What an erasure does to the tables.

use std::collections::BTreeSet;

use crate::db::types::Json;
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, TenantId};
use crate::privacy::holdings::{Blank, Fate, Holding};
use crate::privacy::tombstones::PersonKey;
use crate::sql;
use crate::time::Timestamp;

/// Makes of people's rows in a table what is to become of them.
pub fn apply_fate(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
    holding: &Holding,
    now: Timestamp,
) -> Result<()> {
    for column in holding.by {
        let table = Sql::text(holding.table);
        let mut change = match holding.fate {
            Fate::Stays | Fate::Sought => continue,
            Fate::Goes => sql!("DELETE FROM {}", table),
            Fate::Cleared(columns) => {
                let mut change = sql!("UPDATE {} SET ", table);
                for (place, (name, blank)) in columns.iter().enumerate() {
                    change.push(Sql::text(if place > 0 { ", " } else { "" }));
                    change.push(assignment(name, *blank, now)?);
                }
                change
            }
        };
        let ids = Column::ids(customers.iter().copied());
        change.push(sql!(" WHERE tenant_id = {} AND {} {}", tenant, Sql::text(column), ids));
        change.execute(connection)?;
    }
    Ok(())
}

fn assignment(column: &'static str, blank: Blank, now: Timestamp) -> Result<Sql<'static>> {
    let name = || Sql::text(column);
    Ok(match blank {
        Blank::Nothing => sql!("{} = NULL", name()),
        Blank::Json(text) => sql!("{} = {}", name(), Json(serde_json::from_str(text)?)),
        Blank::Moment => sql!("{} = {}", name(), now),
        Blank::Next => sql!("{} = {} + 1", name(), name()),
    })
}

fn nothing() -> Json {
    Json(serde_json::json!({}))
}

/// Takes what buyers may have typed out of the lines of these people's orders.
pub fn clear_lines(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<()> {
    let ids = Column::ids(customers.iter().copied());
    clear_lines_of(connection, tenant, sql!("o.customer_id {}", ids))
}

/// The same for the orders `o` that are meant.
pub fn clear_lines_of(connection: &mut AnyConnection, tenant: TenantId, orders: Sql<'_>) -> Result<()> {
    sql!(
        "UPDATE order_lines SET attributes = {} WHERE tenant_id = {} AND attributes <> {} AND order_id IN (
             SELECT o.id FROM orders o WHERE o.tenant_id = {} AND {})",
        nothing(),
        tenant,
        nothing(),
        tenant,
        orders
    )
    .execute(connection)?;
    Ok(())
}

/// Forgets phones and mailboxes that tell of nobody any more.
pub fn forget_match_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<PersonKey>,
) -> Result<()> {
    let values = Column::texts(keys.iter().map(|(_, _, value)| value.as_str()));
    sql!(
        "DELETE FROM match_keys WHERE tenant_id = {} AND value {} AND NOT EXISTS (
             SELECT 1 FROM match_links l
             WHERE l.tenant_id = {} AND l.kind = match_keys.kind AND l.value = match_keys.value)",
        tenant,
        values,
        tenant
    )
    .execute(connection)?;
    Ok(())
}

/// Forgets stored answers that name these customers.
pub fn forget_answers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<()> {
    let mut naming = Sql::default();
    for customer in customers {
        let named = format!("%{customer}%");
        naming.push(sql!(" OR route LIKE {} OR CAST(answer AS TEXT) LIKE {}", named.clone(), named));
    }
    sql!("DELETE FROM idempotency_keys WHERE tenant_id = {} AND ({} <> {}{})", tenant, 0, 0, naming)
        .execute(connection)?;
    Ok(())
}
