//! Opening a connection to the database that a URL names, and transactions on it.

#[cfg(feature = "sqlite")]
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
#[cfg(feature = "postgres")]
use diesel::pg::PgConnection;
#[cfg(feature = "sqlite")]
use diesel::sqlite::SqliteConnection;

use super::DbError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteConnection),
}

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Postgres,
    Sqlite,
}

impl AnyConnection {
    pub fn backend(&self) -> Backend {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Backend::Postgres,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }
}

/// What `DATABASE_URL` points at. The scheme decides, never a trial connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    Postgres { url: String },
    Sqlite { path: String },
}

impl Target {
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            if cfg!(not(feature = "postgres")) {
                return Err("this build has no PostgreSQL (cargo feature `postgres`)".into());
            }
            return Ok(Self::Postgres { url: url.into() });
        }
        if let Some(path) = url.strip_prefix("sqlite://") {
            if cfg!(not(feature = "sqlite")) {
                return Err("this build has no SQLite (cargo feature `sqlite`)".into());
            }
            return match path {
                "" => {
                    Err("`sqlite://` is followed by the path of a file, such as `sqlite://huitou.db`".into())
                }
                ":memory:" => {
                    Err("the database is shared by several connections, so it must be a file".into())
                }
                path => Ok(Self::Sqlite { path: path.into() }),
            };
        }
        Err("expected `sqlite://<path>` or `postgres://<user>@<host>/<database>`".into())
    }

    pub fn backend(&self) -> Backend {
        match self {
            Self::Postgres { .. } => Backend::Postgres,
            Self::Sqlite { .. } => Backend::Sqlite,
        }
    }

    /// Opens one connection, set up as every connection of the service is.
    pub fn connect(&self, statement_cache: bool) -> Result<AnyConnection, DbError> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres { url } => {
                let mut connection = PgConnection::establish(&with_timeouts(url)).map_err(DbError::from)?;
                // Errors are told apart by their English text where diesel knows no kind for them; not every user
                // may choose the language.
                connection.batch_execute(
                    "SET TIME ZONE 'UTC'; SET client_encoding TO 'UTF8'; SET jit = off;
                     DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;",
                )?;
                if !statement_cache {
                    connection.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
                }
                Ok(AnyConnection::Postgres(connection))
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite { path } => {
                super::snapshot::deadline::watch_connections();
                let mut connection = SqliteConnection::establish(path).map_err(DbError::from)?;
                // FULL: a commit that was answered survives a power cut. WAL: readers and the writer do not wait
                // for each other.
                connection.batch_execute(&format!(
                    "PRAGMA busy_timeout = {};
                     PRAGMA journal_mode = WAL;
                     PRAGMA synchronous = FULL;
                     PRAGMA foreign_keys = ON;
                     PRAGMA cache_size = -16384;
                     PRAGMA wal_autocheckpoint = 64000;
                     PRAGMA journal_size_limit = 268435456;
                     PRAGMA temp_store = MEMORY;",
                    BUSY_TIMEOUT.as_millis()
                ))?;
                if !statement_cache {
                    connection.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
                }
                Ok(AnyConnection::Sqlite(connection))
            }
            #[cfg(not(all(feature = "postgres", feature = "sqlite")))]
            _ => unreachable!("Target::parse refuses a database that this build has not"),
        }
    }
}

/// How long a writer waits for another process that holds the SQLite file.
#[cfg(feature = "sqlite")]
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs `work` in one transaction that may write: committed when it answers `Ok`, rolled back otherwise.
///
/// On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that it cannot fail for it halfway.
pub fn transaction<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};

    type Manager = <AnyConnection as Connection>::TransactionManager;
    match connection {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    match work(connection) {
        Ok(value) => {
            Manager::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            // A connection that is gone has rolled back by itself; the first error is the one to tell.
            let _ = Manager::rollback_transaction(connection);
            Err(error)
        }
    }
}

/// Adds how long to wait for a server that does not answer, where the URL does not say.
#[cfg(feature = "postgres")]
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (parameter, value) in
        [("connect_timeout", "5"), ("tcp_user_timeout", "30000"), ("keepalives_idle", "30")]
    {
        if !url.contains(parameter) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{parameter}={value}"));
        }
    }
    url
}

/// Bounds how long a statement of a request may wait and run, so that nothing hangs on a stuck lock.
pub(super) fn limit_waiting(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => Ok(connection.batch_execute(
            "SET lock_timeout = '10s'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'",
        )?),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Sets up a connection that writes all day: its changes go to pages all over the file, and a page that it still holds need
/// not be read again.
pub(super) fn prepare_writer(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => Ok(()),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(connection) => Ok(connection.batch_execute("PRAGMA cache_size = -131072")?),
    }
}

/// Tells PostgreSQL, for the rest of the transaction, that rows are only looked up by key.
///
/// Prepared statements keep their plan: one that was made while a table was small would scan it whole for ever.
pub fn look_up_by_key(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => Ok(connection.batch_execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
        )?),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Tells PostgreSQL, for the rest of the transaction, that large sets are joined, each taken as a whole.
///
/// The planner knows nothing of rows that were just written, takes many for one or two, and would then go through one set
/// for every row of the other.
pub fn join_large_sets(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => {
            Ok(connection.batch_execute("SET LOCAL enable_nestloop = off")?)
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Tells PostgreSQL, for the rest of the transaction, to join tables in the order in which a statement names them, and that
/// looking rows up by key is cheap, as it is with solid disks and memory.
///
/// For statements whose writer knows which side is small, whatever the planner makes of tables that were just filled.
pub fn join_as_written(connection: &mut AnyConnection) -> Result<(), DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => Ok(connection
            .batch_execute("SET LOCAL join_collapse_limit = 1; SET LOCAL random_page_cost = 1.1")?),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(()),
    }
}
