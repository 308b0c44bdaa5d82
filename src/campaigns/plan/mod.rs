//! What a campaign would be, before it is launched: whom it reaches, what it costs, and what it could find out.
//!
//! The arms are those that a launch at this moment would draw. What the audience did without the campaign is read from its
//! own past: stretches as long as the window, going back a year.

mod forecast;
pub mod model;

use std::collections::BTreeMap;

use forecast::{costs, power};
use model::{ChannelReach, History, PlanResponse, PlannedArm};

use super::launch::{self, COVARIATE_DAYS, DAY_SECONDS, TENANT_HOLDOUT};
use super::model::Campaign;
use super::report::model::Suppressed;
use super::store::launch::{Moment, candidates};
use super::store::plan as store;
use crate::db::{AnyConnection, join_large_sets};
use crate::error::{Error, Result};
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// How far back the audience's own past is looked at, and at how many stretches of it at most.
const HISTORY_DAYS: i64 = 365;
const MOST_STRETCHES: i64 = 52;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The rise of the conversion rate that should be found, as a part of it: 0.2 is a fifth more.
    pub wanted_lift: f64,
    /// Whether the audience may go by personal data.
    pub personal: bool,
    pub now: Timestamp,
}

/// The plan of a campaign that was not launched yet. To be called within a snapshot.
pub fn plan(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    question: Question,
) -> Result<PlanResponse> {
    if campaign.is_launched() {
        return Err(Error::conflict(
            "already_launched",
            "the campaign was launched; its report tells what it did",
        ));
    }
    if campaign.external {
        return Err(Error::conflict(
            "external",
            "the campaign's arms were given from outside; there is nothing to plan",
        ));
    }
    join_large_sets(connection)?;
    let now = question.now;
    let audience = launch::audience(connection, tenant, campaign, [question.personal; 2], now)?;
    let covariate_from = now.plus_seconds(-COVARIATE_DAYS * DAY_SECONDS);
    let candidates = candidates(connection, tenant.id, &audience, &Moment { at: now, covariate_from, now })?;
    let mut arms: BTreeMap<&str, i64> = BTreeMap::new();
    let mut suppressed: BTreeMap<&str, i64> = BTreeMap::new();
    for member in &launch::draw(tenant, campaign, &candidates, now)? {
        match (member.arm, member.suppressed) {
            (Some(arm), _) => *arms.entry(arm).or_default() += 1,
            (None, reason) => *suppressed.entry(reason.unwrap_or_default()).or_default() += 1,
        }
    }
    let eligible = arms.values().sum();
    // Who is in the tenant's holdout is so by lot: their past is that of the others.
    let looked_at = eligible + suppressed.get(TENANT_HOLDOUT).copied().unwrap_or_default();
    let history = history(connection, campaign, &audience, looked_at, now)?;
    let arms: Vec<PlannedArm> = launch::arms(campaign)
        .into_iter()
        .map(|key| {
            let members = arms.get(key).copied().unwrap_or_default();
            let expected = history.conversion_rate.map(|rate| rate * members as f64);
            PlannedArm { key: key.into(), members, expected_conversions: expected }
        })
        .collect();
    Ok(PlanResponse {
        campaign_id: campaign.id,
        currency: tenant.currency.clone(),
        computed_at: now,
        audience: candidates.len() as i64,
        eligible,
        suppressed: suppressed
            .into_iter()
            .map(|(reason, members)| Suppressed { reason: reason.into(), members })
            .collect(),
        channels: reach(connection, tenant, campaign, &audience)?,
        costs: costs(campaign, &arms, &history)?,
        power: power(&arms, &history, question.wanted_lift),
        arms,
        history,
    })
}

fn reach(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    audience: &super::store::launch::Audience<'_>,
) -> Result<Vec<ChannelReach>> {
    let policy = &tenant.settings.consent_policy;
    let mut channels = Vec::new();
    for channel in campaign.document.channels.iter().copied() {
        let members = store::reachable_members(connection, tenant.id, audience, channel, policy)?;
        channels.push(ChannelReach { channel, members });
    }
    Ok(channels)
}

fn history(
    connection: &mut AnyConnection,
    campaign: &Campaign,
    audience: &super::store::launch::Audience<'_>,
    members: i64,
    now: Timestamp,
) -> Result<History> {
    let days = campaign.document.window_days;
    let stretches = (HISTORY_DAYS / days).min(MOST_STRETCHES);
    let from = |stretch: i64| now.plus_seconds(-(stretch + 1) * days * DAY_SECONDS);
    let bounds: Vec<Timestamp> = (0..stretches).map(from).collect();
    let sums = store::history(connection, campaign, audience, &bounds, now)?;
    let looks = members * stretches;
    let per_look = |count: i64| (looks > 0).then(|| count as f64 / looks as f64);
    Ok(History {
        windows: stretches,
        window_days: days,
        members,
        conversions: sums.conversions,
        orders: sums.orders,
        revenue_amount: sums.revenue_amount,
        conversion_rate: per_look(sums.conversions),
    })
}
