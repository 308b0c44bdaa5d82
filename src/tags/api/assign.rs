//! Tags for many customers at once.

use actix_web::http::StatusCode;
use actix_web::{post, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::by_hand;
use crate::app::AppState;
use crate::auth::{Caller, Require, scope};
use crate::error::Result;
use crate::http::{Idempotency, LargeBody, Reply, UrlPath};
use crate::ids::{CustomerId, SegmentId, TagId};
use crate::segments;
use crate::segments::service::Group;
use crate::tags::model::TaggingResponse;
use crate::tags::service::{self, Direction, Whom};
use crate::validation::{Report, Validate};

/// Which customers are meant, in exactly one of these ways.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"customer_ids": ["cus_01jd7zk3v8e4qbm2n5r9x6t0wy"]}))]
struct TaggingRequest {
    /// These customers.
    #[schema(example = json!(["cus_01jd7zk3v8e4qbm2n5r9x6t0wy"]), min_items = 1, max_items = 100000)]
    customer_ids: Option<Vec<CustomerId>>,
    /// The members of this segment.
    #[schema(example = json!(null))]
    segment_id: Option<SegmentId>,
    /// Whom this condition describes, as text.
    #[schema(example = json!(null))]
    query: Option<String>,
    /// Whom this condition describes, as JSON.
    #[schema(value_type = Option<Object>, example = json!(null))]
    filter: Option<Value>,
}

const MOST_IDS: usize = 100_000;

impl Validate for TaggingRequest {
    fn validate(&self, report: &mut Report) {
        let ids = self.customer_ids.as_ref();
        report.list_length("customer_ids", ids.map_or(0, Vec::len), MOST_IDS);
        let described = self.segment_id.is_some() || self.query.is_some() || self.filter.is_some();
        match (ids, described) {
            (Some(_), true) => {
                report.add(
                    "customer_ids",
                    "ambiguous",
                    "tell either `customer_ids` or what describes the group",
                );
            }
            (None, false) => report.add(
                "customer_ids",
                "required",
                "tell whom you mean by `customer_ids`, `segment_id`, `query` or `filter`",
            ),
            _ => {}
        }
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
    let TaggingRequest { customer_ids, segment_id, query, filter } = body.value;
    let group = match &customer_ids {
        None => Some(Group::read(segment_id, query.as_deref(), filter.as_ref())?),
        Some(_) => None,
    };
    let tenant = app.tenants.get(caller.tenant).await?;
    let (state, now) = (app.clone(), app.clock.now());
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let doing = by_hand(&state, &caller, now);
                let whom = match &group {
                    None => Whom::These(customer_ids.unwrap_or_default()),
                    Some(group) => Whom::Members(segments::service::members(
                        connection, &tenant, group, caller.pii, now,
                    )?),
                };
                Ok((StatusCode::OK, service::tag(connection, &doing, id, whom, direction)?))
            })
        })
        .await?;
    Ok(stored.reply())
}
