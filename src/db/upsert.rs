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
    /// These assignments are made, over the row that is there and the new one, `excluded`.
    Set(&'static [&'static str]),
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
            AnyConnection::Sqlite(c) => {
                let (head, tail) = (self.head(), self.tail());
                (0..rows).try_fold(0, |written, row| {
                    let statement = OneRow { values: &self.values, row, head: &head, tail: &tail };
                    Ok(written + c.execute_returning_count(&statement)?)
                })
            }
        }
    }

    /// `INSERT INTO table (columns) `
    fn head(&self) -> String {
        format!("INSERT INTO {} ({}) ", self.table.name, self.table.columns.join(", "))
    }

    /// ` ON CONFLICT (key) DO …`
    fn tail(&self) -> String {
        let key = self.table.key.join(", ");
        match self.on_conflict {
            OnConflict::Keep => format!(" ON CONFLICT ({key}) DO NOTHING"),
            OnConflict::Update(columns) => {
                let set: Vec<String> =
                    columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
            }
            OnConflict::Set(assignments) => {
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", assignments.join(", "))
            }
        }
    }
}

#[cfg(feature = "postgres")]
struct AllRows<'u, 'a>(&'u Upsert<'a>);

#[cfg(feature = "postgres")]
impl QueryFragment<diesel::pg::Pg> for AllRows<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        pass.push_sql(&self.0.head());
        pass.push_sql("SELECT * FROM ");
        super::sql::push_unnest(&self.0.values, pass.reborrow())?;
        pass.push_sql(&self.0.tail());
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
    values: &'u [Column<'a>],
    row: usize,
    /// Made once for all rows.
    head: &'u str,
    tail: &'u str,
}

#[cfg(feature = "sqlite")]
impl QueryFragment<diesel::sqlite::Sqlite> for OneRow<'_, '_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, diesel::sqlite::Sqlite>) -> QueryResult<()> {
        pass.push_sql(self.head);
        pass.push_sql("VALUES (");
        super::sql::push_row(self.values, self.row, pass.reborrow())?;
        pass.push_sql(")");
        pass.push_sql(self.tail);
        Ok(())
    }
}
#[cfg(feature = "sqlite")]
impl QueryId for OneRow<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
