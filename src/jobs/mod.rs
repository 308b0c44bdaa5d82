//! Work that comes due by itself: at local midnight, every so often, or when something asks for it.
//!
//! Each tenant has a row for each job (`jobs`), and whoever works on it holds a lease there, so any number of instances
//! may run the same jobs and none needs to. Every instance knows from a look at the plan every few seconds what comes due
//! next; between the looks it asks the database nothing. What fell due while no instance ran is done once, and told how
//! far behind it is. An instance that dies loses its lease after a while, and another one takes over: so work is done at
//! least once, and must be such that doing it twice does no harm.
//!
//! A new job is a line in [`registry`].

mod plan;
mod registry;
mod runner;
mod store;

pub use plan::Schedule;
pub use registry::registry;
pub use runner::{JobRunner, RunnerOptions};
pub use store::{ask, asked_for};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::IdGen;
use crate::db::{AnyConnection, Db};
use crate::error::Result;
use crate::ids::TenantId;
use crate::time::Timestamp;

/// A kind of work that each tenant has done for it.
#[derive(Clone)]
pub struct Job {
    /// What it is called in the plan and in the metrics; never changes.
    pub name: &'static str,
    pub schedule: Schedule,
    pub work: Work,
}

/// Does a portion of the work for one tenant.
pub type Work = Arc<dyn Fn(&Run<'_>) -> Result<Progress> + Send + Sync>;

/// Whether a portion was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Done,
    /// There is more to do: call again. Long work is cut into portions well below the lease, so that the lease can be
    /// renewed and the service can stop between them.
    More,
}

/// One portion of work for one tenant.
pub struct Run<'r> {
    pub tenant: TenantId,
    /// For when it was planned. The earliest such moment, if several have passed.
    pub due_at: Timestamp,
    pub now: Timestamp,
    pub db: &'r Db,
    pub ids: &'r dyn IdGen,
    stop: &'r AtomicBool,
}

impl Run<'_> {
    /// Whether the service wants to stop: what is left is done by another instance, or after the next start.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Job {
    pub fn new(
        name: &'static str,
        schedule: Schedule,
        work: impl Fn(&Run<'_>) -> Result<Progress> + Send + Sync + 'static,
    ) -> Self {
        Self { name, schedule, work: Arc::new(work) }
    }

    /// A job of which each portion is one transaction.
    pub fn in_transactions(
        name: &'static str,
        schedule: Schedule,
        work: impl Fn(&mut AnyConnection, &Run<'_>) -> Result<Progress> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, schedule, move |run| run.db.write_blocking(|connection| work(connection, run)))
    }
}
