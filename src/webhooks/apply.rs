//! What deliveries tell, put into the archive.

use super::delivery::DeliveryStatus;
use super::effects::{self, Effect};
use super::inbox::{Arrival, Told};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError};
use crate::error::short;
use crate::ids::TenantId;
use crate::ingest::{self, Incoming, Outcome, Refusal};
use crate::time::Timestamp;

/// How a delivery stands after it was applied.
#[derive(Debug, Clone)]
pub struct Settled {
    pub status: DeliveryStatus,
    pub error: Option<String>,
    pub orders: Vec<Result<Outcome, Refusal>>,
    /// It tells of somebody who was erased, so its text is not kept.
    pub forgotten: bool,
}

const LONGEST_ERROR: usize = 1_000;

impl Settled {
    fn new(status: DeliveryStatus, error: Option<String>) -> Self {
        let error = error.map(|error| short(error, LONGEST_ERROR));
        Self { status, error, orders: Vec::new(), forgotten: false }
    }

    pub fn pending() -> Self {
        Self::new(DeliveryStatus::Pending, None)
    }

    pub fn failed(error: String) -> Self {
        Self::new(DeliveryStatus::Failed, Some(error))
    }
}

/// What became of orders, each in its order.
pub type Outcomes = Vec<Result<Outcome, Refusal>>;

/// Applies deliveries together with other orders, set-based, and answers for the orders and for the deliveries.
pub fn apply(
    connection: &mut AnyConnection,
    tenant: TenantId,
    arrivals: &[&Arrival],
    orders: &[&Incoming],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(Outcomes, Vec<Settled>), DbError> {
    let mut all: Vec<&Incoming> = orders.to_vec();
    let mut events: Vec<effects::From<'_>> = Vec::new();
    for (arrival, told) in arrivals.iter().filter_map(|arrival| Some((arrival, arrival.told.as_ref().ok()?)))
    {
        all.extend(told.orders.iter().map(|(_, order)| order));
        let from = |event| effects::From { shop_id: arrival.shop_id, platform: arrival.platform, event };
        events.extend(told.others.iter().map(|(_, event)| from(event)));
    }
    let mut outcomes = match all.is_empty() {
        true => Vec::new(),
        false => ingest::apply(connection, tenant, &all, now, ids)?,
    }
    .into_iter();
    let alone = outcomes.by_ref().take(orders.len()).collect();
    let mut effects = effects::apply(connection, tenant, &events, now, ids)?.into_iter();
    let settled = arrivals.iter().map(|arrival| match &arrival.told {
        Ok(told) => settle(told, &mut outcomes, &mut effects),
        Err(error) => Settled::failed(error.to_string()),
    });
    Ok((alone, settled.collect()))
}

fn settle(
    told: &Told,
    outcomes: &mut impl Iterator<Item = Result<Outcome, Refusal>>,
    effects: &mut impl Iterator<Item = Effect>,
) -> Settled {
    let orders: Vec<Result<Outcome, Refusal>> = outcomes.take(told.orders.len()).collect();
    let of_orders = told.orders.iter().zip(&orders).map(|((place, _), outcome)| {
        let effect = match outcome {
            Ok(_) => Effect::Applied,
            Err(Refusal::Erased) => Effect::Forgotten,
            Err(refusal) => Effect::Failed(refusal.to_string()),
        };
        (*place, effect)
    });
    let of_others = told.others.iter().zip(effects.take(told.others.len()));
    let mut all: Vec<(usize, Effect)> =
        of_orders.chain(of_others.map(|((place, _), effect)| (*place, effect))).collect();
    all.sort_by_key(|(place, _)| *place);
    let tells_of_erased =
        |outcome: &Result<Outcome, Refusal>| matches!(outcome, Ok(outcome) if outcome.forgotten);
    let settled = conclude(told.events(), &all);
    Settled { forgotten: settled.forgotten || orders.iter().any(tells_of_erased), orders, ..settled }
}

/// One thing that failed makes the whole delivery failed, though the others stand; it is ignored if nothing was of use.
fn conclude(count: usize, effects: &[(usize, Effect)]) -> Settled {
    let failures: Vec<String> = effects
        .iter()
        .filter_map(|(place, effect)| match effect {
            Effect::Failed(why) if count > 1 => Some(format!("event {} of {count}: {why}", place + 1)),
            Effect::Failed(why) => Some(why.clone()),
            _ => None,
        })
        .collect();
    let any = |wanted: &Effect| effects.iter().any(|(_, effect)| effect == wanted);
    let reason = effects.iter().find_map(|(_, effect)| match effect {
        Effect::Ignored(reason) => Some(reason.clone()),
        Effect::Forgotten => Some("it tells of somebody who was erased since".to_owned()),
        _ => None,
    });
    let settled = if !failures.is_empty() {
        Settled::failed(failures.join("; "))
    } else if any(&Effect::Applied) {
        Settled::new(DeliveryStatus::Applied, None)
    } else {
        Settled::new(DeliveryStatus::Ignored, reason.or_else(|| Some("it tells nothing".to_owned())))
    };
    Settled { forgotten: any(&Effect::Forgotten), ..settled }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concluded(effects: &[Effect]) -> (DeliveryStatus, Option<String>) {
        let effects: Vec<(usize, Effect)> = effects.iter().cloned().enumerate().collect();
        let settled = conclude(effects.len(), &effects);
        (settled.status, settled.error)
    }

    #[test]
    fn a_delivery_is_what_its_worst_event_is_and_ignored_only_as_a_whole() {
        let (failed, ignored) = (Effect::Failed("no".into()), Effect::Ignored("idle".into()));
        assert_eq!(concluded(&[Effect::Applied, ignored.clone()]), (DeliveryStatus::Applied, None));
        let told = Some("event 2 of 2: no".to_owned());
        assert_eq!(concluded(&[Effect::Applied, failed.clone()]), (DeliveryStatus::Failed, told));
        assert_eq!(concluded(&[failed]), (DeliveryStatus::Failed, Some("no".into())));
        assert_eq!(concluded(&[ignored]), (DeliveryStatus::Ignored, Some("idle".into())));
        assert_eq!(concluded(&[]).0, DeliveryStatus::Ignored);
        assert_eq!(concluded(&[Effect::Forgotten]).0, DeliveryStatus::Ignored);
    }
}
