//! `POST /v1/touches` and `POST /v1/campaigns/{campaign_id}/touches`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, web};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::TouchItem;
use super::service;
use crate::app::AppState;
use crate::auth::{Caller, Require, scope};
use crate::campaigns;
use crate::error::Result;
use crate::http::{Bulk, BulkResponse, Idempotency, Reply, Stored, UrlPath};
use crate::ids::CampaignId;

pub fn routes(config: &mut ServiceConfig) {
    config.service(record_touches).service(record_campaign_touches);
}

/// Many outcomes of touches.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct RecordTouchesRequest {
    /// The outcomes, in any order.
    #[schema(min_items = 1, max_items = 1000)]
    touches: Vec<TouchItem>,
}

/// Tell touches
///
/// Contacts that belong to no campaign and what came of them: up to 1,000 outcomes in a list, or 10,000 as NDJSON. They may
/// come late, twice and out of order. Each is answered on its own, with the id of its touch. `unsubscribed` withdraws the
/// customer's consent for the channel.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(Idempotency),
    request_body(content(
        (RecordTouchesRequest = "application/json"),
        (TouchItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/touches")]
async fn record_touches(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<TouchItem>,
) -> Result<Reply<BulkResponse>> {
    record(&caller, app, idempotency, body, None).await
}

/// Tell a campaign's touches
///
/// The same for contacts with the members of a launched campaign. What happened before the launch, or to somebody who is
/// not in the audience, is refused.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), Idempotency),
    request_body(content(
        (RecordTouchesRequest = "application/json"),
        (TouchItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/campaigns/{campaign_id}/touches")]
async fn record_campaign_touches(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    idempotency: Idempotency,
    body: Bulk<TouchItem>,
) -> Result<Reply<BulkResponse>> {
    record(&caller, app, idempotency, body, Some(path.0)).await
}

async fn record(
    caller: &Caller,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<TouchItem>,
    campaign: Option<CampaignId>,
) -> Result<Reply<BulkResponse>> {
    let claim = idempotency.claim(caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let stored: Stored<BulkResponse> = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let campaign =
                    campaign.map(|id| campaigns::service::get(connection, tenant, id)).transpose()?;
                let answer = service::record(connection, tenant, campaign.as_ref(), body.items, now, &*ids)?;
                Ok((StatusCode::OK, answer))
            })
        })
        .await?;
    if !stored.replayed {
        stored.value.count("huitou_touches_total");
    }
    Ok(stored.reply())
}
