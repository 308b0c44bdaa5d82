//! `/v1/analytics/lifecycle`, `/v1/analytics/dormancy` and `/v1/analytics/rfm`.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::gaps::GapsResponse;
use super::model::{
    CellResponse, DormancyDay, DormancyResponse, Heads, LifecycleResponse, RfmGroupsResponse, StageResponse,
};
use super::service::{self, Rules};
use super::{Stage, store};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Query, Reply};
use crate::ids::ShopId;
use crate::time::Day;

pub fn routes(config: &mut ServiceConfig) {
    config.service(get_lifecycle).service(get_dormancy).service(get_rfm);
}

/// Whose customers are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShopParameters {
    /// Only what happened in this shop, by its time zone and thresholds.
    #[serde(default)]
    shop_id: Option<ShopId>,
}

/// Which days are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DormancyParameters {
    /// The first day; 30 days before `to` where absent.
    #[serde(default)]
    from: Option<Day>,
    /// The last day, which is counted in; today where absent.
    #[serde(default)]
    to: Option<Day>,
    /// Only what happened in this shop, by its time zone and thresholds.
    #[serde(default)]
    shop_id: Option<ShopId>,
}

const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i64 = 1_100;

/// Look at the stages of customers
///
/// How many customers are new, active, at risk, dormant and lost, the thresholds behind it, how many days pass from one
/// order to the next, and which thresholds that suggests.
#[utoipa::path(
    tag = "Analytics",
    security(("bearer" = ["orders:read"])),
    params(ShopParameters),
    responses((status = 200, description = "The stages.", body = LifecycleResponse)),
)]
#[get("/v1/analytics/lifecycle")]
async fn get_lifecycle(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<ShopParameters>,
) -> Result<Reply<LifecycleResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (now, shop_id) = (app.clock.now(), parameters.0.shop_id);
    let answer = app.db.read_replica(move |connection| {
        let rules = Rules::find(connection, &tenant, shop_id, now)?;
        let buyers = store::buyers(connection, rules.facts)?;
        let quality_settings = tenant.settings.quality;
        let quality = service::quality(connection, rules.facts, quality_settings, buyers)?;
        let counts = store::stages(connection, rules.facts, &rules.bounds(), quality)?;
        let gaps = GapsResponse::new(&store::gaps(connection, rules.facts)?);
        let stage = |stage| StageResponse { stage, heads: Heads::of(&counts, &[stage]) };
        Ok::<_, Error>(LifecycleResponse {
            shop_id,
            as_of: now,
            timezone: rules.moment.zone.iana_name().unwrap_or_default().into(),
            currency: tenant.currency.clone(),
            thresholds: rules.thresholds.into(),
            proposed: gaps.proposal().map(Into::into),
            gaps,
            stages: Stage::ALL.into_iter().map(stage).collect(),
            quality,
            quality_settings,
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// Look at dormant customers
///
/// How many customers are dormant now, by quality, and how many became dormant or came back on each day of a range. The
/// days follow from the orders, so that history that was imported today tells them, too.
#[utoipa::path(
    tag = "Analytics",
    security(("bearer" = ["orders:read"])),
    params(DormancyParameters),
    responses((status = 200, description = "Stock and flow.", body = DormancyResponse)),
)]
#[get("/v1/analytics/dormancy")]
async fn get_dormancy(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<DormancyParameters>,
) -> Result<Reply<DormancyResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let now = app.clock.now();
    let DormancyParameters { from, to, shop_id } = parameters.0;
    let answer = app.db.read_replica(move |connection| {
        let rules = Rules::find(connection, &tenant, shop_id, now)?;
        let (from, to) = range(from, to, rules.moment.today)?;
        let buyers = store::buyers(connection, rules.facts)?;
        let quality = service::quality(connection, rules.facts, tenant.settings.quality, buyers)?;
        let counts = store::stages(connection, rules.facts, &rules.bounds(), quality)?;
        let dormant_after_days = rules.thresholds.dormant_after_days;
        let zone = &rules.moment.zone;
        let flow = store::flow(connection, rules.facts, zone, (from, to), dormant_after_days, quality)?;
        Ok::<_, Error>(DormancyResponse {
            shop_id,
            as_of: now,
            timezone: zone.iana_name().unwrap_or_default().into(),
            currency: tenant.currency.clone(),
            dormant_after_days,
            quality,
            dormant: Heads::of(&counts, &[Stage::Dormant, Stage::Lost]),
            lost: Heads::of(&counts, &[Stage::Lost]),
            at_risk: Heads::of(&counts, &[Stage::AtRisk]),
            from,
            to,
            days: DormancyDay::all(from, to, &flow),
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// The days that are meant; none lies in the future, where it is not known yet who orders.
fn range(from: Option<Day>, to: Option<Day>, today: Day) -> Result<(Day, Day)> {
    let to = to.unwrap_or(today).min(today);
    let from = from.unwrap_or_else(|| to.plus(1 - USUAL_DAYS));
    if from > to {
        let detail = "must not lie after `to` or in the future";
        return Err(Error::invalid_parameter("from", "out_of_range", detail));
    }
    if to.days_since(from) >= MOST_DAYS {
        let detail = format!("must lie at most {MOST_DAYS} days before `to`");
        return Err(Error::invalid_parameter("from", "out_of_range", detail));
    }
    Ok((from, to))
}

/// Look at RFM groups
///
/// The customers by how recently, how often and for how much they bought: eleven groups with Shopify's names, the cells of
/// the grid behind them, and the bounds between the scores.
#[utoipa::path(
    tag = "Analytics",
    security(("bearer" = ["orders:read"])),
    params(ShopParameters),
    responses((status = 200, description = "The groups.", body = RfmGroupsResponse)),
)]
#[get("/v1/analytics/rfm")]
async fn get_rfm(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<ShopParameters>,
) -> Result<Reply<RfmGroupsResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (now, shop_id) = (app.clock.now(), parameters.0.shop_id);
    let answer = app.db.read_replica(move |connection| {
        let rules = Rules::find(connection, &tenant, shop_id, now)?;
        let settings = tenant.settings.rfm.clone();
        let cuts = service::cuts(connection, rules.facts, &settings, &rules.moment)?;
        let cells = match &cuts {
            Some(cuts) => store::rfm_cells(connection, rules.facts, cuts, &rules.moment)?,
            None => Vec::new(),
        };
        let cells: Vec<CellResponse> = cells.into_iter().map(CellResponse::from).collect();
        let buyers: i64 = cells.iter().map(|cell| cell.customers).sum();
        let prospects = match shop_id {
            Some(_) => 0,
            None => store::customers(connection, tenant.id)? - buyers,
        };
        Ok::<_, Error>(RfmGroupsResponse {
            shop_id,
            as_of: now,
            currency: tenant.currency.clone(),
            settings,
            cuts,
            groups: RfmGroupsResponse::groups(&cells, prospects),
            cells,
        })
    });
    Ok(Reply::ok(answer.await?))
}
