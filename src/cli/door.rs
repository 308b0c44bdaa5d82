//! What a command brings in, straight through the doors that requests go through, in batches.

use std::sync::Arc;

use crate::clock::{Clock, IdGen, RandomIds, SystemClock};
use crate::db::{self, AnyConnection, Db, DbError};
use crate::ids::TenantId;
use crate::time::Timestamp;

/// Items in one transaction.
pub const BATCH: usize = 1_000;

/// The way in for one tenant.
#[derive(Clone)]
pub struct Door {
    pub db: Db,
    pub tenant: TenantId,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    /// Everything is taken back after it was done.
    rehearsing: bool,
}

/// How a batch ended without a commit.
enum Uncommitted<R> {
    Failed(DbError),
    /// As it was meant to.
    Rehearsed(Vec<R>),
}

impl<R> From<DbError> for Uncommitted<R> {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<diesel::result::Error> for Uncommitted<R> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Door {
    pub fn new(db: Db, tenant: TenantId) -> Self {
        Self {
            db,
            tenant,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            rehearsing: false,
        }
    }

    /// Does everything and takes it back.
    pub fn rehearsing(self, rehearsing: bool) -> Self {
        Self { rehearsing, ..self }
    }

    /// Writes the items with `work` ([`crate::ingest::apply`] and its likes) and answers for each. What the database
    /// refuses as a whole is tried in halves, until the item at fault stands alone; an error means that the database
    /// is away.
    pub fn write<T, R>(
        &self,
        items: &[T],
        work: impl Fn(&mut AnyConnection, TenantId, &[T], Timestamp, &dyn IdGen) -> Result<Vec<R>, DbError>,
    ) -> Result<Vec<Result<R, DbError>>, DbError> {
        let results = db::split(items, &mut |items| db::retry(|| self.batch(items, &work)));
        let away = |error: &&DbError| matches!(error, DbError::Unreachable(_) | DbError::Busy);
        match results.iter().filter_map(|result| result.as_ref().err()).find(away) {
            Some(error) => Err(error.clone()),
            None => Ok(results),
        }
    }

    fn batch<T, R>(
        &self,
        items: &[T],
        work: impl Fn(&mut AnyConnection, TenantId, &[T], Timestamp, &dyn IdGen) -> Result<Vec<R>, DbError>,
    ) -> Result<Vec<R>, DbError> {
        let now = self.clock.now();
        let outcome = self.db.write_blocking(|connection| {
            let answers = work(connection, self.tenant, items, now, &*self.ids)?;
            if self.rehearsing { Err(Uncommitted::Rehearsed(answers)) } else { Ok(answers) }
        });
        match outcome {
            Ok(answers) | Err(Uncommitted::Rehearsed(answers)) => Ok(answers),
            Err(Uncommitted::Failed(error)) => Err(error),
        }
    }
}
