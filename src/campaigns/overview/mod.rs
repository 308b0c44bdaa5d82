//! Campaigns beside each other: what each cost and brought, which groups answer which kind, how much people are contacted.

pub mod model;

use std::collections::BTreeMap;

use model::{CampaignFigures, CampaignOverviewResponse, ContactPressure, GroupAnswer, PressureStep};

use super::lift::{CONFIDENCE, Share, pooled_difference};
use super::report::model::Interval;
use super::report::{Outline, outline};
use super::store;
use super::{Campaign, Purpose};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// Campaigns that are told at once.
const MOST: usize = 50;
const DAY_SECONDS: i64 = 86_400;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub launched_from: Timestamp,
    pub launched_until: Timestamp,
    /// For how many days until now contacts are counted.
    pub pressure_days: i64,
    pub now: Timestamp,
}

/// The arms of a group in one campaign after the other.
struct Answers {
    purpose: Purpose,
    campaigns: i64,
    arms: Vec<(Share, Share)>,
}

impl Answers {
    fn of(purpose: Purpose) -> Self {
        Self { purpose, campaigns: 0, arms: Vec::new() }
    }
}

pub fn overview(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    question: Question,
) -> Result<CampaignOverviewResponse> {
    let Question { launched_from, launched_until, now, .. } = question;
    let most = MOST as i64 + 1;
    let mut launched = store::launched(connection, tenant.id, launched_from, launched_until, most)?;
    let has_more = launched.len() > MOST;
    launched.truncate(MOST);
    let mut campaigns = Vec::new();
    // By the name of the purpose, the dimension and the cell.
    let mut groups: BTreeMap<(String, &'static str, String), Answers> = BTreeMap::new();
    for campaign in launched {
        let outline = outline(connection, tenant, &campaign)?;
        for ((dimension, cell), [treated, control]) in &outline.cells {
            let key = (campaign.document.purpose.as_text(), *dimension, cell.clone());
            let answers = groups.entry(key).or_insert_with(|| Answers::of(campaign.document.purpose));
            answers.campaigns += i64::from(treated.members > 0);
            answers.arms.push((treated.conversions(), control.conversions()));
        }
        campaigns.push(figures(&campaign, &outline, now)?);
    }
    let groups = groups.into_iter().map(|((_, dimension, cell), answers)| {
        let of = |count: fn(&(Share, Share)) -> i64| answers.arms.iter().map(count).sum::<i64>();
        let (targeted, converted) = (of(|(treated, _)| treated.of), of(|(treated, _)| treated.hits));
        GroupAnswer {
            purpose: answers.purpose,
            dimension: dimension.into(),
            cell,
            campaigns: answers.campaigns,
            targeted,
            targeted_converted: converted,
            conversion_rate: (targeted > 0).then(|| converted as f64 / targeted as f64),
            holdout: of(|(_, control)| control.of),
            holdout_converted: of(|(_, control)| control.hits),
            conversion: pooled_difference(&answers.arms, CONFIDENCE).map(Interval::from),
        }
    });
    Ok(CampaignOverviewResponse {
        currency: tenant.currency.clone(),
        launched_from,
        launched_until,
        new_customer_cost_amount: tenant.settings.campaigns.new_customer_cost_amount,
        groups: groups.collect(),
        campaigns,
        has_more,
        pressure: pressure(connection, tenant, question)?,
    })
}

fn figures(campaign: &Campaign, outline: &Outline, now: Timestamp) -> Result<CampaignFigures> {
    let (launched_at, ends_at) = campaign.window()?;
    let Outline { treated, control, overall, cost_amount, .. } = outline;
    let orders = treated.orders.sum as i64;
    Ok(CampaignFigures {
        campaign_id: campaign.id,
        name: campaign.document.name.clone(),
        purpose: campaign.document.purpose,
        state: campaign.state_at(now),
        launched_at,
        ends_at,
        targeted: treated.members,
        targeted_converted: treated.converted,
        holdout: control.members,
        holdout_converted: control.converted,
        conversion: overall.as_ref().map(|it| Interval {
            difference: it.conversion.difference,
            low: it.conversion.low,
            high: it.conversion.high,
        }),
        verdict: overall.as_ref().map(|it| it.verdict),
        cost_amount: *cost_amount,
        cost_per_order_amount: (orders > 0).then(|| (2 * cost_amount + orders) / (2 * orders)),
        incremental_orders: overall.as_ref().and_then(|it| it.incremental_orders),
        cost_per_incremental_order_amount: overall
            .as_ref()
            .and_then(|it| it.cost_per_incremental_order_amount),
    })
}

fn pressure(connection: &mut AnyConnection, tenant: &Tenant, question: Question) -> Result<ContactPressure> {
    let since = question.now.plus_seconds(-question.pressure_days * DAY_SECONDS);
    let steps = store::contact_counts(connection, tenant.id, since, question.now)?;
    let touches: i64 = steps.iter().map(|step| step.all).sum();
    let customers: i64 = steps.iter().map(|step| step.customers).sum();
    Ok(ContactPressure {
        days: question.pressure_days,
        touches,
        customers,
        average: (customers > 0).then(|| touches as f64 / customers as f64),
        distribution: steps
            .iter()
            .map(|step| PressureStep { touches: step.touches, customers: step.customers })
            .collect(),
    })
}
