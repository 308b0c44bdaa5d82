//! Orders in: one by its natural key, or many.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, put, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Body, Bulk, BulkResponse, Idempotency, PersonalData, Reply, ShopPath};
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::ingest::{Incoming, Outcome};
use crate::orders::{OrderDocument, OrderItem, OrderStatus, service};

/// What became of an order that was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpsertOrderResponse {
    pub id: OrderId,
    pub shop_id: ShopId,
    /// The platform's id of the order.
    #[schema(example = "2026111100001")]
    pub external_id: String,
    /// Whose order it is; `null` for a guest's.
    pub customer_id: Option<CustomerId>,
    /// Where the order stands now.
    pub status: OrderStatus,
    /// Whether the document told anything new; `false` when every part of it was known or stale.
    pub applied: bool,
    /// Whether the order was not known before.
    pub created: bool,
}

impl PersonalData for UpsertOrderResponse {}

impl UpsertOrderResponse {
    fn new(shop_id: ShopId, external_id: String, outcome: &Outcome) -> Self {
        Self {
            id: outcome.order_id,
            shop_id,
            external_id,
            customer_id: outcome.customer_id,
            status: outcome.status,
            applied: outcome.applied,
            created: outcome.created,
        }
    }
}

/// Upsert an order
///
/// Joins what the document tells into the order with this id in the shop, which is made if it is not known. Each part
/// of an order (its status, each date, the amounts, the lines, the buyer, …) keeps the version that it came from and
/// gives way only to a newer one, so the same document may be sent again and documents may come in any order.
/// `If-Match` plays no part: it is the version that decides, not what the caller saw before.
///
/// The answer comes after the order is safely stored. Past the bound of orders that may wait it is 503.
#[utoipa::path(
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(
        ("shop_id" = ShopId, Path, description = "The shop."),
        ("external_id" = String, Path, description = "The platform's id of the order.",
            max_length = 255, example = "2026111100001"),
    ),
    request_body = OrderDocument,
    responses(
        (status = 200, description = "The order was known.", body = UpsertOrderResponse),
        (status = 201, description = "The order is new.", body = UpsertOrderResponse),
    ),
)]
#[put("/v1/shops/{shop_id}/orders/{external_id}")]
pub async fn upsert_order(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    path: ShopPath,
    body: Body<OrderDocument>,
) -> Result<Reply<UpsertOrderResponse>> {
    let ShopPath { shop_id, external_id } = path;
    let incoming = Incoming { shop_id, external_id: external_id.clone(), document: body.value };
    let outcome = app.orders.write(caller.tenant, incoming, body.raw.len()).await.map_err(Error::from)?;
    let answer = UpsertOrderResponse::new(shop_id, external_id, &outcome);
    let reply = Reply::ok_at(outcome.revision, answer);
    Ok(match outcome.created {
        true => reply.status(StatusCode::CREATED).location(format!("/v1/orders/{}", outcome.order_id)),
        false => reply,
    })
}

/// Many orders.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct UpsertOrdersRequest {
    /// The orders, each with the key of its shop and its own.
    #[schema(min_items = 1, max_items = 1000)]
    orders: Vec<OrderItem>,
}

/// Upsert many orders
///
/// Up to 1,000 in a list, or 10,000 as NDJSON with an order a line. Each is read, checked and applied as if it came
/// alone; they are stored together, and one that is refused does not keep out the others.
#[utoipa::path(
    tag = "Orders",
    security(("bearer" = ["orders:write"])),
    params(Idempotency),
    request_body(content(
        (UpsertOrdersRequest = "application/json"),
        (OrderItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/orders/batch")]
pub async fn upsert_orders(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<OrderItem>,
) -> Result<Reply<BulkResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let answer = service::apply_batch(connection, tenant, body.items, now, &*ids)?;
                Ok((StatusCode::OK, answer))
            })
        })
        .await?;
    if !stored.replayed {
        stored.value.count("huitou_orders_total");
    }
    Ok(stored.reply())
}
