//! Deliveries on their way in: stored and applied in the transaction of the caller.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::apply::{self, Settled};
use super::delivery::{DeliveryStatus, Header};
use super::store;
use crate::clock::IdGen;
use crate::db::{self, AnyConnection, DbError};
use crate::ids::{DeliveryId, ShopId, TenantId};
use crate::ingest::{Incoming, Outcome, Refusal};
use crate::platforms::{Delivery, Event, ParseError};
use crate::shops::Platform;
use crate::time::Timestamp;

/// An authentic request that came in.
#[derive(Debug)]
pub struct Arrival {
    pub id: DeliveryId,
    pub shop_id: ShopId,
    pub platform: Platform,
    pub received_at: Timestamp,
    pub key: String,
    pub topic: String,
    pub event_at: Option<Timestamp>,
    pub request: Stored,
    pub told: Result<Told, ParseError>,
    /// It was stored alone meanwhile, because applying it took too long.
    pub appended: AtomicBool,
}

/// What is kept of a request, enough to parse it again.
#[derive(Debug, Clone)]
pub struct Stored {
    pub headers: Vec<Header>,
    pub tail: String,
    pub query: String,
    pub body: Bytes,
}

/// What a request tells, each with its place in the message.
#[derive(Debug, Default)]
pub struct Told {
    pub orders: Vec<(usize, Incoming)>,
    pub others: Vec<(usize, Event)>,
}

impl Told {
    pub fn new(shop_id: ShopId, events: Vec<Event>) -> Self {
        let mut told = Self::default();
        for (place, event) in events.into_iter().enumerate() {
            match event {
                Event::Order { external_id, document } => {
                    told.orders.push((place, Incoming { shop_id, external_id, document: *document }));
                }
                other => told.others.push((place, other)),
            }
        }
        told
    }

    pub fn events(&self) -> usize {
        self.orders.len() + self.others.len()
    }

    /// The one order or customer that it is about.
    pub fn subject(&self) -> Option<&str> {
        let orders = self.orders.iter().map(|(_, order)| order.external_id.as_str());
        let customers = self.others.iter().filter_map(|(_, event)| match event {
            Event::Customer(update) => Some(update.external_id.as_str()),
            Event::CustomerDataRequest(request) | Event::CustomerRedact(request) => {
                request.external_id.as_deref()
            }
            _ => None,
        });
        let mut subjects = orders.chain(customers);
        let first = subjects.next()?;
        subjects.all(|other| other == first).then_some(first)
    }
}

/// What the adapter made of a request: its parts in the archive's terms, or why there are none.
pub struct Reading {
    pub key: String,
    pub topic: String,
    pub event_at: Option<Timestamp>,
    pub told: Result<Told, ParseError>,
}

impl Reading {
    /// `fallback` is the key of a request that cannot be read.
    pub fn new(
        shop_id: ShopId,
        parsed: Result<Delivery, ParseError>,
        fallback: impl FnOnce() -> String,
    ) -> Self {
        match parsed {
            Ok(delivery) => Self {
                key: delivery.delivery_key,
                topic: delivery.topic,
                event_at: delivery.event_time,
                told: Ok(Told::new(shop_id, delivery.events)),
            },
            Err(error) => Self { key: fallback(), topic: String::new(), event_at: None, told: Err(error) },
        }
    }
}

impl Arrival {
    /// What it weighs in a queue.
    pub fn weight(&self) -> usize {
        self.request.body.len() + 1_024
    }

    pub fn tells_orders_only(&self) -> bool {
        self.told.as_ref().map_or(true, |told| told.others.iter().all(|(_, event)| is_idle(event)))
    }

    pub fn subject(&self) -> Option<&str> {
        self.told.as_ref().ok()?.subject()
    }

    /// Whether it asks that somebody's data be erased.
    pub fn asks_to_forget(&self) -> bool {
        let told = self.told.as_ref().map(|told| &told.others[..]).unwrap_or_default();
        told.iter().any(|(_, event)| matches!(event, Event::CustomerRedact(_)))
    }
}

