//! Copying SQLite's log into its database file beside the commits, not within them.
//!
//! Left alone, every so many pages a commit also writes the log back, and whoever waits for that commit waits for two more
//! `fsync`s and for pages all over the file. A thread of its own does it instead; a commit only steps in where the log has
//! grown long all the same (`wal_autocheckpoint`), finds most of it done, and so lets the log begin anew.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use super::{AnyConnection, DbError, Target};

/// How often the length of the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a checkpointer that failed rests; commits do its work meanwhile.
const REST: Duration = Duration::from_secs(60);
/// From so many pages on that are not in the database file yet the log is copied: pages that change again and again are
/// then copied once.
const WORTHWHILE: i64 = 8_000;

/// Lets the thread go on for as long as it is held.
pub(super) struct Checkpointer {
    _stop: Sender<()>,
}

impl Checkpointer {
    /// Watches the log of a SQLite database that this process writes.
    pub(super) fn start(target: &Target, path: &str) -> Result<Self, DbError> {
        let (stop, stopped) = channel();
        let (target, path) = (target.clone(), path.to_owned());
        let thread = std::thread::Builder::new().name("checkpointer".into());
        thread
            .spawn(move || watch(&target, Path::new(&path), &stopped))
            .map_err(|error| DbError::Failed(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { _stop: stop })
    }
}

fn watch(target: &Target, path: &Path, stopped: &Receiver<()>) {
    let mut connection: Option<AnyConnection> = None;
    let mut wait = LOOK_EVERY;
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
        // Whoever writes first makes the file.
        if connection.is_none() && !path.exists() {
            continue;
        }
        wait = match look(&mut connection, target) {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the log cannot be copied into the database; commits will do it");
                connection = None;
                REST
            }
        };
    }
}

fn look(connection: &mut Option<AnyConnection>, target: &Target) -> Result<(), DbError> {
    let open = match connection.take() {
        Some(open) => open,
        None => target.connect(true)?,
    };
    if let AnyConnection::Sqlite(open) = connection.insert(open)
        && pending(open)? >= WORTHWHILE
    {
        open.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = BigInt)]
    log: i64,
    #[diesel(sql_type = BigInt)]
    checkpointed: i64,
}

/// Pages in the log that are not in the database file. Asked of SQLite, never read from its files: whoever closes one of
/// those gives up all locks that the process holds on it.
fn pending(connection: &mut SqliteConnection) -> QueryResult<i64> {
    let Log { log, checkpointed } =
        diesel::sql_query("PRAGMA main.wal_checkpoint(NOOP)").get_result(connection)?;
    Ok(log - checkpointed)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_long_log_is_copied_while_its_writer_stays_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = format!("{}/log.db", directory.path().display());
        let target = Target::parse(&format!("sqlite://{path}")).unwrap();
        let mut writer = target.connect(true).unwrap();
        let AnyConnection::Sqlite(writer) = &mut writer else { panic!("not SQLite") };
        writer.batch_execute("CREATE TABLE filler (content)").unwrap();
        let pages = format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {WORTHWHILE})
             INSERT INTO filler SELECT randomblob(4000) FROM n"
        );
        writer.batch_execute(&pages).unwrap();
        let before = pending(writer).unwrap();
        assert!(before >= WORTHWHILE, "{before}");
        let checkpointer = Checkpointer::start(&target, &path).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while pending(writer).unwrap() > 0 {
            assert!(Instant::now() < deadline, "the log was not copied");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(checkpointer);
    }

    #[test]
    fn other_processes_still_meet_the_writers_lock_while_the_log_is_watched() {
        let directory = tempfile::tempdir().unwrap();
        let path = format!("{}/locked.db", directory.path().display());
        let target = Target::parse(&format!("sqlite://{path}")).unwrap();
        let mut writer = target.connect(true).unwrap();
        let AnyConnection::Sqlite(writer) = &mut writer else { panic!("not SQLite") };
        writer.batch_execute("CREATE TABLE filler (content)").unwrap();
        let _checkpointer = Checkpointer::start(&target, &path).unwrap();
        writer.batch_execute("BEGIN IMMEDIATE; INSERT INTO filler VALUES (1)").unwrap();
        std::thread::sleep(4 * LOOK_EVERY);
        // Locks hold between processes, so it takes another one to see them.
        let program =
            "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')";
        let other = std::process::Command::new("python3").args(["-c", program, &path]).output();
        let Ok(other) = other else { return eprintln!("without python3 nobody tries the lock") };
        assert!(String::from_utf8_lossy(&other.stderr).contains("locked"), "{other:?}");
        writer.batch_execute("COMMIT").unwrap();
    }
}
