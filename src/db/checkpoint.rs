//! Copying SQLite's log into its database file beside the commits, not within them.
//!
//! Left alone, every so many pages a commit also writes the log back, and whoever waits for that commit waits for two more
//! `fsync`s and for pages all over the file. A thread of its own does it instead; a commit only steps in where the log has
//! grown long all the same (`wal_autocheckpoint`), finds most of it done, and so lets the log begin anew.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::{AnyConnection, DbError, Target};

/// How often the length of the log is looked at; that costs a read of a hundred bytes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// From so many pages on that are not in the database file yet the log is copied: pages that change again and again are
/// then copied once.
const WORTHWHILE: u32 = 8_000;

/// Lets the thread go on for as long as it is held.
pub(super) struct Checkpointer {
    _stop: Sender<()>,
}

impl Checkpointer {
    /// Watches the log of a SQLite database that this process writes.
    pub(super) fn start(target: &Target, path: &str) -> Result<Self, DbError> {
        let (stop, stopped) = channel();
        let (target, index) = (target.clone(), PathBuf::from(format!("{path}-shm")));
        let thread = std::thread::Builder::new().name("checkpointer".into());
        thread
            .spawn(move || watch(&target, &index, &stopped))
            .map_err(|error| DbError::Failed(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { _stop: stop })
    }
}

fn watch(target: &Target, index: &Path, stopped: &Receiver<()>) {
    let mut connection: Option<AnyConnection> = None;
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK_EVERY) {
        if pending(index).is_none_or(|pages| pages < WORTHWHILE) {
            continue;
        }
        if connection.is_none() {
            connection = target.connect(true).ok();
        }
        if let Some(AnyConnection::Sqlite(open)) = &mut connection
            && let Err(error) = open.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")
        {
            tracing::warn!(%error, "the log could not be copied into the database; commits will do it");
            connection = None;
        }
    }
}

/// Pages in the log that are not in the database file, from the log's index (<https://sqlite.org/walformat.html>, 2.2 and
/// 2.3): `mxFrame` less `nBackfill`, in the machine's byte order.
fn pending(index: &Path) -> Option<u32> {
    let mut header = [0; 100];
    File::open(index).ok()?.read_exact(&mut header).ok()?;
    let number = |place: usize| header[place..place + 4].try_into().ok().map(u32::from_ne_bytes);
    Some(number(16)?.saturating_sub(number(96)?))
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
        let index = PathBuf::from(format!("{path}-shm"));
        let pages = format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {WORTHWHILE})
             INSERT INTO filler SELECT randomblob(4000) FROM n"
        );
        writer.batch_execute(&pages).unwrap();
        let before = pending(&index).unwrap();
        assert!(before >= WORTHWHILE, "{before}");
        let checkpointer = Checkpointer::start(&target, &path).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while pending(&index).unwrap() > 0 {
            assert!(Instant::now() < deadline, "the log was not copied");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(checkpointer);
    }
}
