//! What a campaign would be.

use actix_web::{post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::plan::model::PlanResponse;
use crate::campaigns::plan::{self, Question};
use crate::campaigns::service;
use crate::db::snapshot;
use crate::error::Result;
use crate::http::{Body, Reply, UrlPath};
use crate::ids::CampaignId;
use crate::validation::{Report, Validate};

/// What the plan should answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"wanted_lift": 0.2}))]
struct PlanCampaignRequest {
    /// The rise of the conversion rate that the campaign should be able to show, as a part of it: 0.2 is a fifth more.
    #[schema(example = 0.2, minimum = 0.01, maximum = 10)]
    wanted_lift: f64,
}

impl Default for PlanCampaignRequest {
    fn default() -> Self {
        Self { wanted_lift: 0.2 }
    }
}

impl Validate for PlanCampaignRequest {
    fn validate(&self, report: &mut Report) {
        if !(0.01..=10.0).contains(&self.wanted_lift) {
            report.add("wanted_lift", "out_of_range", "must lie between 0.01 and 10");
        }
    }
}

/// Plan a campaign
///
/// Before the launch, and without changing anything: whom the campaign would reach, who is kept out and why, the arms, what
/// it would cost, what its members do anyway by their own past, and what so many members could show: power, the
/// smallest rise that would be found, and the holdout that it takes.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign.")),
    request_body = PlanCampaignRequest,
    responses((status = 200, description = "The plan.", body = PlanResponse)),
)]
#[post("/v1/campaigns/{campaign_id}/plan")]
pub async fn plan_campaign(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    body: Body<PlanCampaignRequest>,
) -> Result<Reply<PlanResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let id = path.0;
    let question =
        Question { wanted_lift: body.value.wanted_lift, personal: caller.pii, now: app.clock.now() };
    let limit = app.config.limits.query_time;
    let plan = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let campaign = service::get(connection, tenant.id, id)?;
            plan::plan(connection, &tenant, &campaign, question)
        })
    });
    Ok(Reply::ok(plan.await?))
}
