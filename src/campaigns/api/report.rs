//! What a campaign earned.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::report::model::ReportResponse;
use crate::campaigns::report::{self, Options, Told};
use crate::campaigns::service;
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Query, UrlPath};
use crate::ids::CampaignId;

/// How the report is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReportParameters {
    /// Adds figures for which spends above this quantile of all buyers' spends count as that, so that a few huge ones decide
    /// less.
    #[serde(default)]
    #[param(example = 0.99, minimum = 0.5, maximum = 1)]
    winsorise: Option<f64>,
}

/// Report on a campaign
///
/// Both arms from the launch until the end of the window, whether or not anybody was reached (intention to treat):
/// conversion and revenue against the holdout with 95% intervals, costs and ROI, the funnel of the touches, cells,
/// attribution by every rule, and what makes the figures doubtful. Late orders and refunds are in it: once the window is over,
/// a report is kept for as long as nothing changes that it is made from.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), ReportParameters),
    responses((status = 200, description = "The report.", body = ReportResponse)),
)]
#[get("/v1/campaigns/{campaign_id}/report")]
pub async fn get_report(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    parameters: Query<ReportParameters>,
) -> Result<HttpResponse> {
    let options = Options { winsorise: parameters.0.winsorise };
    if options.winsorise.is_some_and(|quantile| !(0.5..=1.0).contains(&quantile)) {
        return Err(Error::invalid_parameter("winsorise", "out_of_range", "must lie between 0.5 and 1"));
    }
    let tenant = app.tenants.get(caller.tenant).await?;
    let (id, now, limit) = (path.0, app.clock.now(), app.config.limits.query_time);
    let told = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let campaign = service::get(connection, tenant.id, id)?;
            report::told(connection, &tenant, &campaign, options, now)
        })
    });
    let Told { report, keep } = told.await?;
    if let Some(keep) = keep {
        let report = report.clone();
        let kept = app.db.write(move |connection| Ok::<_, Error>(keep.keep(connection, &report)?));
        if let Err(error) = kept.await {
            tracing::warn!(code = error.code(), campaign = %id, "a report could not be kept; it will be computed again");
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .body(report))
}
