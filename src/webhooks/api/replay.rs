//! Deliveries applied again.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Body, Idempotency, PersonalData, Reply, UrlPath};
use crate::ids::{DeliveryId, ShopId};
use crate::time::Timestamp;
use crate::validation::{Report, Validate};
use crate::webhooks::delivery::{DeliveryResponse, DeliveryStatus};
use crate::webhooks::replay::{self, Filter, Tally};

/// Replay a webhook delivery
///
/// Reads the stored request again, with the adapter of today, and applies it. What is known already changes nothing.
#[utoipa::path(
    tag = "Webhooks",
    security(("bearer" = ["orders:write"])),
    params(("id" = DeliveryId, Path, description = "The delivery."), Idempotency),
    responses((status = 200, description = "The delivery as it stands now.", body = DeliveryResponse)),
)]
#[post("/v1/webhook-deliveries/{id}/replay")]
pub async fn replay_webhook_delivery(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<DeliveryId>,
    idempotency: Idempotency,
) -> Result<Reply<DeliveryResponse>> {
    // The same request again replays again, which changes nothing: there is no answer to keep.
    let _claim = idempotency.claim(&caller, &[])?;
    let (tenant, id, now) = (caller.tenant, path.0, app.clock.now());
    let (db, ids) = (app.db.clone(), Arc::clone(&app.ids));
    let replayed = web::block(move || replay::one(&db, tenant, id, now, &*ids)).await;
    let delivery = replayed.map_err(Error::internal)??;
    Ok(Reply::ok(delivery))
}

/// Which deliveries to replay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct ReplayRequest {
    /// Deliveries that stand so; the failed ones where absent.
    status: Option<DeliveryStatus>,
    /// Deliveries to this shop.
    shop_id: Option<ShopId>,
    /// Deliveries of this topic.
    #[schema(example = "orders/paid", max_length = 200)]
    topic: Option<String>,
    /// Deliveries about the order or customer with this id of the platform.
    #[schema(example = "820982911946154508", max_length = 255)]
    subject: Option<String>,
    /// Came in at this moment or later.
    received_after: Option<Timestamp>,
    /// Came in before this moment.
    received_before: Option<Timestamp>,
    /// Go on behind this one: `next_after` of the call before.
    after: Option<DeliveryId>,
}

impl Validate for ReplayRequest {
    fn validate(&self, report: &mut Report) {
        report.text("topic", self.topic.as_deref(), 200);
        report.text("subject", self.subject.as_deref(), 255);
    }
}

/// What became of the deliveries that were replayed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct ReplayResponse {
    /// How many were replayed.
    #[schema(example = 12)]
    replayed: usize,
    #[schema(example = 11)]
    applied: usize,
    #[schema(example = 0)]
    ignored: usize,
    #[schema(example = 1)]
    failed: usize,
    /// Whether there are more than one call replays.
    has_more: bool,
    /// What to send as `after` to go on.
    next_after: Option<DeliveryId>,
}

impl PersonalData for ReplayResponse {}

/// Deliveries that one call replays at most.
const MOST: usize = 5_000;

/// Replay webhook deliveries
///
/// All that failed, or those that the filter means: oldest first, in transactions of a few hundred, up to 5,000 in a
/// call. An empty object replays all failed ones.
#[utoipa::path(
    tag = "Webhooks",
    security(("bearer" = ["orders:write"])),
    params(Idempotency),
    request_body = ReplayRequest,
    responses((status = 200, description = "What became of them.", body = ReplayResponse)),
)]
#[post("/v1/webhook-deliveries/replay")]
pub async fn replay_webhook_deliveries(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<ReplayRequest>,
) -> Result<Reply<ReplayResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, wanted) = (caller.tenant, app.clock.now(), body.value);
    let (db, ids) = (app.db.clone(), Arc::clone(&app.ids));
    let replayed = web::block(move || -> Result<_> {
        if let Some(stored) = db.read_blocking(|connection| claim.earlier(connection, now))? {
            return Ok(stored.reply());
        }
        let filter = Filter {
            status: Some(wanted.status.unwrap_or(DeliveryStatus::Failed)),
            shop_id: wanted.shop_id,
            topic: wanted.topic,
            subject: wanted.subject,
            received_after: wanted.received_after,
            received_before: wanted.received_before,
        };
        let mut tally = Tally::default();
        let mut next_after = Some(wanted.after.unwrap_or(DeliveryId::nil()));
        while let Some(after) = next_after.filter(|_| tally.all() < MOST) {
            let (portion, last) = replay::portion(&db, tenant, &filter, after, now, &*ids)?;
            tally.add(portion);
            next_after = last;
        }
        let answer = ReplayResponse {
            replayed: tally.all(),
            applied: tally.applied,
            ignored: tally.ignored,
            failed: tally.failed,
            has_more: next_after.is_some(),
            next_after,
        };
        db.write_blocking(|connection| claim.keep(connection, now, StatusCode::OK, &answer))?;
        Ok(Reply::ok(answer))
    });
    replayed.await.map_err(Error::internal)?
}
