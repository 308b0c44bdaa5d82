//! Making, reading and changing campaigns.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::response::CampaignResponse;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::document::CampaignDocument;
use crate::campaigns::model::{Campaign, CampaignState};
use crate::campaigns::service::{self, manage};
use crate::campaigns::store;
use crate::error::{Error, Result};
use crate::http::{Body, Idempotency, IfMatch, Page, Paging, PatchBody, Query, Reply, UrlPath};
use crate::ids::CampaignId;
use crate::validation::{Report, Validate};

/// Which campaigns are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CampaignFilter {
    /// Only those that stand there.
    #[serde(default)]
    #[param(inline)]
    state: Option<CampaignState>,
}

/// List campaigns
///
/// All campaigns of the tenant, the newest first.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(CampaignFilter, Paging),
    responses((status = 200, description = "A page of campaigns.", body = Page<CampaignResponse>)),
)]
#[get("/v1/campaigns")]
pub async fn list_campaigns(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    filter: Query<CampaignFilter>,
    paging: Paging,
) -> Result<Page<CampaignResponse>> {
    let (tenant, now, after) = (caller.tenant, app.clock.now(), paging.after::<CampaignId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let filter = store::Filter { state: filter.0.state };
    let (campaigns, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant, filter, now)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, filter, after, rows, now)?, total))
        })
        .await?;
    let page =
        paging.page(campaigns, |campaign| campaign.id, |campaign| CampaignResponse::new(campaign, now))?;
    Ok(Page { total, ..page })
}

/// Create a campaign
///
/// A draft, or, with `scheduled_at`, a campaign that is launched by itself within a minute of that time. One that cannot
/// be launched then (nobody is in its audience, or its `query` goes by personal data, which only a saved segment may)
/// becomes a draft again.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(Idempotency),
    request_body = CampaignDocument,
    responses((status = 201, description = "The new campaign.", body = CampaignResponse)),
)]
#[post("/v1/campaigns")]
pub async fn create_campaign(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CampaignDocument>,
) -> Result<Reply<CampaignResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let now = app.clock.now();
    let id = app.ids.id(now);
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let campaign = manage::create(connection, &tenant, body.value, id, now)?;
                Ok((StatusCode::CREATED, CampaignResponse::new(campaign, now)))
            })
        })
        .await?;
    let address = format!("/v1/campaigns/{}", stored.value.id);
    Ok(stored.reply().revision(1).location(address))
}

/// Read a campaign
#[utoipa::path(
    tag = "Campaigns",
    description = "The campaign as it is planned, and where it stands.",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign.")),
    responses((status = 200, description = "The campaign.", body = CampaignResponse)),
)]
#[get("/v1/campaigns/{campaign_id}")]
pub async fn get_campaign(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
) -> Result<Reply<CampaignResponse>> {
    let (tenant, id, now) = (caller.tenant, path.0, app.clock.now());
    let campaign = app.db.read(move |connection| service::get(connection, tenant, id)).await?;
    Ok(Reply::ok_at(campaign.revision, CampaignResponse::new(campaign, now)))
}

/// What to change of a campaign.
#[derive(Debug, Deserialize)]
pub struct UpdateCampaignRequest(Map<String, Value>);

impl Validate for UpdateCampaignRequest {
    // The patched campaign is checked as a whole.
    fn validate(&self, _: &mut Report) {}
}

impl PartialSchema for UpdateCampaignRequest {
    fn schema() -> RefOr<Schema> {
        let mut schema = CampaignDocument::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.description = Some(
                "A merge patch: `null` clears a field, absent ones stay. `state` moves a campaign between `ended` and \
                 `archived`. After the launch only `name`, `purpose`, `costs`, `budget_amount`, `currency`, \
                 `coupon_codes` and `state` can change."
                    .into(),
            );
            let state = utoipa::openapi::Ref::from_schema_name("CampaignState");
            object.properties.insert("state".into(), RefOr::Ref(state));
        }
        schema
    }
}

impl ToSchema for UpdateCampaignRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CampaignDocument::schemas(schemas);
        schemas.push((CampaignState::name().into(), CampaignState::schema()));
    }
}

/// Change a campaign
///
/// A JSON merge patch. What decided the audience or the outcomes cannot change after the launch.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), IfMatch),
    request_body = UpdateCampaignRequest,
    responses((status = 200, description = "The campaign as it is now.", body = CampaignResponse)),
)]
#[patch("/v1/campaigns/{campaign_id}")]
pub async fn update_campaign(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    if_match: IfMatch,
    body: PatchBody<UpdateCampaignRequest>,
) -> Result<Reply<CampaignResponse>> {
    let (id, now, caller) = (path.0, app.clock.now(), caller.clone());
    let tenant = app.tenants.get(caller.tenant).await?;
    let campaign = app
        .db
        .write(move |connection| {
            let allow = |campaign: &Campaign| if_match.check(campaign.revision, &caller);
            manage::update(connection, &tenant, id, body.0.0, now, allow)
        })
        .await?;
    Ok(Reply::ok_at(campaign.revision, CampaignResponse::new(campaign, now)))
}

/// Delete a campaign
///
/// Only before its launch; launched ones are ended and archived.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:write"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), IfMatch),
    responses((status = 204, description = "The campaign is gone.")),
)]
#[delete("/v1/campaigns/{campaign_id}")]
pub async fn delete_campaign(
    caller: Require<scope::CampaignsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    let (id, caller) = (path.0, caller.clone());
    app.db
        .write(move |connection| {
            let allow = |campaign: &Campaign| if_match.check(campaign.revision, &caller);
            manage::delete(connection, caller.tenant, id, allow)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
