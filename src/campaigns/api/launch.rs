//! Arms, launch and end.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{ArmSize, CampaignResponse, LaunchResponse, SuppressedCount};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::launch::Launch;
use crate::campaigns::service::assign::Assignment;
use crate::campaigns::service::{self, manage};
use crate::campaigns::store;
use crate::error::{Error, Result};
use crate::http::{Body, Bulk, BulkResponse, Idempotency, Reply, UrlPath};
use crate::ids::CampaignId;
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

/// Who is in which arm.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct AssignArmsRequest {
    /// The customers with their arms.
    #[schema(min_items = 1, max_items = 10000)]
    assignments: Vec<Assignment>,
}

/// Give arms from outside
///
/// For an experiment that was drawn elsewhere: up to 10,000 customers a call, in a list or as NDJSON, before the launch. The
/// campaign becomes `external`; its launch takes these arms as they are.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), Idempotency),
    request_body(content(
        (AssignArmsRequest = "application/json"),
        (Assignment = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each; `id` is the customer.", body = BulkResponse)),
)]
#[post("/v1/campaigns/{campaign_id}/assignments")]
pub async fn assign_arms(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    idempotency: Idempotency,
    body: Bulk<Assignment>,
) -> Result<Reply<BulkResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, id, now) = (caller.tenant, path.0, app.clock.now());
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let answer = service::assign::assign(connection, tenant, id, body.items, now)?;
                Ok((StatusCode::OK, answer))
            })
        })
        .await?;
    Ok(stored.reply())
}

/// How to launch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({}))]
struct LaunchCampaignRequest {
    /// When an experiment whose arms were given from outside began; now, if absent.
    launched_at: Option<Timestamp>,
}

impl Validate for LaunchCampaignRequest {
    fn validate(&self, _: &mut Report) {}
}

/// Launch a campaign
///
/// Freezes the audience: who may not be contacted is kept out with the reason, then the tenant's holdout, then every other
/// member gets an arm by the seed and the customer's id. Nothing is ever drawn anew: launched again, the campaign is
/// answered as it is. A million members take some seconds, during which others can write.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign.")),
    request_body = LaunchCampaignRequest,
    responses((status = 200, description = "The campaign, which runs, and its arms.", body = LaunchResponse)),
)]
#[post("/v1/campaigns/{campaign_id}/launch")]
pub async fn launch_campaign(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    body: Body<LaunchCampaignRequest>,
) -> Result<Reply<LaunchResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (id, now, launched_at) = (path.0, app.clock.now(), body.value.launched_at);
    let (db, ids, personal) = (app.db.clone(), Arc::clone(&app.ids), caller.pii);
    let work = move || {
        let launch = Launch {
            db: &db,
            tenant: &tenant,
            campaign: id,
            launched_at,
            now,
            ids: &*ids,
            personal,
            personal_cells: personal,
        };
        let campaign = launch.run()?;
        let (arms, suppressed) = db.read_blocking(|connection| store::sizes(connection, tenant.id, id))?;
        Ok::<_, Error>((campaign, arms, suppressed))
    };
    let (campaign, arms, suppressed) = web::block(work).await.map_err(Error::internal)??;
    let revision = campaign.revision;
    let answer = LaunchResponse {
        campaign: CampaignResponse::new(campaign, now),
        audience: arms.iter().chain(&suppressed).map(|(_, members)| members).sum(),
        arms: arms.into_iter().map(|(key, members)| ArmSize { key, members }).collect(),
        suppressed: suppressed
            .into_iter()
            .map(|(reason, members)| SuppressedCount { reason, members })
            .collect(),
    };
    Ok(Reply::ok_at(revision, answer))
}

/// End a campaign
///
/// Nobody is contacted any more. Orders count until the window is over, so that both arms are measured alike.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign.")),
    responses((status = 200, description = "The campaign, which has ended.", body = CampaignResponse)),
)]
#[post("/v1/campaigns/{campaign_id}/end")]
pub async fn end_campaign(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
) -> Result<Reply<CampaignResponse>> {
    let (tenant, id, now) = (caller.tenant, path.0, app.clock.now());
    let campaign = app.db.write(move |connection| manage::end(connection, tenant, id, now)).await?;
    Ok(Reply::ok_at(campaign.revision, CampaignResponse::new(campaign, now)))
}
