//! Tags as such.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{
    Body, Idempotency, IfMatch, Page, Paging, PatchBody, Reply, TIDY, UrlPath, is_tidy, patched, present,
};
use crate::ids::{SegmentId, TagId};
use crate::tags::model::{LONGEST_NAME, TagResponse, name_key};
use crate::tags::{rules, service, store};
use crate::validation::{Report, Validate};

/// A tag to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTagRequest {
    /// No two tags differ in letter case alone.
    #[schema(example = "VIP", min_length = 1, max_length = 255)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(example = "Served by the owner in person", max_length = 1000)]
    description: Option<String>,
    /// `#rrggbb`, for pages that show it.
    #[serde(default)]
    #[schema(example = "#c0392b", pattern = "^#[0-9a-f]{6}$")]
    color: Option<String>,
    /// A segment that the tag is to follow: its members have the tag, from now on and by themselves.
    #[serde(default)]
    #[schema(example = json!(null))]
    segment_id: Option<SegmentId>,
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct UpdateTagRequest {
    #[serde(deserialize_with = "present")]
    #[schema(example = "VIP", min_length = 1, max_length = 255)]
    name: Option<String>,
    /// What it is for.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "Served by the owner in person", max_length = 1000)]
    description: Option<Option<String>>,
    /// `#rrggbb`, for pages that show it.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "#c0392b", pattern = "^#[0-9a-f]{6}$")]
    color: Option<Option<String>>,
    /// A segment that the tag is to follow; `null` leaves the tag with those who have it.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<SegmentId>, example = json!(null))]
    segment_id: Option<Option<SegmentId>>,
}

const LONGEST_DESCRIPTION: usize = 1_000;

/// Checks a name; one that looks like an id could not be told from it.
pub fn check_name(name: &str, report: &mut Report) {
    report.text("name", Some(name), LONGEST_NAME);
    if !name.trim().is_empty() && !is_tidy(name) {
        report.add("name", "invalid_value", TIDY);
    }
    if name.parse::<TagId>().is_ok() {
        report.add("name", "invalid_value", "must not look like the id of a tag");
    }
}

fn check_color(color: Option<&str>, report: &mut Report) {
    let is_hex = |color: &str| {
        color.strip_prefix('#').is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    };
    if color.is_some_and(|color| !is_hex(color)) {
        report.add("color", "invalid_value", "must be written as `#rrggbb` in small letters");
    }
}

impl Validate for CreateTagRequest {
    fn validate(&self, report: &mut Report) {
        check_name(&self.name, report);
        report.text("description", self.description.as_deref(), LONGEST_DESCRIPTION);
        check_color(self.color.as_deref(), report);
    }
}

impl Validate for UpdateTagRequest {
    fn validate(&self, report: &mut Report) {
        if let Some(name) = &self.name {
            check_name(name, report);
        }
        report.text("description", self.description.as_ref().and_then(Option::as_deref), LONGEST_DESCRIPTION);
        check_color(self.color.as_ref().and_then(Option::as_deref), report);
    }
}

/// List tags
///
/// All tags of the tenant, in the order of their names.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:read"])),
    params(Paging),
    responses((status = 200, description = "A page of tags.", body = Page<TagResponse>)),
)]
#[get("/v1/tags")]
pub async fn list_tags(
    caller: Require<scope::TagsRead>,
    app: web::Data<AppState>,
    paging: Paging,
) -> Result<Page<TagResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<String>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let (tags, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, after.as_deref(), rows)?, total))
        })
        .await?;
    let page = paging.page(tags, |tag| name_key(&tag.name), |tag| tag)?;
    Ok(Page { total, ..page })
}

/// Create a tag
///
/// Makes a tag that nobody has yet, or that the members of a segment have.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(Idempotency),
    request_body = CreateTagRequest,
    responses((status = 201, description = "The new tag.", body = TagResponse)),
)]
#[post("/v1/tags")]
pub async fn create_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CreateTagRequest>,
) -> Result<Reply<TagResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let (personal, now, request, state) = (caller.pii, app.clock.now(), body.value, app.clone());
    let tag = TagResponse {
        description: request.description,
        color: request.color,
        segment_id: request.segment_id,
        ..TagResponse::named(app.ids.id(now), request.name, now)
    };
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let tag = service::create(connection, tenant.id, tag)?;
                let tag = rules::begin(connection, &tenant, &tag, personal, now, &*state.ids)?;
                Ok((StatusCode::CREATED, tag))
            })
        })
        .await?;
    let address = format!("/v1/tags/{}", stored.value.id);
    // A rule that was applied at once has counted as a change.
    let revision = if stored.value.segment_id.is_some() { 2 } else { 1 };
    Ok(stored.reply().revision(revision).location(address))
}

/// Read a tag
///
/// Who has it is listed by `GET /v1/customers?tag=…`.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:read"])),
    params(("id" = TagId, Path, description = "The tag.")),
    responses((status = 200, description = "The tag.", body = TagResponse)),
)]
#[get("/v1/tags/{id}")]
pub async fn get_tag(
    caller: Require<scope::TagsRead>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
) -> Result<Reply<TagResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let tag = app.db.read(move |connection| service::get(connection, tenant, id)).await?;
    Ok(Reply::ok_at(tag.revision, tag))
}

/// Change a tag
///
/// A JSON merge patch. Who has the tag keeps it under its new name.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(("id" = TagId, Path, description = "The tag."), IfMatch),
    request_body = UpdateTagRequest,
    responses((status = 200, description = "The tag as it is now.", body = TagResponse)),
)]
#[patch("/v1/tags/{id}")]
pub async fn update_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    if_match: IfMatch,
    body: PatchBody<UpdateTagRequest>,
) -> Result<Reply<TagResponse>> {
    let (id, now, caller, patch) = (path.0, app.clock.now(), caller.clone(), body.0);
    let (tenant, state) = (app.tenants.get(caller.tenant).await?, app.clone());
    let tag = app
        .db
        .write(move |connection| {
            let mut new_rule = false;
            let tag = service::update(connection, tenant.id, id, now, |tag| {
                if_match.check(tag.revision, &caller)?;
                let segment = patch.segment_id.unwrap_or(tag.segment_id);
                new_rule = segment.is_some() && segment != tag.segment_id;
                tag.refreshed_at = tag.refreshed_at.filter(|_| segment == tag.segment_id);
                tag.segment_id = segment;
                tag.name = patch.name.unwrap_or_else(|| tag.name.clone());
                tag.description = patch.description.unwrap_or_else(|| tag.description.clone());
                tag.color = patch.color.unwrap_or_else(|| tag.color.clone());
                Ok(())
            })?;
            match new_rule {
                true => rules::begin(connection, &tenant, &tag, caller.pii, now, &*state.ids),
                false => Ok(tag),
            }
        })
        .await?;
    Ok(Reply::ok_at(tag.revision, tag))
}

/// Delete a tag
///
/// Takes it from everybody who has it, and its history with it.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(("id" = TagId, Path, description = "The tag."), IfMatch),
    responses((status = 204, description = "The tag is gone.")),
)]
#[delete("/v1/tags/{id}")]
pub async fn delete_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    let (id, caller) = (path.0, caller.clone());
    app.db
        .write(move |connection| {
            let allow = |tag: &TagResponse| if_match.check(tag.revision, &caller);
            service::delete(connection, caller.tenant, id, allow)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
