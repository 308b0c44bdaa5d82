//! Takes deliveries, and knows when to stop waiting.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inbox::{self, Arrival, Receipt};
use super::pending;
use crate::clock::Clock;
use crate::db::{Db, DbError, retry};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::ingest::{Group, NotTaken, OrderWriter, WriterOptions};
use crate::jobs::JobRunner;

/// How long a sender waits for its delivery to be applied.
const APPLIED_WITHIN: Duration = Duration::from_secs(1);
/// How long after that it waits for its delivery to be stored.
const STORED_WITHIN: Duration = Duration::from_secs(1);

type Stored = Result<Receipt, DbError>;

/// Takes deliveries: applied together with whatever else waits or, where that takes too long, stored for a job.
#[derive(Clone)]
pub struct Receiver {
    writer: OrderWriter,
    appender: Group<Arc<Arrival>, Stored>,
    jobs: JobRunner,
}

impl Receiver {
    pub fn start(
        db: &Db,
        clock: &Arc<dyn Clock>,
        writer: &OrderWriter,
        jobs: &JobRunner,
        options: WriterOptions,
    ) -> std::io::Result<Self> {
        let (db, clock) = (db.clone(), Arc::clone(clock));
        let append = move |tenant: TenantId, arrivals: Vec<Arc<Arrival>>| {
            let all: Vec<&Arrival> = arrivals.iter().map(|arrival| &**arrival).collect();
            let stored = retry(|| {
                db.write_urgently(|connection| inbox::append(connection, tenant, &all, clock.now()))
            });
            match stored {
                Ok(receipts) => receipts.into_iter().map(Ok).collect(),
                Err(error) => all.iter().map(|_| Err(error.clone())).collect::<Vec<Stored>>(),
            }
        };
        let appender = Group::start("webhook-appender", options, &(Arc::new(append) as _))?;
        Ok(Self { writer: writer.clone(), appender, jobs: jobs.clone() })
    }

    /// Stores a delivery, applied if that can be done in time. After `Ok` it is safe and need not be sent again.
    pub async fn take(&self, tenant: TenantId, arrival: Arrival) -> Result<Receipt> {
        let arrival = Arc::new(arrival);
        let write = self.writer.deliver(tenant, Arc::clone(&arrival));
        let mut write = pin!(write);
        if let Ok(written) = tokio::time::timeout(APPLIED_WITHIN, &mut write).await {
            return Ok(written?);
        }
        let append = pin!(self.append(tenant, &arrival));
        let stored = async {
            tokio::select! {
                biased;
                written = &mut write => match written {
                    Ok(receipt) => Ok(receipt),
                    Err(error) => Err(Error::from(error)),
                },
                stored = append => stored,
            }
        };
        let in_time = tokio::time::timeout(STORED_WITHIN, stored).await;
        in_time.unwrap_or_else(|_| {
            Err(Error::Unavailable { retry_after: 2, cause: "a delivery could not be stored in time".into() })
        })
    }

    fn append(&self, tenant: TenantId, arrival: &Arc<Arrival>) -> impl Future<Output = Result<Receipt>> {
        let (receiver, arrival) = (self.clone(), Arc::clone(arrival));
        async move {
            let weight = arrival.weight();
            let stored = receiver.appender.write(tenant, Arc::clone(&arrival), weight).await;
            let receipt = match stored {
                Ok(stored) => stored?,
                Err(NotTaken::Overloaded | NotTaken::Lost) => return Err(DbError::Busy.into()),
            };
            arrival.appended.store(true, Ordering::Relaxed);
            receiver.jobs.wake(tenant, pending::NAME);
            Ok(receipt)
        }
    }

    /// Takes no more, and returns when those that wait are stored.
    pub fn stop(&self) {
        self.appender.stop();
    }
}
