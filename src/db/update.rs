//! Many rows in one go, each with its own values: `UPDATE` by key.
//!
//! As with [`super::Upsert`], PostgreSQL gets one statement over arrays and SQLite its prepared statement once a key.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;

use super::types::Guid;
use super::{AnyConnection, Column};
use crate::ids::TenantId;

/// New values for the rows of one tenant that have a key.
#[derive(Debug)]
pub struct UpdateByKey<'a> {
    pub table: &'static str,
    pub tenant: TenantId,
    /// The column that is compared, and the keys.
    pub key: (&'static str, Column<'a>),
    /// The columns that are set, and a value for each key.
    pub set: (&'static [&'static str], Vec<Column<'a>>),
}

impl UpdateByKey<'_> {
    /// Updates the rows and tells how many there were.
    pub fn execute(&self, connection: &mut AnyConnection) -> QueryResult<usize> {
        let keys = self.key.1.len();
        if keys == 0 {
            return Ok(0);
        }
        match connection {
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(c) => c.execute_returning_count(&AllKeys(self)),
            #[cfg(feature = "sqlite")]
            AnyConnection::Sqlite(c) => (0..keys).try_fold(0, |updated, row| {
                Ok(updated + c.execute_returning_count(&OneKey { update: self, row })?)
            }),
        }
    }
}

#[cfg(feature = "postgres")]
struct AllKeys<'u, 'a>(&'u UpdateByKey<'a>);

#[cfg(feature = "postgres")]
impl QueryFragment<diesel::pg::Pg> for AllKeys<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        let UpdateByKey { table, tenant, key: (key, keys), set: (columns, values) } = self.0;
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = k.{column}")).collect();
        pass.push_sql(&format!("UPDATE {table} SET {} FROM ", set.join(", ")));
        super::sql::push_unnest([keys].into_iter().chain(values), pass.reborrow())?;
        pass.push_sql(&format!(" AS k({key}, {}) WHERE {table}.tenant_id = ", columns.join(", ")));
        pass.push_bind_param::<Guid, _>(tenant)?;
        pass.push_sql(&format!(" AND {table}.{key} = k.{key}"));
        Ok(())
    }
}
#[cfg(feature = "postgres")]
impl QueryId for AllKeys<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "sqlite")]
struct OneKey<'u, 'a> {
    update: &'u UpdateByKey<'a>,
    row: usize,
}

#[cfg(feature = "sqlite")]
impl QueryFragment<diesel::sqlite::Sqlite> for OneKey<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::sqlite::Sqlite>) -> QueryResult<()> {
        let UpdateByKey { table, tenant, key: (key, keys), set: (columns, values) } = self.update;
        pass.push_sql(&format!("UPDATE {table} SET "));
        for (place, (column, value)) in columns.iter().zip(values).enumerate() {
            pass.push_sql(if place > 0 { ", " } else { "" });
            pass.push_sql(&format!("{column} = "));
            super::sql::push_cell(value, self.row, pass.reborrow())?;
        }
        pass.push_sql(" WHERE tenant_id = ");
        pass.push_bind_param::<Guid, _>(tenant)?;
        pass.push_sql(&format!(" AND {key} = "));
        super::sql::push_cell(keys, self.row, pass.reborrow())
    }
}
#[cfg(feature = "sqlite")]
impl QueryId for OneKey<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
