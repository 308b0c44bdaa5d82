//! Putting a report together.

use std::collections::{BTreeSet, HashMap};

use super::attributed::Attribution;
use super::buyers::Buyers;
use super::comparison::Yardstick;
use super::days::Days;
use super::model::{
    AfterReport, ArmReport, CellDimension, Checks, CostReport, Overlap, ReportResponse, Suppressed,
};
use super::spending::Spending;
use super::store::{self, FunnelRow, Scope, Span};
use super::window::Window;
use super::{arms, cells, funnel};
use crate::campaigns::lift;
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::campaigns::store as campaigns;
use crate::currency;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::ids::{CampaignId, OrderId};
use crate::tenants::Tenant;
use crate::time::{self, Timestamp};

/// How the report is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Options {
    /// The quantile of the spends at which they are cut off, beside the figures without a cut.
    pub winsorise: Option<f64>,
}

/// Days after the window at which both arms are looked at again.
const AFTER_DAYS: [i64; 3] = [30, 90, 180];
const DAY_SECONDS: i64 = 86_400;

/// The report on a launched campaign as it stands now. To be called within a snapshot.
pub fn report(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    options: Options,
    now: Timestamp,
) -> Result<ReportResponse> {
    let (launched_at, ends_at) = campaign.window()?;
    let scope = Scope::of(connection, campaign)?;
    let settings = &tenant.settings.campaigns;
    let unit = 10f64.powi(currency::decimals(&tenant.currency) as i32);
    let buyers = Buyers::among(&scope.sums);
    let zone = time::time_zone(&tenant.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let attribution = attribution(connection, tenant, campaign, &scope)?;
    let mut window = Window::new(&settings.margins, buyers, Days::in_zone(zone), attribution);
    let conversion = &campaign.document.conversion;
    store::each_order(connection, &scope, conversion, Some(&settings.margins), |order| window.add(order))?;
    let Window { buyers, days, attribution, unconverted, margin_known, .. } = window;
    let (groups, ceiling) = buyers.all(options.winsorise);
    let arms = arms::spending(campaign, &groups);
    let touches = Touches::of(connection, &scope)?;
    let (lines, parts) = arms::costs(&campaign.document.costs, &arms, &touches.by_channel);
    let members =
        |key: &str| arms.iter().find(|(arm, _)| arm == key).map_or(0, |(_, spending)| spending.members);
    let yardstick = Yardstick {
        arms: arms.iter().map(|(_, spending)| spending).collect(),
        unit,
        margin_known,
        ceiling,
        new_customer_cost: settings.new_customer_cost_amount,
    };
    let control = arms.iter().find(|(key, spending)| key == HOLDOUT && spending.members > 0);
    let variants = || arms.iter().filter(|(key, _)| key != HOLDOUT);
    let cost: i64 = lines.iter().map(|line| line.amount).sum();
    let comparisons: Vec<_> = control
        .iter()
        .flat_map(|(_, control)| {
            variants().filter_map(|(key, treated)| {
                yardstick.compare(key, treated, control, parts.get(key).copied().unwrap_or(0))
            })
        })
        .collect();
    let overall = control.and_then(|(_, control)| {
        let treated = Spending::together(variants().map(|(_, spending)| spending));
        yardstick.compare("all", &treated, control, cost)
    });
    let checks = checks(connection, campaign, &scope, unconverted, now)?;
    let segments = &campaign.document.cell_segments;
    let cells = if control.is_some() { cells::dimensions(&groups, segments, unit) } else { Vec::new() };
    let named: Vec<(String, i64)> =
        arms.iter().map(|(key, spending)| (key.clone(), spending.members)).collect();
    Ok(ReportResponse {
        campaign_id: campaign.id,
        name: campaign.document.name.clone(),
        state: campaign.state_at(now),
        external: campaign.external,
        currency: tenant.currency.clone(),
        launched_at,
        ends_at,
        computed_at: now,
        notes: notes(&checks, control.is_some(), margin_known, &cells, campaign),
        audience: scope.arms.iter().chain(&scope.suppressed).map(|(_, members)| members).sum(),
        suppressed: scope
            .suppressed
            .iter()
            .cloned()
            .map(|(reason, members)| Suppressed { reason, members })
            .collect(),
        arms: arms.iter().map(|(key, spending)| arm(key, spending, &touches, margin_known, unit)).collect(),
        comparisons,
        overall,
        costs: CostReport { amount: cost, lines, budget_amount: campaign.document.budget_amount },
        channels: funnel::channels(&touches.by_channel, &touches.objections, members),
        cells,
        attribution: attribution.told(),
        checks,
        days: days.told(&named, (launched_at, ends_at), now, unit),
        after: after(connection, tenant, &scope, &named, unit, now)?,
    })
}

/// What became of the touches.
struct Touches {
    by_channel: Vec<FunnelRow>,
    by_arm: Vec<FunnelRow>,
    objections: Vec<store::ObjectionRow>,
}

impl Touches {
    fn of(connection: &mut AnyConnection, scope: &Scope) -> Result<Self> {
        let [by_channel, by_arm] = store::funnel(connection, scope)?;
        let objected = by_channel.iter().any(|row| row.members("objection") > 0);
        let objections = if objected { store::objections(connection, scope)? } else { Vec::new() };
        Ok(Self { by_channel, by_arm, objections })
    }
}

fn arm(key: &str, spending: &Spending, touches: &Touches, margin_known: bool, unit: f64) -> ArmReport {
    let revenue = spending.revenue.outcome;
    let row = touches.by_arm.iter().find(|row| row.arm == key);
    ArmReport {
        key: key.into(),
        members: spending.members,
        converted: spending.converted,
        conversion_rate: spending.conversions().rate(),
        orders: spending.orders.sum as i64,
        revenue_amount: revenue.sum as i64,
        revenue_per_member: revenue.mean() / unit,
        margin_amount: margin_known.then_some(spending.margin.sum as i64),
        discount_amount: spending.discount_amount,
        funnel: funnel::steps(row, spending.members, Some(spending.converted)),
    }
}

fn checks(
    connection: &mut AnyConnection,
    campaign: &Campaign,
    scope: &Scope,
    unconverted_orders: i64,
    now: Timestamp,
) -> Result<Checks> {
    let document = &campaign.document;
    let holdout = document.holdout_percent.unwrap_or(0.0) / 100.0;
    let total: f64 = document.variants.iter().map(|variant| variant.weight).sum();
    let members =
        |key: &str| scope.arms.iter().find(|(arm, _)| arm == key).map_or(0, |(_, members)| *members);
    let variants = document
        .variants
        .iter()
        .map(|variant| (variant.key.as_str(), (1.0 - holdout) * variant.weight / total));
    let expected: Vec<(i64, f64)> = variants
        .chain((holdout > 0.0).then_some((HOLDOUT, holdout)))
        .map(|(key, weight)| (members(key), weight))
        .collect();
    // Without a weight for its holdout, the sizes of an external experiment have nothing to be measured by.
    let comparable = holdout > 0.0 || members(HOLDOUT) == 0;
    let sample_ratio_p = lift::sample_ratio(&expected).filter(|_| comparable);
    let overlaps = store::overlaps(connection, scope)?;
    Ok(Checks {
        sample_ratio_p,
        sample_ratio_mismatch: sample_ratio_p.is_some_and(|p| p < lift::MISMATCH_P),
        window_open: scope.until > now,
        holdout_contacted: store::holdout_contacted(connection, scope)?,
        merged_members: campaigns::members_of(connection, scope.tenant, scope.campaign, &scope.merged)?,
        unconverted_orders,
        overlaps: overlaps
            .into_iter()
            .map(|(campaign_id, members)| Overlap { campaign_id, members })
            .collect(),
    })
}

/// From so many comparisons on, one is likely to stand out by chance where nothing is different.
const MANY_CELLS: usize = 10;

fn notes(
    checks: &Checks,
    holdout: bool,
    margin_known: bool,
    cells: &[CellDimension],
    campaign: &Campaign,
) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |applies: bool, text: &str| {
        if applies {
            notes.push(text.to_string());
        }
    };
    note(
        !holdout,
        "There is no holdout, so nothing tells what would have been bought anyway: only attributed figures exist.",
    );
    note(
        checks.window_open,
        "The window is not over: these figures will change, and a verdict now is premature.",
    );
    note(
        checks.sample_ratio_mismatch,
        "The arms are not as large as they were meant to be (p < 0.001): something beside chance decided who is in \
         which, and the differences cannot be trusted.",
    );
    note(
        checks.holdout_contacted > 0,
        "Members of the holdout were contacted, which makes the lift look smaller.",
    );
    note(!checks.overlaps.is_empty(), "Other campaigns contacted some of the members in the same time.");
    note(
        holdout && !margin_known,
        "The cost of goods is not known for all orders, so there is no margin and no ROI: set a margin in the settings, or \
         tell the products' costs.",
    );
    note(
        cells.iter().map(|dimension| dimension.compared).sum::<usize>() >= MANY_CELLS,
        "Many cells are compared, so that some stand out by chance: their intervals are wider for it, and a cell that \
         stands out is something to try in the next campaign, not a result of this one.",
    );
    note(campaign.external, "The arms were drawn elsewhere and are taken as they were told.");
    notes
}

