//! Orders and deliveries of platforms, committed together.

use std::sync::Arc;

use super::apply::{Incoming, Outcome, Refusal, apply, count};
use super::group::{Group, NotTaken, WriterOptions};
use crate::clock::{Clock, IdGen};
use crate::db::{AnyConnection, Db, DbError, retry, split};
use crate::ids::TenantId;
use crate::webhooks::inbox::{self, Arrival, Receipt};

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

impl From<NotTaken> for WriteError {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Overloaded => Self::Overloaded,
            NotTaken::Lost => Self::Db(DbError::Failed("the batch of this order was lost".into())),
        }
    }
}

enum Item {
    Order(Box<Incoming>),
    Delivery(Arc<Arrival>),
}

impl Item {
    /// Whether it touches orders only. What else there is goes into a transaction of its own, for it takes its locks in
    /// another order.
    fn is_plain(&self) -> bool {
        match self {
            Self::Order(_) => true,
            Self::Delivery(arrival) => arrival.tells_orders_only(),
        }
    }
}

enum Written {
    Order(Outcome),
    Delivery(Receipt),
}

type Answer = Result<Written, WriteError>;

/// Writes orders, and deliveries with the orders that they tell.
#[derive(Clone)]
pub struct OrderWriter {
    group: Group<Item, Answer>,
}

impl OrderWriter {
    pub fn start(
        db: &Db,
        clock: &Arc<dyn Clock>,
        ids: &Arc<dyn IdGen>,
        options: WriterOptions,
    ) -> std::io::Result<Self> {
        let committer = Committer { db: db.clone(), clock: Arc::clone(clock), ids: Arc::clone(ids) };
        let commit = move |tenant, items| committer.commit(tenant, items);
        Ok(Self { group: Group::start("order-writer", options, &(Arc::new(commit) as _))? })
    }

    /// Writes one order, together with whatever else waits, and answers after the commit. `bytes` is what it weighs in
    /// the queue.
    pub async fn write(
        &self,
        tenant: TenantId,
        incoming: Incoming,
        bytes: usize,
    ) -> Result<Outcome, WriteError> {
        match self.group.write(tenant, Item::Order(Box::new(incoming)), bytes).await?? {
            Written::Order(outcome) => Ok(outcome),
            Written::Delivery(_) => Err(NotTaken::Lost.into()),
        }
    }

    /// Stores a delivery and applies what it tells.
    pub async fn deliver(&self, tenant: TenantId, arrival: Arc<Arrival>) -> Result<Receipt, WriteError> {
        let bytes = arrival.weight();
        match self.group.write(tenant, Item::Delivery(arrival), bytes).await?? {
            Written::Delivery(receipt) => Ok(receipt),
            Written::Order(_) => Err(NotTaken::Lost.into()),
        }
    }

    /// Orders that wait at this moment.
    pub fn waiting(&self) -> usize {
        self.group.waiting()
    }

    /// Takes no more orders, writes those that wait, and returns when they are written.
    pub fn stop(&self) {
        self.group.stop();
    }
}

struct Committer {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
}

impl Committer {
    fn commit(&self, tenant: TenantId, items: Vec<Item>) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = items.iter().map(|_| None).collect();
        for plain in [true, false] {
            let (places, together): (Vec<usize>, Vec<&Item>) =
                items.iter().enumerate().filter(|(_, item)| item.is_plain() == plain).unzip();
            for (place, answer) in places.into_iter().zip(self.commit_together(tenant, &together)) {
                answers[place] = Some(answer);
            }
        }
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(NotTaken::Lost.into()))).collect()
    }

    /// Commits items together, or apart where the database refuses one of them.
    fn commit_together(&self, tenant: TenantId, items: &[&Item]) -> Vec<Answer> {
        if items.is_empty() {
            return Vec::new();
        }
        let results = split(items, &mut |items| {
            retry(|| self.db.write_blocking(|connection| self.write(connection, tenant, items)))
        });
        let (mut failures, mut counted) = (0, Vec::new());
        let answers = items.iter().zip(results).map(|(item, result)| {
            let answer = match (item, result) {
                (_, Ok(result)) => result.map_err(WriteError::from),
                (Item::Delivery(arrival), Err(DbError::Failed(why))) => self
                    .db
                    .write_blocking(|connection| {
                        inbox::keep_failed(connection, tenant, arrival, &why, self.clock.now())
                    })
                    .map(Written::Delivery)
                    .map_err(WriteError::from),
                (_, Err(error)) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::error!(%error, "orders could not be written");
                    }
                    Err(error.into())
                }
            };
            Written::tally(&answer, &mut counted);
            answer
        });
        let answers = answers.collect();
        count(&counted);
        answers
    }

    fn write(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        items: &[&Item],
    ) -> Result<Vec<Result<Written, Refusal>>, DbError> {
        let now = self.clock.now();
        let orders: Vec<&Incoming> = items.iter().filter_map(|item| item.order()).collect();
        let arrivals: Vec<&Arrival> = items.iter().filter_map(|item| item.arrival()).collect();
        let (outcomes, receipts) = match arrivals.is_empty() {
            true => (apply(connection, tenant, &orders, now, &*self.ids)?, Vec::new()),
            false => inbox::take(connection, tenant, &arrivals, &orders, now, &*self.ids)?,
        };
        let (mut outcomes, mut receipts) = (outcomes.into_iter(), receipts.into_iter());
        let written = items.iter().map(|item| match item {
            Item::Order(_) => outcomes.next().map(|outcome| outcome.map(Written::Order)),
            Item::Delivery(_) => receipts.next().map(|receipt| Ok(Written::Delivery(receipt))),
        });
        let written: Option<Vec<_>> = written.collect();
        written.ok_or_else(|| DbError::Failed("an item of a batch has no result".into()))
    }
}

impl Item {
    fn order(&self) -> Option<&Incoming> {
        match self {
            Self::Order(incoming) => Some(incoming),
            Self::Delivery(_) => None,
        }
    }

    fn arrival(&self) -> Option<&Arrival> {
        match self {
            Self::Order(_) => None,
            Self::Delivery(arrival) => Some(arrival),
        }
    }
}

impl Written {
    /// What became of the orders that were told, for the counters.
    fn tally(answer: &Answer, counted: &mut Vec<Result<Outcome, Refusal>>) {
        match answer {
            Ok(Self::Order(outcome)) => counted.push(Ok(outcome.clone())),
            Ok(Self::Delivery(receipt)) => counted.extend(receipt.orders.iter().cloned()),
            Err(WriteError::Refused(refusal)) => counted.push(Err(refusal.clone())),
            Err(_) => {}
        }
    }
}
