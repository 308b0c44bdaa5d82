//! Orders from a command straight through the ingest door, in batches.

use std::sync::Arc;

use crate::clock::{Clock, IdGen, RandomIds, SystemClock};
use crate::db::{Db, DbError, retry, split};
use crate::ids::TenantId;
use crate::ingest::{self, Incoming, Outcome, Refusal};

/// Orders in one transaction.
pub const BATCH: usize = 1_000;

/// The door, for one tenant.
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
enum Uncommitted {
    Failed(DbError),
    /// As it was meant to.
    Rehearsed(Vec<Result<Outcome, Refusal>>),
}

impl From<DbError> for Uncommitted {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for Uncommitted {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What became of one order, or why it was refused.
pub type Answer = Result<Outcome, String>;

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

    /// Applies the orders and answers for each. What the database refuses as a whole is tried in halves, until the order
    /// at fault stands alone.
    pub fn apply(&self, items: &[Incoming]) -> Result<Vec<Answer>, DbError> {
        split(items, &mut |items| retry(|| self.batch(items)))
            .into_iter()
            .map(|answer| match answer {
                Ok(outcome) => Ok(outcome.map_err(|refusal| refusal.to_string())),
                Err(DbError::Failed(reason)) => Ok(Err(reason)),
                Err(error) => Err(error),
            })
            .collect()
    }

    fn batch(&self, items: &[Incoming]) -> Result<Vec<Result<Outcome, Refusal>>, DbError> {
        let now = self.clock.now();
        let outcome = self.db.write_blocking(|connection| {
            let answers = ingest::apply(connection, self.tenant, items, now, &*self.ids)?;
            if self.rehearsing { Err(Uncommitted::Rehearsed(answers)) } else { Ok(answers) }
        });
        match outcome {
            Ok(answers) | Err(Uncommitted::Rehearsed(answers)) => Ok(answers),
            Err(Uncommitted::Failed(error)) => Err(error),
        }
    }
}
