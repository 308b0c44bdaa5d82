//! Group commit: callers that wait at the same time share one transaction.
//!
//! A writer thread takes whatever waits, up to a bound, commits it and answers each caller with its own result. It
//! never waits for more, so an idle service answers as fast as a single transaction; under load the batches grow by
//! themselves. The queue is bounded: past it callers are told to come back later.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::apply::{Incoming, Outcome, Refusal, apply, count};
use crate::clock::{Clock, IdGen};
use crate::db::{Db, DbError, retry, split};
use crate::ids::TenantId;

/// Bounds of the queue and of a batch.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// Orders in one transaction.
    pub batch_orders: usize,
    /// Bytes of orders in one transaction.
    pub batch_bytes: usize,
    /// Orders that may wait.
    pub queue_orders: usize,
    /// Bytes of orders that may wait.
    pub queue_bytes: usize,
    /// Transactions at the same time.
    pub writers: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            batch_orders: 500,
            batch_bytes: 8 * 1024 * 1024,
            queue_orders: 8_192,
            queue_bytes: 64 * 1024 * 1024,
            writers: 1,
        }
    }
}

/// Why an order was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The queue is full, or the service is stopping.
    #[error("too many orders are waiting")]
    Overloaded,
    /// This order is refused; others of its batch may have been written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Db(#[from] DbError),
}

struct Job {
    tenant: TenantId,
    incoming: Incoming,
    bytes: usize,
    answer: oneshot::Sender<Result<Outcome, WriteError>>,
}

/// Hands orders to the writer threads. Dropping the last one lets them finish what waits.
#[derive(Clone)]
pub struct OrderWriter {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    waiting: Arc<Waiting>,
    options: WriterOptions,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Waiting {
    orders: AtomicUsize,
    bytes: AtomicUsize,
}

impl OrderWriter {
    pub fn start(
        db: &Db,
        clock: &Arc<dyn Clock>,
        ids: &Arc<dyn IdGen>,
        options: WriterOptions,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let waiting = Arc::new(Waiting::default());
        let threads = (0..options.writers.max(1))
            .map(|number| {
                let worker = Worker {
                    db: db.clone(),
                    clock: Arc::clone(clock),
                    ids: Arc::clone(ids),
                    options,
                    queue: Arc::clone(&receiver),
                    waiting: Arc::clone(&waiting),
                };
                std::thread::Builder::new().name(format!("order-writer-{number}")).spawn(move || worker.run())
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        let queue = Mutex::new(Some(sender));
        Ok(Self { shared: Arc::new(Shared { queue, waiting, options, threads: Mutex::new(threads) }) })
    }

    /// Writes one order, together with whatever else waits, and answers after the commit. `bytes` is what it weighs in
    /// the queue.
    pub async fn write(
        &self,
        tenant: TenantId,
        incoming: Incoming,
        bytes: usize,
    ) -> Result<Outcome, WriteError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Job { tenant, incoming, bytes, answer })?;
        // The sender goes unused only when the batch panicked.
        let lost = || DbError::Failed("the batch of this order was lost".into());
        answered.await.unwrap_or_else(|_| Err(WriteError::Db(lost())))
    }

    fn enqueue(&self, job: Job) -> Result<(), WriteError> {
        let Shared { queue, waiting, options, .. } = &*self.shared;
        let bytes = job.bytes;
        let orders = waiting.orders.fetch_add(1, Ordering::Relaxed) + 1;
        let weight = waiting.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let room = orders <= options.queue_orders && weight <= options.queue_bytes.max(bytes);
        let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = room && queue.as_ref().is_some_and(|queue| queue.send(job).is_ok());
        if taken {
            Ok(())
        } else {
            waiting.leave(1, bytes);
            metrics::counter!("huitou_orders_turned_away_total").increment(1);
            Err(WriteError::Overloaded)
        }
    }

    /// Orders that wait at this moment.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.orders.load(Ordering::Relaxed)
    }

    /// Takes no more orders, writes those that wait, and returns when they are written.
    pub fn stop(&self) {
        drop(self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads =
            std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("an order writer thread had panicked");
            }
        }
    }
}

impl Waiting {
    fn leave(&self, orders: usize, bytes: usize) {
        self.orders.fetch_sub(orders, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

struct Worker {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    options: WriterOptions,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    waiting: Arc<Waiting>,
}

impl Worker {
    /// Goes on until the service stops. A batch that panics takes its own callers with it, not the thread.
    fn run(&self) {
        while catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            metrics::counter!("huitou_writer_panics_total").increment(1);
            tracing::error!("writing a batch of orders panicked; its callers were told so");
        }
    }

    fn serve(&self) {
        while let Some(jobs) = self.take() {
            metrics::histogram!("huitou_batch_orders").record(jobs.len() as f64);
            let bytes = jobs.iter().map(|job| job.bytes).sum();
            self.waiting.leave(jobs.len(), bytes);
            let mut by_tenant: Vec<Job> = jobs;
            by_tenant.sort_by_key(|job| job.tenant); // stable: each tenant's orders stay in order of arrival
            while let Some(tenant) = by_tenant.first().map(|job| job.tenant) {
                let rest = by_tenant.split_off(by_tenant.partition_point(|job| job.tenant == tenant));
                // A fault in one batch must not end the thread that all others wait for.
                if catch_unwind(AssertUnwindSafe(|| self.commit(by_tenant))).is_err() {
                    tracing::error!("writing a batch of orders panicked");
                }
                by_tenant = rest;
            }
        }
    }

    /// Waits for one order, then takes what else is there. `None` when the service stops and nothing waits.
    fn take(&self) -> Option<Vec<Job>> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let first = queue.recv().ok()?;
        let mut bytes = first.bytes;
        let mut jobs = vec![first];
        while jobs.len() < self.options.batch_orders && bytes < self.options.batch_bytes {
            let Ok(job) = queue.try_recv() else { break };
            bytes += job.bytes;
            jobs.push(job);
        }
        Some(jobs)
    }

    /// Commits orders of one tenant together, or apart where the database refuses one of them.
    fn commit(&self, jobs: Vec<Job>) {
        let Some(tenant) = jobs.first().map(|job| job.tenant) else {
            return;
        };
        let (items, answers): (Vec<Incoming>, Vec<_>) =
            jobs.into_iter().map(|job| (job.incoming, job.answer)).unzip();
        let results = split(&items, &mut |items| {
            retry(|| {
                let now = self.clock.now();
                self.db.write_blocking(|connection| apply(connection, tenant, items, now, &*self.ids))
            })
        });
        count(results.iter().flatten());
        if let Some(error) = results.iter().find_map(|result| result.as_ref().err()) {
            let orders = results.iter().filter(|result| result.is_err()).count();
            tracing::error!(orders, %error, "orders could not be written");
        }
        for (answer, result) in answers.into_iter().zip(results) {
            let result = match result {
                Ok(outcome) => outcome.map_err(WriteError::from),
                Err(error) => Err(WriteError::from(error)),
            };
            // A caller that went away needs no answer; its order is written.
            let _ = answer.send(result);
        }
    }
}
