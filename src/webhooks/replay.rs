//! Deliveries that are stored already, applied (again).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicBool;

use jiff::tz::TimeZone;

use super::apply::{self, Settled};
use super::delivery::{DeliveryResponse, DeliveryStatus, FullDeliveryResponse};
use super::inbox::{Arrival, Reading};
pub use super::store::Filter;
use super::store::{self, Kept};
use crate::clock::IdGen;
use crate::db::{AnyConnection, Db, DbError, retry, split};
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, ShopId, TenantId};
use crate::ingest::{Incoming, count};
use crate::platforms::{self, Context, Headers, ParseError, Request};
use crate::shops::Platform;
use crate::time::{Timestamp, time_zone};

/// Deliveries in one transaction.
pub const PORTION: i64 = 200;

/// What became of deliveries that were applied again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub applied: usize,
    pub ignored: usize,
    pub failed: usize,
}

impl Tally {
    pub fn all(self) -> usize {
        self.applied + self.ignored + self.failed
    }

    pub fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.ignored += other.ignored;
        self.failed += other.failed;
    }

    fn count(&mut self, status: DeliveryStatus) {
        match status {
            DeliveryStatus::Applied => self.applied += 1,
            DeliveryStatus::Ignored => self.ignored += 1,
            DeliveryStatus::Failed | DeliveryStatus::Pending => self.failed += 1,
        }
    }
}

/// One delivery, read again by today's adapter and applied.
pub fn one(
    db: &Db,
    tenant: TenantId,
    id: DeliveryId,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<DeliveryResponse> {
    let kept = db.read_blocking(|connection| store::kept_one(connection, tenant, id))?.ok_or(MISSING)?;
    again(db, tenant, vec![kept], now, ids)?;
    db.read_blocking(|connection| Ok(find(connection, tenant, id)?.delivery))
}

/// One delivery with its request.
pub fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: DeliveryId,
) -> Result<FullDeliveryResponse> {
    store::find(connection, tenant, id)?.ok_or(MISSING)
}

const MISSING: Error = Error::NotFound { what: "webhook delivery" };

/// A page of deliveries, newest first, and how many there are in all.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    before: Option<DeliveryId>,
    limit: i64,
    counted: bool,
) -> Result<(Vec<DeliveryResponse>, Option<i64>)> {
    let total = counted.then(|| store::count(connection, tenant, filter)).transpose()?;
    Ok((store::list(connection, tenant, filter, before, limit)?, total))
}

/// The next portion of the deliveries that are meant, oldest first. Answers what became of them and the last one, if
/// there may be more.
pub fn portion(
    db: &Db,
    tenant: TenantId,
    filter: &Filter,
    after: DeliveryId,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(Tally, Option<DeliveryId>)> {
    let kept = db.read_blocking(|connection| store::kept(connection, tenant, filter, after, PORTION))?;
    let more = kept.len() as i64 == PORTION;
    let last = kept.last().map(|kept| kept.id).filter(|_| more);
    Ok((again(db, tenant, kept, now, ids)?, last))
}

fn again(db: &Db, tenant: TenantId, kept: Vec<Kept>, now: Timestamp, ids: &dyn IdGen) -> Result<Tally> {
    if kept.is_empty() {
        return Ok(Tally::default());
    }
    let shops: BTreeSet<ShopId> = kept.iter().map(|kept| kept.shop_id).collect();
    let contexts = db.read_blocking(|connection| store::contexts(connection, tenant, &shops))?;
    let contexts: HashMap<ShopId, (TimeZone, String)> = contexts
        .into_iter()
        .map(|shop| (shop.id, (time_zone(&shop.timezone).unwrap_or(TimeZone::UTC), shop.currency)))
        .collect();
    let arrivals: Vec<Arrival> = kept.into_iter().map(|kept| arrival(kept, &contexts)).collect();
    let (plain, mixed): (Vec<&Arrival>, Vec<&Arrival>) =
        arrivals.iter().partition(|arrival| arrival.tells_orders_only());
    let mut tally = Tally::default();
    let mut lags: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for together in [plain, mixed] {
        let results = split(&together, &mut |arrivals: &[&Arrival]| {
            retry(|| {
                db.write_blocking(|connection| {
                    let nothing: &[&Incoming] = &[];
                    let (_, settled) = apply::apply(connection, tenant, arrivals, nothing, now, ids)?;
                    let rows: Vec<(DeliveryId, &Settled)> =
                        arrivals.iter().map(|arrival| arrival.id).zip(&settled).collect();
                    store::settle(connection, tenant, &rows, now)?;
                    Ok::<_, DbError>(settled)
                })
            })
        });
        for (arrival, result) in together.into_iter().zip(results) {
            let settled = match result {
                Ok(settled) => settled,
                Err(DbError::Failed(why)) => {
                    let settled = Settled::failed(format!("the database refuses it: {why}"));
                    let row = [(arrival.id, &settled)];
                    db.write_blocking(|connection| store::settle(connection, tenant, &row, now))?;
                    settled
                }
                Err(error) => return Err(error.into()),
            };
            count(&settled.orders);
            tally.count(settled.status);
            lags.entry(arrival.platform.as_str())
                .or_default()
                .push((now.micros() - arrival.received_at.micros()).max(0) as f64 / 1e6);
            metrics::counter!("huitou_webhook_deliveries_total", "platform" => arrival.platform.as_str(),
                "status" => settled.status.as_str(), "by" => "replay")
            .increment(1);
        }
    }
    for (platform, lags) in lags {
        let histogram = metrics::histogram!("huitou_webhook_lag_seconds", "platform" => platform);
        lags.into_iter().for_each(|lag| histogram.record(lag));
    }
    Ok(tally)
}

/// A stored request as it would come in today. What its shop says may have changed; when it first came in has not.
fn arrival(kept: Kept, contexts: &HashMap<ShopId, (TimeZone, String)>) -> Arrival {
    let pairs: Vec<(&str, &[u8])> =
        kept.request.headers.iter().map(|header| (header.name.as_str(), header.value.as_bytes())).collect();
    let request = Request {
        tail: &kept.request.tail,
        query: &kept.request.query,
        headers: Headers::new(&pairs),
        body: &kept.request.body,
    };
    let parsed = match (platforms::by_name(&kept.platform), contexts.get(&kept.shop_id)) {
        (Some(adapter), Some((time_zone, currency))) => adapter.parse(
            &request,
            &Context {
                time_zone: time_zone.clone(),
                currency: currency.clone(),
                received_at: kept.received_at,
            },
        ),
        _ => Err(ParseError::Missing("shop")),
    };
    let reading = Reading::new(kept.shop_id, parsed, || kept.key.clone());
    Arrival {
        id: kept.id,
        shop_id: kept.shop_id,
        platform: Platform::parse(&kept.platform).unwrap_or(Platform::Other),
        received_at: kept.received_at,
        key: kept.key,
        topic: reading.topic,
        event_at: reading.event_at,
        request: kept.request,
        told: reading.told,
        appended: AtomicBool::new(true),
    }
}