/// Whether an event changes nothing.
fn is_idle(event: &Event) -> bool {
    matches!(event, Event::Ping | Event::Ignored { .. } | Event::Refused { .. })
}

/// What the sender of a delivery may rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How it stands; `None` if it was known already.
    pub status: Option<DeliveryStatus>,
    /// What became of the orders that it tells.
    pub orders: Vec<Result<Outcome, Refusal>>,
}

impl Receipt {
    const KNOWN: Self = Self { status: None, orders: Vec::new() };

    fn new(status: DeliveryStatus) -> Self {
        Self { status: Some(status), orders: Vec::new() }
    }
}

/// What became of orders and deliveries, each in its order.
pub type Taken = (Vec<Result<Outcome, Refusal>>, Vec<Receipt>);

/// Applies and stores those deliveries that are not known yet, together with other orders.
pub fn take(
    connection: &mut AnyConnection,
    tenant: TenantId,
    arrivals: &[&Arrival],
    orders: &[&Incoming],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Taken, DbError> {
    db::look_up_by_key(connection)?;
    let mut known = store::known(connection, tenant, arrivals)?;
    let fresh: Vec<bool> = arrivals.iter().map(|arrival| is_fresh(arrival, &mut known)).collect();
    let new: Vec<&Arrival> =
        arrivals.iter().zip(&fresh).filter(|(_, fresh)| **fresh).map(|(arrival, _)| *arrival).collect();
    let (outcomes, settled) = apply::apply(connection, tenant, &new, orders, now, ids)?;
    let rows: Vec<(&Arrival, &Settled)> = new.into_iter().zip(&settled).collect();
    // Stored last, so that each row is written once and whoever stores the same delivery alone meanwhile need not wait.
    if store::insert(connection, tenant, &rows, now)? < rows.len() {
        return Err(DbError::Conflict("a delivery came in at two places at once".into()));
    }
    let mut settled = settled.into_iter();
    let receipt = |fresh| match fresh {
        true => settled.next().map_or(Receipt::KNOWN, |settled| Receipt {
            status: Some(settled.status),
            orders: settled.orders,
        }),
        false => Receipt::KNOWN,
    };
    Ok((outcomes, fresh.into_iter().map(receipt).collect()))
}

fn is_fresh(arrival: &Arrival, known: &mut HashSet<(ShopId, String)>) -> bool {
    !arrival.appended.load(Ordering::Relaxed) && known.insert((arrival.shop_id, arrival.key.clone()))
}

/// Stores a delivery that the database refuses to apply.
pub fn keep_failed(
    connection: &mut AnyConnection,
    tenant: TenantId,
    arrival: &Arrival,
    why: &str,
    now: Timestamp,
) -> Result<Receipt, DbError> {
    let settled = Settled::failed(format!("the database refuses it: {why}"));
    let stored = store::insert(connection, tenant, &[(arrival, &settled)], now)?;
    Ok(if stored > 0 { Receipt::new(DeliveryStatus::Failed) } else { Receipt::KNOWN })
}

/// Stores deliveries for a job to apply.
pub fn append(
    connection: &mut AnyConnection,
    tenant: TenantId,
    arrivals: &[&Arrival],
    now: Timestamp,
) -> Result<Vec<Receipt>, DbError> {
    let mut seen = HashSet::new();
    let unique: Vec<&Arrival> = arrivals
        .iter()
        .copied()
        .filter(|arrival| seen.insert((arrival.shop_id, arrival.key.as_str())))
        .collect();
    let pending = Settled::pending();
    let rows: Vec<(&Arrival, &Settled)> = unique.into_iter().map(|arrival| (arrival, &pending)).collect();
    store::insert(connection, tenant, &rows, now)?;
    super::pending::ask(connection, tenant, now)?;
    Ok(arrivals.iter().map(|_| Receipt::new(DeliveryStatus::Pending)).collect())
}
