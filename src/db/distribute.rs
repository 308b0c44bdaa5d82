//! Spreads the tables over the nodes of a Citus cluster, where the database is one.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::{AnyConnection, DbError};
use crate::sql;

#[derive(QueryableByName)]
struct TableName {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Distributes every table that is not distributed yet by `tenant_id`, all rows of a tenant on one node, and names
/// them. Does nothing on a database without the extension.
pub fn distribute(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    let extension = sql!("SELECT extname::text AS name FROM pg_extension WHERE extname = {}", "citus");
    if extension.first::<TableName>(connection)?.is_none() {
        return Ok(Vec::new());
    }
    let missing: Vec<TableName> = sql!(
        "SELECT c.relname::text AS name FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = {}
         WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
             AND NOT EXISTS (SELECT 1 FROM pg_dist_partition p WHERE p.logicalrelid = c.oid)
         ORDER BY c.relname <> {}, c.relname",
        "tenant_id",
        FIRST,
    )
    .load(connection)?;
    for TableName { name } in &missing {
        let companion = if name == FIRST { "none" } else { FIRST };
        sql!(
            "SELECT 'done' AS name FROM create_distributed_table({}::regclass, 'tenant_id', colocate_with => {})",
            name,
            companion,
        )
        .load::<TableName>(connection)?;
    }
    Ok(missing.into_iter().map(|table| table.name).collect())
}

/// The table that the others lie beside.
const FIRST: &str = "tenants";
