//! Rows of one table by many keys.

use super::{AnyConnection, Backend, Bind, Column, Sql};
use crate::sql;

/// The rows of a table that have one of these keys, looked up key by key through the index that begins with the columns
/// of `within` and goes on with `key`.
///
/// A planner that knows nothing of a young table would read all rows `within` and compare; a look-up for each key is
/// right at any size, so this leaves it no choice.
pub struct Keyed<'a> {
    pub table: &'static str,
    /// What the rest of the statement calls it.
    pub alias: &'static str,
    /// What the keys have in common, the tenant first: `o.tenant_id = {}`.
    pub within: Sql<'a>,
    pub key: &'static str,
    /// In the order in which rows are locked.
    pub keys: Column<'a>,
    /// Whether the rows are locked until the end of the transaction (on SQLite the writer is alone anyway).
    pub lock: bool,
}

impl<'a> Keyed<'a> {
    /// The rows as a table, for a `FROM`.
    pub fn rows(self, connection: &AnyConnection) -> Sql<'a> {
        let Self { table, alias, within, key, keys, lock } = self;
        match connection.backend() {
            Backend::Postgres => {
                let lock = if lock { " FOR UPDATE" } else { "" };
                let text = format!(
                    "(SELECT {alias}.* FROM unnest({{}}) AS k(key) CROSS JOIN LATERAL
                        (SELECT * FROM {table} {alias} WHERE {{}} AND {alias}.{key} = k.key OFFSET 0{lock}) {alias}) {alias}"
                );
                Sql::owned(text, vec![Bind::Array(keys), Bind::Sql(within)])
            }
            Backend::Sqlite => {
                let text =
                    format!("(SELECT * FROM {table} {alias} WHERE {{}} AND {alias}.{key} {{}}) {alias}");
                Sql::owned(text, vec![Bind::Sql(within), Bind::AnyOf(keys)])
            }
        }
    }

    /// The rows of a tenant with these keys, not locked.
    pub fn of_tenant(
        table: &'static str,
        alias: &'static str,
        tenant: crate::ids::TenantId,
        key: &'static str,
        keys: Column<'a>,
    ) -> Self {
        let mut within = Sql::text(alias);
        within.push(sql!(".tenant_id = {}", tenant));
        Self { table, alias, within, key, keys, lock: false }
    }
}
