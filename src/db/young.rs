//! What PostgreSQL's planner knows of tables that have just begun to grow.
//!
//! Of a table that was never analyzed it knows nothing, so that every index that begins with the tenant seems as good as
//! the one that leads to the row, and a prepared statement keeps the plan that it got then. The server looks at such a
//! table by itself, but up to a minute later; until then a new shop would take in orders at a tenth of the speed and
//! slower with each. So the service looks itself, seldom, while tables grow by multiples.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{AnyConnection, DbError};

/// Counts transactions that have written, and has the tables looked at after the 16th, the 32nd, the 64th, and so on.
#[derive(Default)]
pub(super) struct Growth {
    written: AtomicU64,
}

const FIRST: u64 = 16;

impl Growth {
    /// To be told after each commit, outside of a transaction.
    pub fn note(&self, connection: &mut AnyConnection) {
        let written = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        if written < FIRST || !written.is_power_of_two() {
            return;
        }
        // What was written stands; a later look may succeed, and the server's own comes anyway.
        if let Err(error) = analyze_grown(connection) {
            tracing::debug!(%error, "tables that have grown could not be analyzed");
        }
    }
}

/// Analyzes tables that are several times larger than when they were last looked at.
fn analyze_grown(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => postgres::analyze_grown(connection),
        // Its figures come with the migrations.
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::DbError;

    #[derive(QueryableByName)]
    struct Grown {
        #[diesel(sql_type = Text)]
        name: String,
    }

    /// Pages, not rows: their number is known at once. A small table is looked at when it has a few.
    const GROWN: &str = "
        SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'r'
          AND pg_relation_size(c.oid) > 3 * GREATEST(c.relpages, 4) * current_setting('block_size')::bigint
        ORDER BY c.oid";

    pub fn analyze_grown(connection: &mut PgConnection) -> Result<(), DbError> {
        let grown: Vec<Grown> = diesel::sql_query(GROWN).load(connection)?;
        if grown.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = grown.into_iter().map(|table| table.name).collect();
        // Another instance, or the server, may be about it already.
        Ok(connection.batch_execute(&format!("ANALYZE (SKIP_LOCKED) {}", names.join(", ")))?)
    }
}
