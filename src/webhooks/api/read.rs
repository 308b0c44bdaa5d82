//! Deliveries out: one with its request, or a list; and what was turned away.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::Result;
use crate::http::{Page, Paging, Query, Reply, UrlPath};
use crate::ids::{DeliveryId, ShopId};
use crate::time::Timestamp;
use crate::webhooks::delivery::{DeliveryResponse, DeliveryStatus, FullDeliveryResponse};
use crate::webhooks::rejections::{self, Place, RejectionResponse};
use crate::webhooks::replay::{self, Filter};

/// Which deliveries are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryParameters {
    /// Deliveries that stand so.
    #[serde(default)]
    status: Option<DeliveryStatus>,
    /// Deliveries to this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// Deliveries of this topic.
    #[serde(default)]
    #[param(example = "orders/paid", max_length = 200)]
    topic: Option<String>,
    /// Deliveries about the order or customer with this id of the platform.
    #[serde(default)]
    #[param(example = "820982911946154508", max_length = 255)]
    subject: Option<String>,
    /// Came in at this moment or later.
    #[serde(default)]
    received_after: Option<Timestamp>,
    /// Came in before this moment.
    #[serde(default)]
    received_before: Option<Timestamp>,
}

impl From<DeliveryParameters> for Filter {
    fn from(parameters: DeliveryParameters) -> Self {
        Self {
            status: parameters.status,
            shop_id: parameters.shop_id,
            topic: parameters.topic,
            subject: parameters.subject,
            received_after: parameters.received_after,
            received_before: parameters.received_before,
        }
    }
}

/// List webhook deliveries
///
/// What platforms pushed and what became of it, newest first. Deliveries are kept for `WEBHOOK_RETENTION_DAYS`.
#[utoipa::path(
    tag = "Webhooks",
    security(("bearer" = ["orders:read"])),
    params(DeliveryParameters, Paging),
    responses((status = 200, description = "A page of deliveries.", body = Page<DeliveryResponse>)),
)]
#[get("/v1/webhook-deliveries")]
pub async fn list_webhook_deliveries(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<DeliveryParameters>,
    paging: Paging,
) -> Result<Page<DeliveryResponse>> {
    let (tenant, filter) = (caller.tenant, Filter::from(parameters.0));
    let before = paging.after::<DeliveryId>()?;
    let (rows, counted) = (paging.rows(), paging.count);
    let (deliveries, total) = app
        .db
        .read(move |connection| replay::list(connection, tenant, &filter, before, rows, counted))
        .await?;
    let page = paging.page(deliveries, |delivery| delivery.id, |delivery| delivery)?;
    Ok(Page { total, ..page })
}

/// Read a webhook delivery
///
/// With the request as it came; its body only for callers that may read personal data.
#[utoipa::path(
    tag = "Webhooks",
    security(("bearer" = ["orders:read"])),
    params(("id" = DeliveryId, Path, description = "The delivery.")),
    responses((status = 200, description = "The delivery.", body = FullDeliveryResponse)),
)]
#[get("/v1/webhook-deliveries/{id}")]
pub async fn get_webhook_delivery(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    path: UrlPath<DeliveryId>,
) -> Result<Reply<FullDeliveryResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let found = app.db.read(move |connection| replay::find(connection, tenant, id)).await?;
    // It changes only by being applied again.
    Ok(Reply::ok_at(found.delivery.attempts + 1, found))
}

/// Which rejections are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RejectionParameters {
    /// Requests to this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
}

/// List rejected webhooks
///
/// Requests whose signature was wrong, newest first: the last hundred of each shop, without their bodies. Look here when
/// a platform says that its deliveries fail. Other instances write theirs down every few seconds.
#[utoipa::path(
    tag = "Webhooks",
    security(("bearer" = ["orders:read"])),
    params(RejectionParameters, Paging),
    responses((status = 200, description = "A page of rejections.", body = Page<RejectionResponse>)),
)]
#[get("/v1/webhook-rejections")]
pub async fn list_webhook_rejections(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<RejectionParameters>,
    paging: Paging,
) -> Result<Page<RejectionResponse>> {
    app.rejections.write(&app.db).await?;
    let (tenant, shop) = (caller.tenant, parameters.0.shop_id);
    let (after, rows, counted) = (paging.after::<Place>()?, paging.rows(), paging.count);
    let (found, total) = app
        .db
        .read(move |connection| rejections::list(connection, tenant, shop, after, rows, counted))
        .await?;
    let page = paging.page(found, |(place, _)| *place, |(_, rejection)| rejection)?;
    Ok(Page { total, ..page })
}
