//! Who does the jobs: threads that share one look at the plan.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::plan::pause;
use super::store::{self, Claimed, Planned, Settled};
use super::{Job, Progress, Run, Schedule};
use crate::clock::{Clock, IdGen};
use crate::db::{AnyConnection, Db, DbError};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::time::{Timestamp, time_zone};

/// How the runner goes about it.
#[derive(Debug, Clone, Copy)]
pub struct RunnerOptions {
    /// Jobs at the same time.
    pub threads: usize,
    /// Seconds for which a job is taken; it is renewed after every portion.
    pub lease: i64,
    /// Seconds between two looks at the plan.
    pub look_every: i64,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { threads: 2, lease: 300, look_every: 15 }
    }
}

/// Does the jobs of all tenants, beside the runners of other instances.
#[derive(Clone)]
pub struct JobRunner {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    jobs: Vec<Job>,
    options: RunnerOptions,
    /// Who we are, in the leases that we hold.
    holder: Uuid,
    agenda: Mutex<Agenda>,
    changed: Condvar,
    started: AtomicBool,
    stop: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What is known to come due.
#[derive(Default)]
struct Agenda {
    due: BTreeSet<(Timestamp, TenantId, usize)>,
    /// When to look at the plan again; at once at first.
    look_at: Option<Timestamp>,
    /// Somebody is looking.
    looking: bool,
}

enum Step {
    Look,
    Attempt(TenantId, usize),
    Wait(Duration),
}

/// How one attempt at a job ended.
enum End {
    Done,
    Failed(String),
    /// The service is stopping; the rest is for others.
    Interrupted,
    /// The lease ran out and somebody else has the job.
    Lost,
}

impl End {
    fn label(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
            Self::Lost => "lost",
        }
    }
}

/// How long a thread sleeps at most, so that it notices a clock that was moved.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

impl JobRunner {
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGen>,
        jobs: Vec<Job>,
        options: RunnerOptions,
    ) -> Self {
        let holder = ids.uuid(clock.now());
        let shared = Shared {
            db,
            clock,
            ids,
            jobs,
            options,
            holder,
            agenda: Mutex::default(),
            changed: Condvar::new(),
            started: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            threads: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the threads.
    pub fn start(&self) -> std::io::Result<()> {
        self.shared.started.store(true, Ordering::Relaxed);
        for number in 0..self.shared.options.threads {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name(format!("jobs-{number}"));
            let thread = thread.spawn(move || shared.serve())?;
            self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(())
    }

    /// Does everything that is due by now in the caller's thread, and tells how many jobs that were.
    pub fn run_due(&self) -> Result<usize, DbError> {
        let shared = &self.shared;
        let mut done = 0;
        shared.look()?;
        loop {
            let now = shared.clock.now();
            let mut agenda = shared.agenda();
            let Some(&(_, tenant, job)) = agenda.due.first().filter(|(from, ..)| *from <= now) else {
                return Ok(done);
            };
            agenda.due.pop_first();
            drop(agenda);
            done += usize::from(shared.attempt(tenant, job));
        }
    }

    /// Looks at a tenant's job at once: this process asked for it and need not wait for the next look at the plan.
    pub fn wake(&self, tenant: TenantId, name: &str) {
        let now = self.shared.clock.now();
        // An instance that does no jobs leaves it to the others.
        let started = self.shared.started.load(Ordering::Relaxed);
        if let Some(job) = self.shared.number_of(name).filter(|_| started) {
            self.shared.agenda().due.insert((now, tenant, job));
            self.shared.changed.notify_one();
        }
    }

    /// Begins no more jobs, and returns when the portions in progress are finished.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        drop(self.shared.agenda());
        self.shared.changed.notify_all();
        let threads =
            std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread for jobs had panicked");
            }
        }
    }
}

