//! A made-up history through the door: one thread makes the orders, others write them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::Failure;
use super::door::{BATCH, Door};
use super::progress::Progress;
use crate::catalog::{self, ProductItem};
use crate::consents::{self, Statement};
use crate::customers::Whom;
use crate::ids::{CustomerId, ShopId};
use crate::ingest::{self, Incoming};
use crate::synthetic::{Channel, History, listing, permission};
use crate::time::Timestamp;

/// Batches that wait for a writer.
const WAITING: usize = 4;

/// The shops that the channels sell through.
#[derive(Clone, Copy)]
pub struct Shops {
    pub online: ShopId,
    pub till: ShopId,
}

/// What was loaded.
#[derive(Default)]
pub struct Loaded {
    pub orders: AtomicU64,
    pub lines: AtomicU64,
    /// Orders that told something new.
    pub applied: AtomicU64,
}

/// Hears whose each order was.
pub type Listener<'a> = &'a (dyn Fn(&Incoming, Option<CustomerId>) + Sync);

/// Puts the catalogue into the shops.
pub fn put_catalogue(door: &Door, shops: &[ShopId]) -> Result<(), Failure> {
    let items: Vec<ProductItem> = shops
        .iter()
        .flat_map(|&shop_id| {
            listing::products().map(move |(external_id, document)| ProductItem {
                shop_id,
                external_id: external_id.into(),
                document,
            })
        })
        .collect();
    for answer in door.write(&items, catalog::upsert)? {
        answer??;
    }
    Ok(())
}

/// Keeps what buyers said about being contacted when they first ordered.
pub fn record_consents(door: &Door, buyers: &[(ShopId, String, Timestamp)]) -> Result<(), Failure> {
    let statements: Vec<Statement> = buyers
        .iter()
        .flat_map(|(shop, external_id, at)| {
            permission::answers(external_id).into_iter().map(|(channel, granted)| Statement {
                whom: Whom::Buyer(*shop, external_id.clone()),
                channel,
                granted,
                at: *at,
                source: "checkout".into(),
                note: None,
                recorded_by: None,
            })
        })
        .collect();
    for answer in door.write(&statements, consents::service::record)? {
        answer??;
    }
    Ok(())
}

/// Writes the whole history with so many writers.
pub fn load(
    door: &Door,
    history: History,
    shops: Shops,
    writers: usize,
    progress: &Progress,
    listener: Listener<'_>,
) -> Result<Loaded, Failure> {
    let (sender, receiver) = sync_channel(WAITING);
    let run = Run {
        door,
        progress,
        listener,
        batches: Mutex::new(receiver),
        failed: AtomicBool::new(false),
        loaded: Loaded::default(),
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers.max(1)).map(|_| scope.spawn(|| run.write())).collect();
        run.make(history, shops, sender);
        writers.into_iter().try_for_each(|writer| {
            writer.join().unwrap_or_else(|_| Err(Failure::from("a writer thread panicked")))
        })
    })?;
    Ok(run.loaded)
}

struct Run<'a> {
    door: &'a Door,
    progress: &'a Progress,
    listener: Listener<'a>,
    batches: Mutex<Receiver<Vec<Incoming>>>,
    failed: AtomicBool,
    loaded: Loaded,
}

impl Run<'_> {
    fn make(&self, mut history: History, shops: Shops, sender: SyncSender<Vec<Incoming>>) {
        loop {
            let batch: Vec<Incoming> =
                history.by_ref().take(BATCH).map(|order| shops.incoming(order)).collect();
            if batch.is_empty() || self.failed.load(Ordering::Relaxed) || sender.send(batch).is_err() {
                return;
            }
        }
    }

    fn write(&self) -> Result<(), Failure> {
        loop {
            let batch = self.batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(batch) = batch else { return Ok(()) };
            // After a failure what waits is taken and dropped, so that the thread that makes it can end.
            if !self.failed.load(Ordering::Relaxed) {
                self.write_batch(&batch).inspect_err(|_| self.failed.store(true, Ordering::Relaxed))?;
            }
        }
    }

    fn write_batch(&self, batch: &[Incoming]) -> Result<(), Failure> {
        let answers = self.door.write(batch, ingest::apply)?;
        let mut applied = 0;
        for (item, answer) in batch.iter().zip(answers) {
            let outcome = answer?.map_err(|refusal| format!("order {}: {refusal}", item.external_id))?;
            applied += u64::from(outcome.applied);
            (self.listener)(item, outcome.customer_id);
        }
        let lines: usize =
            batch.iter().map(|item| item.document.lines.as_deref().map_or(0, <[_]>::len)).sum();
        let count = |counter: &AtomicU64, by: u64| counter.fetch_add(by, Ordering::Relaxed);
        count(&self.loaded.orders, batch.len() as u64);
        count(&self.loaded.lines, lines as u64);
        count(&self.loaded.applied, applied);
        self.progress.advance(batch.len() as u64);
        Ok(())
    }
}

impl Shops {
    fn incoming(self, order: crate::synthetic::SyntheticOrder) -> Incoming {
        let shop_id = match order.channel {
            Channel::Online => self.online,
            Channel::Till => self.till,
        };
        Incoming { shop_id, external_id: order.external_id, document: order.document }
    }
}
