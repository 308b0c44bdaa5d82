//! The rules of touches.

use std::collections::{BTreeMap, HashMap};

use super::model::{Outcome, TouchItem};
use super::store::{self, Key, Member, Touch};
use crate::campaigns::Campaign;
use crate::campaigns::store::known_customers;
use crate::clock::IdGen;
use crate::consents::{self, Statement};
use crate::customers::Whom;
use crate::db::{AnyConnection, apart};
use crate::error::{Error, Result};
use crate::http::{BulkItemResult, BulkResponse, apply_each};
use crate::ids::{CustomerId, TenantId, TouchId};
use crate::time::Timestamp;

/// How far a sender's clock may be ahead.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// Takes what is told of touches, those of a campaign or of none.
pub fn record(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: Option<&Campaign>,
    items: Vec<Result<TouchItem>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<BulkResponse> {
    let launched_at = campaign.map(Campaign::window).transpose()?.map(|(launched_at, _)| launched_at);
    let context = Context { tenant, campaign, launched_at, now, ids };
    let withdrawals = withdrawals(&items);
    let answer = apply_each(
        items,
        |items| {
            let outcomes = apart(connection, &items, |connection, items| context.record(connection, items))?;
            Ok(outcomes.into_iter().map(|outcome| outcome.map_err(Error::from).flatten()).collect())
        },
        |index, (id, changed): (TouchId, bool)| BulkItemResult::taken(index, changed, id),
    )?;
    let taken = |(index, _): &(usize, Statement)| answer.results[*index].error.is_none();
    let statements: Vec<Statement> =
        withdrawals.into_iter().filter(taken).map(|(_, statement)| statement).collect();
    for recorded in consents::service::record(connection, tenant, &statements, now, ids)? {
        recorded?;
    }
    Ok(answer)
}

/// What customers withdrew by unsubscribing, each with the place of the item that tells of it.
fn withdrawals(items: &[Result<TouchItem>]) -> Vec<(usize, Statement)> {
    let items = items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_ref().ok()?)));
    let withdrawn = items.filter(|(_, item)| item.outcome == Outcome::Unsubscribed);
    let statement = |item: &TouchItem| Statement {
        whom: Whom::Customer(item.customer_id),
        channel: item.channel,
        granted: false,
        at: item.occurred_at,
        source: "unsubscribe".into(),
        note: None,
        recorded_by: None,
    };
    withdrawn.map(|(index, item)| (index, statement(item))).collect()
}

struct Context<'a> {
    tenant: TenantId,
    campaign: Option<&'a Campaign>,
    launched_at: Option<Timestamp>,
    now: Timestamp,
    ids: &'a dyn IdGen,
}

type Outcomes = Vec<Result<(TouchId, bool)>>;

impl Context<'_> {
    fn record(
        &self,
        connection: &mut AnyConnection,
        items: &[TouchItem],
    ) -> std::result::Result<Outcomes, crate::db::DbError> {
        let customers = known_customers(connection, self.tenant, items.iter().map(|item| item.customer_id))?;
        let members = match self.campaign {
            Some(campaign) => {
                let wanted = customers.values().copied().collect();
                store::members(connection, self.tenant, campaign.id, wanted)?
            }
            None => HashMap::new(),
        };
        let mut known = store::touches(connection, self.tenant, items.iter().map(key_of).collect())?;
        let mut changed: BTreeMap<Key, Touch> = BTreeMap::new();
        let outcomes = items
            .iter()
            .map(|item| {
                let touch = self.touch(item, &customers, &members)?;
                let key = key_of(item);
                let Some(before) = known.get(&key) else {
                    let id = touch.id;
                    known.insert(key.clone(), touch.clone());
                    changed.insert(key, touch);
                    return Ok((id, true));
                };
                if before.customer != touch.customer || before.campaign != touch.campaign {
                    let detail = "a touch of another customer or campaign has this channel and external_id";
                    return Err(Error::invalid("/external_id", "touch_exists", detail));
                }
                let after = before.clone().join(touch);
                let outcome = (after.id, after != *before);
                if outcome.1 {
                    known.insert(key.clone(), after.clone());
                    changed.insert(key, after);
                }
                Ok(outcome)
            })
            .collect();
        store::save(connection, self.tenant, &changed, self.now)?;
        Ok(outcomes)
    }

    /// The touch as far as this item tells of it.
    fn touch(
        &self,
        item: &TouchItem,
        customers: &HashMap<CustomerId, CustomerId>,
        members: &HashMap<CustomerId, Member>,
    ) -> Result<Touch> {
        let customer = *customers
            .get(&item.customer_id)
            .ok_or_else(|| Error::invalid("/customer_id", "unknown_customer", "there is no such customer"))?;
        if item.occurred_at > self.now.plus_seconds(CLOCK_SKEW_SECONDS) {
            return Err(Error::invalid("/occurred_at", "out_of_range", "must not lie in the future"));
        }
        // Gateways tell whole seconds: what was sent right after the launch may seem to lie in the second before it.
        let is_before = |launched_at: &Timestamp| item.occurred_at.plus_seconds(1) <= *launched_at;
        if let Some(launched_at) = self.launched_at.filter(is_before) {
            let detail = format!("must not lie before the campaign's launch at {launched_at}");
            return Err(Error::invalid("/occurred_at", "before_launch", detail));
        }
        let member = match self.campaign {
            None => None,
            Some(_) => Some(members.get(&customer).ok_or_else(|| {
                let detail =
                    "the customer is not in the campaign's audience; POST /v1/touches takes any customer";
                Error::invalid("/customer_id", "not_a_member", detail)
            })?),
        };
        let mut times = [None; Outcome::ALL.len()];
        times[item.outcome as usize] = Some(item.occurred_at);
        Ok(Touch {
            id: self.ids.id(self.now),
            customer,
            origin: member.map_or(item.customer_id, |member| member.origin_id),
            campaign: self.campaign.map(|campaign| campaign.id),
            arm: member.and_then(|member| member.arm.clone()),
            subject: item
                .subject
                .clone()
                .or_else(|| self.campaign.and_then(|campaign| campaign.document.subject.clone())),
            touched_at: item.occurred_at,
            times,
            objection: item.objection.clone(),
            units: item.units,
            seconds: item.seconds,
        })
    }
}

fn key_of(item: &TouchItem) -> Key {
    (item.channel, item.external_id.clone())
}
