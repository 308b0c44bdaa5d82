//! Campaigns beside each other.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::overview::model::CampaignOverviewResponse;
use crate::campaigns::overview::{self, Question};
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Query, Reply};
use crate::time::Timestamp;

/// Which campaigns.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OverviewParameters {
    /// Campaigns launched from here on; in the last 365 days if absent.
    #[serde(default)]
    launched_from: Option<Timestamp>,
    /// Campaigns launched before; until now if absent.
    #[serde(default)]
    launched_until: Option<Timestamp>,
    /// For how many days until now contacts are counted; 30 if absent.
    #[serde(default)]
    #[param(example = 30, minimum = 1, maximum = 365)]
    pressure_days: Option<i64>,
}

const YEAR_SECONDS: i64 = 365 * 86_400;

/// Compare campaigns
///
/// Campaigns beside each other: members, conversion against each one's own holdout, costs by order and by order that would
/// not have been there, beside what a new customer costs. Then which groups (stage, spend band, shop at the launch) answer
/// which purpose, put together over campaigns, and how often customers are contacted at all.
#[utoipa::path(
    tag = "Analytics",
    security(("bearer" = ["campaigns:read"])),
    params(OverviewParameters),
    responses((status = 200, description = "The campaigns and what they show together.", body = CampaignOverviewResponse)),
)]
#[get("/v1/analytics/campaigns")]
pub async fn compare_campaigns(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    parameters: Query<OverviewParameters>,
) -> Result<Reply<CampaignOverviewResponse>> {
    let (tenant, now) = (app.tenants.get(caller.tenant).await?, app.clock.now());
    let parameters = parameters.0;
    let pressure_days = parameters.pressure_days.unwrap_or(30);
    if !(1..=365).contains(&pressure_days) {
        return Err(Error::invalid_parameter("pressure_days", "out_of_range", "must lie between 1 and 365"));
    }
    let launched_until = parameters.launched_until.unwrap_or(now);
    let launched_from = parameters.launched_from.unwrap_or(launched_until.plus_seconds(-YEAR_SECONDS));
    if launched_from > launched_until {
        let detail = "must not lie after `launched_until`";
        return Err(Error::invalid_parameter("launched_from", "out_of_range", detail));
    }
    let question = Question { launched_from, launched_until, pressure_days, now };
    let limit = app.config.limits.query_time;
    let told = app.db.read_replica(move |connection| {
        snapshot(connection, limit, |connection| overview::overview(connection, &tenant, question))
    });
    Ok(Reply::ok(told.await?))
}
