//! The audit log.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::db::schema::audit_log;
use crate::db::types::Json;
use crate::db::{AnyConnection, Sql};
use crate::error::{Error, Result};
use crate::ids::{AuditId, TenantId};
use crate::privacy::model::{Action, AuditEntryResponse, Entry};
use crate::sql;
use crate::time::Timestamp;

/// Writes an entry.
pub fn write(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: AuditId,
    entry: Entry,
    now: Timestamp,
) -> Result<()> {
    use diesel::prelude::*;
    let row = (
        audit_log::tenant_id.eq(tenant),
        audit_log::id.eq(id),
        audit_log::at.eq(now),
        audit_log::actor.eq(entry.actor),
        audit_log::action.eq(entry.action.as_str()),
        audit_log::object.eq(entry.object),
        audit_log::details.eq(Json(entry.details)),
    );
    diesel::insert_into(audit_log::table).values(row).execute(connection)?;
    Ok(())
}

/// Which entries a list shows. What is absent does not limit it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub action: Option<Action>,
    pub object: Option<String>,
}

impl Filter {
    fn condition<'a>(&'a self, tenant: TenantId) -> Sql<'a> {
        let mut condition = sql!("a.tenant_id = {}", tenant);
        if let Some(action) = self.action {
            condition.push(sql!(" AND a.action = {}", action.as_str()));
        }
        if let Some(object) = &self.object {
            condition.push(sql!(" AND a.object = {}", object));
        }
        condition
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = audit_log)]
struct Row {
    id: AuditId,
    at: Timestamp,
    actor: String,
    action: String,
    object: Option<String>,
    details: Json,
}

/// Entries, newest first, from a place on.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<AuditId>,
    limit: i64,
) -> Result<Vec<AuditEntryResponse>> {
    let mut condition = filter.condition(tenant);
    if let Some(id) = after {
        condition.push(sql!(" AND a.id < {}", id));
    }
    let rows: Vec<Row> = sql!(
        "SELECT a.id, a.at, a.actor, a.action, a.object, a.details FROM audit_log a WHERE {}
         ORDER BY a.id DESC LIMIT {}",
        condition,
        limit
    )
    .load(connection)?;
    let show = |row: Row| {
        let action = Action::parse(&row.action);
        Ok(AuditEntryResponse {
            id: row.id,
            at: row.at,
            actor: row.actor,
            action: action.ok_or_else(|| Error::internal(format!("there is no action {}", row.action)))?,
            object: row.object,
            details: row.details.0,
        })
    };
    rows.into_iter().map(show).collect()
}

/// How many entries the list has in all.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = sql!("SELECT COUNT(*) AS count FROM audit_log a WHERE {}", filter.condition(tenant));
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}
