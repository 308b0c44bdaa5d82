//! Bringing a database to the schema of this version, and telling where it stands.

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, DbError};

#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// One migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    pub name: String,
    pub applied: bool,
}

/// Applies what is missing, oldest first, and names what it applied. On Citus the tables are then distributed.
pub fn up(connection: &mut AnyConnection) -> Result<Vec<String>, DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => {
            let applied = run_pending(c, POSTGRES)?;
            super::distribute::distribute(connection)?;
            Ok(applied)
        }
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(c) => run_pending(c, SQLITE),
    }
}

/// Takes the newest migration back, with all data that only it can hold, and names it.
pub fn down(connection: &mut AnyConnection) -> Result<Option<String>, DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => revert_last(c, POSTGRES),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(c) => revert_last(c, SQLITE),
    }
}

/// All migrations of this version, oldest first.
pub fn status(connection: &mut AnyConnection) -> Result<Vec<MigrationStatus>, DbError> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => status_of(c, POSTGRES),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(c) => status_of(c, SQLITE),
    }
}

fn run_pending<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, DbError> {
    let applied = connection.run_pending_migrations(migrations).map_err(failed)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

fn revert_last<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Option<String>, DbError> {
    if connection.applied_migrations().map_err(failed)?.is_empty() {
        return Ok(None);
    }
    Ok(Some(connection.revert_last_migration(migrations).map_err(failed)?.to_string()))
}

fn status_of<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<MigrationStatus>, DbError> {
    let known: Vec<Box<dyn Migration<DB>>> = migrations.migrations().map_err(failed)?;
    let applied = connection.applied_migrations().map_err(failed)?;
    let mut status: Vec<MigrationStatus> = known
        .iter()
        .map(|migration| MigrationStatus {
            name: migration.name().to_string(),
            applied: applied.contains(&migration.name().version()),
        })
        .collect();
    status.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(status)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Failed(error.to_string())
}
