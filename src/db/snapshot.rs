//! Reads that go together: over one state of the database, and within a time.

use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection;
use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};

use super::{AnyConnection, DbError};

/// Runs `work`, which reads only: all of its statements see the database as it was at the first, and what takes longer
/// than `limit` (on SQLite all of them together, on PostgreSQL each) is stopped with [`DbError::TooSlow`] and leaves the
/// connection free.
pub fn snapshot<T, E: From<DbError>>(
    connection: &mut AnyConnection,
    limit: Duration,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    let started = Instant::now();
    begin(connection, limit)?;
    #[cfg(feature = "sqlite")]
    let _deadline = deadline::set(started + limit);
    let outcome = work(connection);
    // Nothing was written. A connection that is gone has rolled back by itself.
    let _ = <AnyConnection as Connection>::TransactionManager::rollback_transaction(connection);
    if outcome.is_err() && started.elapsed() >= limit {
        return Err(DbError::TooSlow(limit).into());
    }
    outcome
}

#[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "SQLite's deadline is set apart"))]
fn begin(connection: &mut AnyConnection, limit: Duration) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            AnsiTransactionManager::begin_transaction_sql(
                postgres,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )?;
            // Sets of customers are hashed in memory: a set that does not fit would be gone through for every row.
            let settings = format!(
                "SET LOCAL statement_timeout = {}; SET LOCAL work_mem = '128MB'",
                limit.as_millis().max(1)
            );
            Ok(postgres.batch_execute(&settings)?)
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => Ok(AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?),
    }
}

/// SQLite has no limit of its own: each connection looks at the time of its thread now and then.
#[cfg(feature = "sqlite")]
pub(super) mod deadline {
    use std::cell::Cell;
    use std::ffi::{c_char, c_int, c_void};
    use std::sync::Once;
    use std::time::Instant;

    use libsqlite3_sys as ffi;

    thread_local! {
        static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    }

    /// Holds a deadline for what this thread asks of SQLite; dropping it takes the deadline away.
    pub struct Held;

    pub fn set(deadline: Instant) -> Held {
        DEADLINE.set(Some(deadline));
        Held
    }

    impl Drop for Held {
        fn drop(&mut self) {
            DEADLINE.set(None);
        }
    }

    /// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
    const STEPS: c_int = 10_000;

    /// Makes every connection of the process that opens from now on keep to the deadline of its thread.
    pub fn watch_connections() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: `opened` has the form that SQLite asks of such a function and lives as long as the program.
            unsafe { ffi::sqlite3_auto_extension(Some(opened)) };
        });
    }

    unsafe extern "C" fn opened(
        connection: *mut ffi::sqlite3,
        _: *mut *mut c_char,
        _: *const ffi::sqlite3_api_routines,
    ) -> c_int {
        // SAFETY: SQLite hands over a connection that it has just opened; the handler takes no argument.
        unsafe { ffi::sqlite3_progress_handler(connection, STEPS, Some(is_late), std::ptr::null_mut()) };
        ffi::SQLITE_OK
    }

    /// Anything but 0 stops the statement.
    unsafe extern "C" fn is_late(_: *mut c_void) -> c_int {
        c_int::from(DEADLINE.get().is_some_and(|deadline| Instant::now() >= deadline))
    }
}
