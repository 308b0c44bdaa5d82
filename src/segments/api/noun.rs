//! Saved segments.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Body, Idempotency, IfMatch, Page, Paging, PatchBody, Reply, UrlPath, patched, present};
use crate::ids::SegmentId;
use crate::segments::definitions;
use crate::segments::model::{Segment, SegmentResponse};
use crate::segments::service::{self, NewSegment};
use crate::segments::store;
use crate::validation::{Report, Validate};

const LONGEST_NAME: usize = 200;
const LONGEST_DESCRIPTION: usize = 2_000;

/// A segment to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSegmentRequest {
    /// One segment a name.
    #[schema(example = "Down coats, asleep", min_length = 1, max_length = 200)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(example = "For the winter's first warm-up", max_length = 2000)]
    description: Option<String>,
    /// The condition as text; this or `filter`.
    #[serde(default)]
    #[schema(example = "number_of_orders >= 2 AND stage = 'dormant'")]
    query: Option<String>,
    /// The condition as JSON; this or `query`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
}

impl Validate for CreateSegmentRequest {
    fn validate(&self, report: &mut Report) {
        report.text("name", Some(&self.name), LONGEST_NAME);
        report.text("description", self.description.as_deref(), LONGEST_DESCRIPTION);
    }
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSegmentRequest {
    /// One segment a name.
    #[serde(deserialize_with = "present")]
    #[schema(example = "Down coats, asleep", min_length = 1, max_length = 200)]
    name: Option<String>,
    /// What it is for; `null` clears it.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "For the winter's first warm-up", max_length = 2000)]
    description: Option<Option<String>>,
    /// The condition as text; this or `filter`.
    #[serde(deserialize_with = "present")]
    #[schema(example = "number_of_orders >= 3 AND stage = 'dormant'")]
    query: Option<String>,
    /// The condition as JSON, as a whole; this or `query`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
}

impl Validate for UpdateSegmentRequest {
    fn validate(&self, report: &mut Report) {
        report.text("name", self.name.as_deref(), LONGEST_NAME);
        report.text("description", self.description.as_ref().and_then(Option::as_deref), LONGEST_DESCRIPTION);
    }
}

/// List segments
///
/// All saved segments, oldest first.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    params(Paging),
    responses((status = 200, description = "A page of segments.", body = Page<SegmentResponse>)),
)]
#[get("/v1/segments")]
pub async fn list_segments(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    paging: Paging,
) -> Result<Page<SegmentResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<SegmentId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let (segments, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, after, rows)?, total))
        })
        .await?;
    let page = paging.page(segments, |segment| segment.id, SegmentResponse::from)?;
    Ok(Page { total, ..page })
}

/// Save a segment
///
/// Keeps a condition under a name. It may name other segments, by id or name; they may not lead back to it. What goes by
/// personal data needs `pii:read`.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:write"])),
    params(Idempotency),
    request_body = CreateSegmentRequest,
    responses((status = 201, description = "The new segment.", body = SegmentResponse)),
)]
#[post("/v1/segments")]
pub async fn create_segment(
    caller: Require<scope::SegmentsWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CreateSegmentRequest>,
) -> Result<Reply<SegmentResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let CreateSegmentRequest { name, description, query, filter } = body.value;
    let query = definitions::read(query.as_deref(), filter.as_ref())?;
    let (now, pii) = (app.clock.now(), caller.pii);
    let id = app.ids.id(now);
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let new = NewSegment { name, description, query };
                let segment = service::create(connection, &tenant, new, pii, id, now)?;
                Ok((StatusCode::CREATED, SegmentResponse::from(segment)))
            })
        })
        .await?;
    let address = format!("/v1/segments/{}", stored.value.id);
    Ok(stored.reply().revision(1).location(address))
}

/// Read a segment
///
/// Its condition, as text and as JSON.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    params(("id" = SegmentId, Path, description = "The segment.")),
    responses((status = 200, description = "The segment.", body = SegmentResponse)),
)]
#[get("/v1/segments/{id}")]
pub async fn get_segment(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
) -> Result<Reply<SegmentResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let segment = app.db.read(move |connection| service::get(connection, tenant, id)).await?;
    Ok(Reply::ok_at(segment.revision, SegmentResponse::from(segment)))
}

/// Change a segment
///
/// A JSON merge patch; a new condition replaces the old one as a whole.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:write"])),
    params(("id" = SegmentId, Path, description = "The segment."), IfMatch),
    request_body = UpdateSegmentRequest,
    responses((status = 200, description = "The segment as it is now.", body = SegmentResponse)),
)]
#[patch("/v1/segments/{id}")]
pub async fn update_segment(
    caller: Require<scope::SegmentsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
    if_match: IfMatch,
    body: PatchBody<UpdateSegmentRequest>,
) -> Result<Reply<SegmentResponse>> {
    let (id, who, now) = (path.0, caller.clone(), app.clock.now());
    let tenant = app.tenants.get(caller.tenant).await?;
    let UpdateSegmentRequest { name, description, query, filter } = body.0;
    let described = query.is_some() || filter.is_some();
    let query = described.then(|| definitions::read(query.as_deref(), filter.as_ref())).transpose()?;
    let segment = app
        .db
        .write(move |connection| {
            service::update(connection, &tenant, id, who.pii, now, |segment: &mut Segment| {
                if_match.check(segment.revision, &who)?;
                segment.name = name.unwrap_or_else(|| segment.name.clone());
                segment.description = description.unwrap_or_else(|| segment.description.clone());
                Ok(query)
            })
        })
        .await?;
    Ok(Reply::ok_at(segment.revision, SegmentResponse::from(segment)))
}

/// Delete a segment
///
/// Only while nothing goes by it; else the answer names the segments and tags that do.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:write"])),
    params(("id" = SegmentId, Path, description = "The segment."), IfMatch),
    responses((status = 204, description = "The segment is gone.")),
)]
#[delete("/v1/segments/{id}")]
pub async fn delete_segment(
    caller: Require<scope::SegmentsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    let (id, who) = (path.0, caller.clone());
    app.db
        .write(move |connection| {
            let allow = |segment: &Segment| if_match.check(segment.revision, &who);
            service::delete(connection, who.tenant, id, allow)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
