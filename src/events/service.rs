//! The one door for events.

use std::collections::{BTreeSet, HashMap};

use super::NewEvent;
use super::store::{self, EventKey};
use crate::clock::IdGen;
use crate::customers::whom::{self, NoOwner, Owner};
use crate::db::{AnyConnection, DbError, apart};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, EventId, ShopId, TenantId};
use crate::ingest::load;
use crate::time::Timestamp;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub id: EventId,
    pub customer_id: CustomerId,
    /// It was not known before.
    pub applied: bool,
}

/// Why an event is not kept; the others are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    NoOwner(#[from] NoOwner),
    #[error("lies more than a day in the future")]
    InFuture,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoOwner(reason) => reason.into(),
            Refusal::InFuture => Self::invalid("/occurred_at", "in_future", refusal.to_string()),
        }
    }
}

/// How many events are written at once.
const CHUNK: usize = 1_000;
/// How far clocks may be ahead.
const FUTURE_SECONDS: i64 = 24 * 60 * 60;

/// Keeps what customers did, in the transaction of the caller, and answers for each event, in their order. An error means
/// that nothing may be committed.
pub fn record(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[NewEvent],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Recorded>>, DbError> {
    let mut answers = Vec::with_capacity(events.len());
    for chunk in events.chunks(CHUNK) {
        let results = apart(connection, chunk, |connection, events| {
            record_together(connection, tenant, events, now, ids)
        })?;
        answers.extend(results.into_iter().map(|result| Ok(result??)));
    }
    Ok(answers)
}

fn record_together(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[NewEvent],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Recorded, Refusal>>, DbError> {
    let owners = owners(connection, tenant, events, now, ids)?;
    let keys: BTreeSet<EventKey> = events.iter().filter_map(key).collect();
    let mut known = store::known(connection, tenant, &keys)?;
    let mut new = Vec::new();
    let mut answers = Vec::with_capacity(events.len());
    for (event, owner) in events.iter().zip(owners) {
        answers.push(owner.and_then(|owner| {
            if event.occurred_at > now.plus_seconds(FUTURE_SECONDS) {
                return Err(Refusal::InFuture);
            }
            let key = key(event);
            let told = key.as_ref().and_then(|key| known.get(key).copied());
            let id = told.unwrap_or_else(|| {
                let id = ids.id(now);
                known.extend(key.map(|key| (key, id)));
                new.push((id, owner, event));
                id
            });
            Ok(Recorded { id, customer_id: owner.customer_id, applied: told.is_none() })
        }));
    }
    let written = store::insert(connection, tenant, &new, now)?;
    if written == new.len() {
        return Ok(answers);
    }
    // Another transaction told some of them first.
    let theirs = store::known(connection, tenant, &keys)?;
    Ok(answers.into_iter().zip(events).map(|(answer, event)| Ok(settled(answer?, event, &theirs))).collect())
}

fn settled(recorded: Recorded, event: &NewEvent, theirs: &HashMap<EventKey, EventId>) -> Recorded {
    match key(event).and_then(|key| theirs.get(&key).copied()) {
        Some(id) if id != recorded.id => Recorded { id, applied: false, ..recorded },
        _ => recorded,
    }
}

/// In whose file each event belongs, as long as the shop where it happened is one of the tenant's.
fn owners(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[NewEvent],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Owner, Refusal>>, DbError> {
    let shops: BTreeSet<ShopId> = events.iter().filter_map(|event| event.shop_id).collect();
    let known = load::tenant(connection, tenant, &shops)?.map(|tenant| tenant.shops).unwrap_or_default();
    let whom: Vec<_> = events.iter().map(|event| (&event.whom, event.occurred_at)).collect();
    let owners = whom::owners(connection, tenant, &whom, "event", now, ids)?;
    let checked = events.iter().zip(owners).map(|(event, owner)| match event.shop_id {
        Some(shop) if !known.contains_key(&shop) => Err(NoOwner::UnknownShop.into()),
        _ => owner.map_err(Refusal::from),
    });
    Ok(checked.collect())
}

fn key(event: &NewEvent) -> Option<EventKey> {
    event.shop_id.zip(event.external_id.clone())
}
