//! Tags for many customers at once.

use actix_web::http::StatusCode;
use actix_web::{post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::by_hand;
use crate::app::AppState;
use crate::auth::{Caller, Require, scope};
use crate::error::Result;
use crate::http::{Idempotency, LargeBody, Reply, UrlPath};
use crate::ids::{CustomerId, TagId};
use crate::tags::model::TaggingResponse;
use crate::tags::service::{self, Direction, Whom};
use crate::validation::{Report, Validate};

/// Which customers are meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaggingRequest {
    /// These customers.
    #[schema(example = json!(["cus_01jd7zk3v8e4qbm2n5r9x6t0wy"]), min_items = 1, max_items = 100000)]
    customer_ids: Vec<CustomerId>,
}

const MOST_IDS: usize = 100_000;

impl Validate for TaggingRequest {
    fn validate(&self, report: &mut Report) {
        report.list_length("customer_ids", self.customer_ids.len(), MOST_IDS);
    }
}

/// Give a tag to many customers
///
/// One call for any number of them, in one step: all get the tag or nobody does. A tag that follows a segment is refused.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(("id" = TagId, Path, description = "The tag."), Idempotency),
    request_body = TaggingRequest,
    responses((status = 200, description = "How many were meant, and for how many it is new.", body = TaggingResponse)),
)]
#[post("/v1/tags/{id}/assign")]
pub async fn assign_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    idempotency: Idempotency,
    body: LargeBody<TaggingRequest>,
) -> Result<Reply<TaggingResponse>> {
    tag(app, caller.clone(), path.0, idempotency, body, Direction::Assign).await
}

/// Take a tag from many customers
///
/// One call for any number of them, in one step, whoever gave it to them. What a platform tells comes back with its next
/// word on the customer.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(("id" = TagId, Path, description = "The tag."), Idempotency),
    request_body = TaggingRequest,
    responses((status = 200, description = "How many were meant, and how many had it.", body = TaggingResponse)),
)]
#[post("/v1/tags/{id}/unassign")]
pub async fn unassign_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    idempotency: Idempotency,
    body: LargeBody<TaggingRequest>,
) -> Result<Reply<TaggingResponse>> {
    tag(app, caller.clone(), path.0, idempotency, body, Direction::Unassign).await
}

async fn tag(
    app: web::Data<AppState>,
    caller: Caller,
    id: TagId,
    idempotency: Idempotency,
    body: LargeBody<TaggingRequest>,
    direction: Direction,
) -> Result<Reply<TaggingResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (state, now, request) = (app.clone(), app.clock.now(), body.value);
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let doing = by_hand(&state, &caller, now);
                let whom = Whom::These(request.customer_ids);
                Ok((StatusCode::OK, service::tag(connection, &doing, id, whom, direction)?))
            })
        })
        .await?;
    Ok(stored.reply())
}
