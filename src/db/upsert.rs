//! Many rows in one go: `INSERT … ON CONFLICT …` for any number of rows of one table.
//!
//! PostgreSQL gets one statement over `unnest` arrays; SQLite, which has no round trip to save, gets its prepared
//! single-row statement once a row.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;

use super::{AnyConnection, Column};

/// Where rows go: a table, its columns in the order of the values, and its natural or primary key.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub key: &'static [&'static str],
}

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It stays as it is.
    Keep,
    /// These columns are overwritten.
    Update(&'static [&'static str]),
}

/// Rows on their way into a table. Keys must not repeat within one upsert.
#[derive(Debug)]
pub struct Upsert<'a> {
    pub table: &'static Table,
    pub values: Vec<Column<'a>>,
    pub on_conflict: OnConflict,
}

impl Upsert<'_> {
    /// Writes the rows and tells how many were inserted or updated.
    pub fn execute(&self, connection: &mut AnyConnection) -> QueryResult<usize> {
        assert_eq!(
            self.table.columns.len(),
            self.values.len(),
            "{}: a value for each column",
            self.table.name
        );
        let rows = self.values.first().map_or(0, Column::len);
        debug_assert!(self.values.iter().all(|column| column.len() == rows), "{}", self.table.name);
        if rows == 0 {
            return Ok(0);
        }
        match connection {
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(c) => c.execute_returning_count(&AllRows(self)),
            #[cfg(feature = "sqlite")]
            AnyConnection::Sqlite(c) => (0..rows).try_fold(0, |written, row| {
                Ok(written + c.execute_returning_count(&OneRow { upsert: self, row })?)
            }),
        }
    }

    fn push_head<DB: diesel::backend::Backend>(&self, pass: &mut AstPass<'_, '_, DB>) {
        pass.push_sql("INSERT INTO ");
        pass.push_sql(self.table.name);
        pass.push_sql(" (");
        pass.push_sql(&self.table.columns.join(", "));
        pass.push_sql(") ");
    }

    fn push_tail<DB: diesel::backend::Backend>(&self, pass: &mut AstPass<'_, '_, DB>) {
        pass.push_sql(" ON CONFLICT (");
        pass.push_sql(&self.table.key.join(", "));
        match self.on_conflict {
            OnConflict::Keep => pass.push_sql(") DO NOTHING"),
            OnConflict::Update(columns) => {
                pass.push_sql(") DO UPDATE SET ");
                let set: Vec<String> =
                    columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
                pass.push_sql(&set.join(", "));
            }
        }
    }
}

#[cfg(feature = "postgres")]
struct AllRows<'u, 'a>(&'u Upsert<'a>);

#[cfg(feature = "postgres")]
impl QueryFragment<diesel::pg::Pg> for AllRows<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        self.0.push_head(&mut pass);
        pass.push_sql("SELECT * FROM ");
        super::sql::push_unnest(&self.0.values, pass.reborrow())?;
        self.0.push_tail(&mut pass);
        Ok(())
    }
}
#[cfg(feature = "postgres")]
impl QueryId for AllRows<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "sqlite")]
struct OneRow<'u, 'a> {
    upsert: &'u Upsert<'a>,
    row: usize,
}

#[cfg(feature = "sqlite")]
impl QueryFragment<diesel::sqlite::Sqlite> for OneRow<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::sqlite::Sqlite>) -> QueryResult<()> {
        self.upsert.push_head(&mut pass);
        pass.push_sql("VALUES (");
        super::sql::push_row(&self.upsert.values, self.row, pass.reborrow())?;
        pass.push_sql(")");
        self.upsert.push_tail(&mut pass);
        Ok(())
    }
}
#[cfg(feature = "sqlite")]
impl QueryId for OneRow<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