fn attribution(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    scope: &Scope,
) -> Result<Attribution> {
    let settings = &tenant.settings.campaigns;
    let from = scope.from.plus_seconds(-settings.longest_attribution() * DAY_SECONDS);
    let contacts = store::contacts(connection, scope, from)?;
    let owners = campaigns::coupon_owners(connection, tenant.id)?;
    let codes: Vec<String> = owners.keys().cloned().collect();
    let used = store::coupons(connection, scope, &codes)?;
    let coupons: HashMap<OrderId, BTreeSet<CampaignId>> = used
        .into_iter()
        .map(|(order, codes)| {
            let campaigns = codes.iter().filter_map(|code| owners.get(code)).flatten().copied();
            (order, campaigns.collect())
        })
        .collect();
    Ok(Attribution::new(campaign.id, &contacts, coupons, settings))
}

fn after(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    scope: &Scope,
    arms: &[(String, i64)],
    unit: f64,
    now: Timestamp,
) -> Result<Vec<AfterReport>> {
    let spans = spans(tenant, scope.until, now);
    let rows = store::after(connection, scope, &spans)?;
    let told = spans.iter().flat_map(|Span { days, .. }| {
        arms.iter().map(|(key, members)| {
            let row = rows.iter().find(|row| row.arm == *key && row.days == *days);
            let (buyers, revenue, awake) =
                row.map_or((0, 0, 0), |row| (row.buyers, row.revenue_amount, row.awake));
            let size = (*members).max(1) as f64;
            AfterReport {
                days: *days,
                arm: key.clone(),
                buyers,
                repeat_rate: buyers as f64 / size,
                revenue_amount: revenue,
                revenue_per_member: revenue as f64 / unit / size,
                dormant: members - awake,
            }
        })
    });
    Ok(told.collect())
}

/// The times after a window's end that are over.
pub fn spans(tenant: &Tenant, end: Timestamp, now: Timestamp) -> Vec<Span> {
    let span = |days: i64| {
        let until = end.plus_seconds(days * DAY_SECONDS);
        let awake_since = until.plus_seconds(-tenant.settings.lifecycle.dormant_after_days * DAY_SECONDS);
        Span { days, until, awake_since }
    };
    AFTER_DAYS.map(span).into_iter().filter(|span| span.until <= now).collect()
}