impl Shared {
    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number_of(&self, name: &str) -> Option<usize> {
        self.jobs.iter().position(|job| job.name == name)
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Goes on until the service stops.
    fn serve(&self) {
        loop {
            let mut agenda = self.agenda();
            if self.is_stopping() {
                return;
            }
            match agenda.step(self.clock.now()) {
                Step::Wait(pause) => {
                    let waited = self.changed.wait_timeout(agenda, pause);
                    drop(waited.unwrap_or_else(PoisonError::into_inner));
                }
                Step::Look => {
                    drop(agenda);
                    if let Err(error) = self.look() {
                        tracing::warn!(%error, "the plan of jobs cannot be read; trying again later");
                    }
                }
                Step::Attempt(tenant, job) => {
                    drop(agenda);
                    self.attempt(tenant, job);
                }
            }
        }
    }

    /// Reads what comes due before the next look, and plans the jobs of tenants that have none yet.
    fn look(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let next = now.plus_seconds(self.options.look_every);
        let found = self.plan_missing(now).and_then(|()| {
            let until = next.plus_seconds(self.options.look_every);
            self.db.read_blocking(|connection| store::planned(connection, until))
        });
        let mut agenda = self.agenda();
        agenda.looking = false;
        agenda.look_at = Some(next);
        let due =
            |planned: Planned| Some((planned.from(), planned.tenant_id, self.number_of(&planned.name)?));
        agenda.due.extend(found?.into_iter().filter_map(due));
        self.changed.notify_all();
        Ok(())
    }

    fn plan_missing(&self, now: Timestamp) -> Result<(), DbError> {
        let regular: Vec<&Job> = self.jobs.iter().filter(|job| job.schedule != Schedule::WhenAsked).collect();
        let names: Vec<&str> = regular.iter().map(|job| job.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        let missing = self.db.read_blocking(|connection| store::unplanned(connection, &names))?;
        for tenant in missing {
            let zone = zone(&tenant.timezone);
            let due = regular.iter().filter_map(|job| Some((job.name, job.schedule.after(now, &zone)?)));
            let due: Vec<(&str, Timestamp)> = due.collect();
            self.db.write_blocking(|connection| store::plan(connection, tenant.tenant_id, &due))?;
        }
        Ok(())
    }

    /// Does a tenant's job, if it is still due and nobody else has it.
    fn attempt(&self, tenant: TenantId, number: usize) -> bool {
        let Some(job) = self.jobs.get(number) else {
            return false;
        };
        let now = self.clock.now();
        let claimed = self.db.write_blocking(|connection| {
            store::claim(connection, tenant, job.name, self.holder, now, self.lease(now))
        });
        let claimed = match claimed {
            Ok(Some(claimed)) => claimed,
            // Others have it, or it was done already.
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(job = job.name, %error, "a job cannot be taken; trying again at the next look");
                return false;
            }
        };
        let lag = (now.micros() - claimed.due_at.micros()).max(0) as f64 / 1e6;
        metrics::gauge!("huitou_job_lag_seconds", "job" => job.name).set(lag);
        let started = Instant::now();
        let end = self.work(tenant, job, &claimed);
        metrics::histogram!("huitou_job_duration_seconds", "job" => job.name)
            .record(started.elapsed().as_secs_f64());
        let end = self.settle(tenant, job, &claimed, end);
        metrics::counter!("huitou_jobs_total", "job" => job.name, "outcome" => end.label()).increment(1);
        match &end {
            End::Failed(error) => tracing::error!(job = job.name, %tenant, error, "a job failed"),
            End::Lost => tracing::warn!(job = job.name, %tenant, "a job took longer than its lease"),
            End::Done | End::Interrupted => {}
        }
        true
    }

    fn lease(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.options.lease)
    }

    /// Portion after portion.
    fn work(&self, tenant: TenantId, job: &Job, claimed: &Claimed) -> End {
        loop {
            let now = self.clock.now();
            let run =
                Run { tenant, due_at: claimed.due_at, now, db: &self.db, ids: &*self.ids, stop: &self.stop };
            match catch_unwind(AssertUnwindSafe(|| (job.work)(&run))) {
                Ok(Ok(Progress::Done)) => return End::Done,
                Ok(Ok(Progress::More)) if self.is_stopping() => return End::Interrupted,
                Ok(Ok(Progress::More)) => {}
                Ok(Err(error)) => return End::Failed(cause(&error)),
                Err(_) => return End::Failed("the job panicked".into()),
            }
            let until = self.lease(self.clock.now());
            let renewed = self
                .db
                .write_blocking(|connection| store::renew(connection, tenant, job.name, self.holder, until));
            match renewed {
                Ok(true) => {}
                Ok(false) => return End::Lost,
                Err(error) => return End::Failed(error.to_string()),
            }
        }
    }

    /// Lets go of the job and plans its next time.
    fn settle(&self, tenant: TenantId, job: &Job, claimed: &Claimed, end: End) -> End {
        let now = self.clock.now();
        let next = job.schedule.after(now, &zone(&claimed.timezone));
        let same = Settled {
            due_at: Some(claimed.due_at),
            run_at: Some(now),
            failures: claimed.failures,
            error: None,
            at: now,
        };
        let settled = match &end {
            End::Done => Settled { due_at: next, run_at: next, failures: 0, ..same },
            End::Failed(error) => {
                let failures = claimed.failures + 1;
                Settled {
                    run_at: Some(now.plus_seconds(pause(failures))),
                    failures,
                    error: Some(error),
                    ..same
                }
            }
            End::Interrupted => same,
            End::Lost => return end,
        };
        let run_at = settled.run_at;
        let written = self.db.write_blocking(|connection: &mut AnyConnection| {
            store::settle(connection, tenant, job.name, self.holder, claimed, &settled)
        });
        match written {
            Ok(true) => {
                if let (Some(run_at), Some(number)) = (run_at, self.number_of(job.name)) {
                    self.agenda().due.insert((run_at, tenant, number));
                }
                end
            }
            Ok(false) => End::Lost,
            // The lease ends by itself, and the job is done once more.
            Err(error) => End::Failed(error.to_string()),
        }
    }
}

impl Agenda {
    fn step(&mut self, now: Timestamp) -> Step {
        if !self.looking && self.look_at.is_none_or(|at| at <= now) {
            self.looking = true;
            return Step::Look;
        }
        match self.due.first().copied() {
            Some(entry @ (from, tenant, job)) if from <= now => {
                self.due.remove(&entry);
                Step::Attempt(tenant, job)
            }
            next => {
                let moments = next.map(|(from, ..)| from).into_iter().chain(self.look_at);
                let micros = moments.min().map_or(0, |moment| moment.micros() - now.micros());
                Step::Wait(Duration::from_micros(micros.max(1_000) as u64).min(LONGEST_SLEEP))
            }
        }
    }
}

fn zone(name: &str) -> TimeZone {
    time_zone(name).unwrap_or(TimeZone::UTC)
}

/// What the log and the plan may know; it holds no personal data.
fn cause(error: &Error) -> String {
    error.hidden_cause().map_or_else(|| error.to_string(), str::to_owned)
}
