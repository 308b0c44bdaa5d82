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

use crate::ids::TenantId;

/// Bounds of the queue and of a batch.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// Orders (or deliveries) in one transaction.
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

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// The queue is full, or the service is stopping.
    Overloaded,
    /// The batch panicked.
    Lost,
}

/// Commits a batch of one tenant and answers for each, in its order.
pub type Commit<T, R> = Arc<dyn Fn(TenantId, Vec<T>) -> Vec<R> + Send + Sync>;

struct Job<T, R> {
    tenant: TenantId,
    item: T,
    bytes: usize,
    answer: oneshot::Sender<R>,
}

/// Hands items to the writer threads. Dropping the last one lets them finish what waits.
pub struct Group<T, R> {
    shared: Arc<Shared<T, R>>,
}

impl<T, R> Clone for Group<T, R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<T, R> {
    queue: Mutex<Option<mpsc::Sender<Job<T, R>>>>,
    waiting: Arc<Waiting>,
    options: WriterOptions,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Waiting {
    items: AtomicUsize,
    bytes: AtomicUsize,
}

impl<T: Send + 'static, R: Send + 'static> Group<T, R> {
    /// Starts the threads; `name` is theirs.
    pub fn start(name: &str, options: WriterOptions, commit: &Commit<T, R>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let waiting = Arc::new(Waiting::default());
        let threads = (0..options.writers.max(1))
            .map(|number| {
                let worker = Worker {
                    options,
                    queue: Arc::clone(&receiver),
                    waiting: Arc::clone(&waiting),
                    commit: Arc::clone(commit),
                };
                std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || worker.run())
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        let queue = Mutex::new(Some(sender));
        Ok(Self { shared: Arc::new(Shared { queue, waiting, options, threads: Mutex::new(threads) }) })
    }

    /// Writes one item, together with whatever else waits, and answers after the commit. `bytes` is what it weighs in
    /// the queue.
    pub async fn write(&self, tenant: TenantId, item: T, bytes: usize) -> Result<R, NotTaken> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Job { tenant, item, bytes, answer })?;
        // The sender goes unused only when the batch panicked.
        answered.await.map_err(|_| NotTaken::Lost)
    }

    fn enqueue(&self, job: Job<T, R>) -> Result<(), NotTaken> {
        let Shared { queue, waiting, options, .. } = &*self.shared;
        let bytes = job.bytes;
        let items = waiting.items.fetch_add(1, Ordering::Relaxed) + 1;
        let weight = waiting.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let room = items <= options.queue_orders && weight <= options.queue_bytes.max(bytes);
        let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = room && queue.as_ref().is_some_and(|queue| queue.send(job).is_ok());
        if taken {
            Ok(())
        } else {
            waiting.leave(1, bytes);
            metrics::counter!("huitou_orders_turned_away_total").increment(1);
            Err(NotTaken::Overloaded)
        }
    }

    /// Items that wait at this moment.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.items.load(Ordering::Relaxed)
    }

    /// Takes no more, writes what waits, and returns when that is written.
    pub fn stop(&self) {
        drop(self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads =
            std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a writer thread had panicked");
            }
        }
    }
}

impl Waiting {
    fn leave(&self, items: usize, bytes: usize) {
        self.items.fetch_sub(items, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

struct Worker<T, R> {
    options: WriterOptions,
    queue: Arc<Mutex<mpsc::Receiver<Job<T, R>>>>,
    waiting: Arc<Waiting>,
    commit: Commit<T, R>,
}

impl<T, R> Worker<T, R> {
    /// Goes on until the service stops. A batch that panics takes its own callers with it, not the thread.
    fn run(&self) {
        while catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            metrics::counter!("huitou_writer_panics_total").increment(1);
            tracing::error!("writing a batch panicked; its callers were told so");
        }
    }

    fn serve(&self) {
        while let Some(jobs) = self.take() {
            metrics::histogram!("huitou_batch_orders").record(jobs.len() as f64);
            let bytes = jobs.iter().map(|job| job.bytes).sum();
            self.waiting.leave(jobs.len(), bytes);
            let mut by_tenant = jobs;
            by_tenant.sort_by_key(|job| job.tenant); // stable: each tenant's items stay in order of arrival
            while let Some(tenant) = by_tenant.first().map(|job| job.tenant) {
                let rest = by_tenant.split_off(by_tenant.partition_point(|job| job.tenant == tenant));
                let (items, answers): (Vec<T>, Vec<_>) =
                    by_tenant.into_iter().map(|job| (job.item, job.answer)).unzip();
                // A fault in one batch must not end the thread that all others wait for.
                match catch_unwind(AssertUnwindSafe(|| (self.commit)(tenant, items))) {
                    Ok(results) => {
                        for (answer, result) in answers.into_iter().zip(results) {
                            // A caller that went away needs no answer; its item is written.
                            let _ = answer.send(result);
                        }
                    }
                    Err(_) => tracing::error!("writing a batch panicked"),
                }
                by_tenant = rest;
            }
        }
    }

    /// Waits for one item, then takes what else is there. `None` when the service stops and nothing waits.
    fn take(&self) -> Option<Vec<Job<T, R>>> {
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
}
