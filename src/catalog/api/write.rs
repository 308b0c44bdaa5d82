//! Products in: one by its natural key, or many.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, put, web};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::catalog::model::{ProductDocument, ProductItem, ProductResponse};
use crate::catalog::service;
use crate::error::{Error, Result};
use crate::http::{Body, Bulk, BulkResponse, Idempotency, Reply, ShopPath};
use crate::ids::ShopId;

/// Upsert a product
///
/// Puts the document in place of what was known of the product with this id in the shop, which is made if it is not
/// known.
#[utoipa::path(
    tag = "Products",
    security(("bearer" = ["orders:write"])),
    params(
        ("shop_id" = ShopId, Path, description = "The shop."),
        ("external_id" = String, Path, description = "The platform's id of the product.",
            max_length = 255, example = "p-9"),
    ),
    request_body = ProductDocument,
    responses(
        (status = 200, description = "The product, which was known.", body = ProductResponse),
        (status = 201, description = "The product, which is new.", body = ProductResponse),
    ),
)]
#[put("/v1/shops/{shop_id}/products/{external_id}")]
pub async fn upsert_product(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    path: ShopPath,
    body: Body<ProductDocument>,
) -> Result<Reply<ProductResponse>> {
    let ShopPath { shop_id, external_id } = path;
    let item = ProductItem { shop_id, external_id, document: body.value };
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let upserted = app
        .db
        .write(move |connection| {
            let mut answers = service::upsert(connection, tenant, &[item], now, &*ids)?;
            answers.pop().unwrap_or(Err(Error::NotFound { what: "product" }))
        })
        .await?;
    let reply = Reply::ok_at(upserted.product.revision, ProductResponse::from(upserted.product.clone()));
    Ok(match upserted.created {
        true => reply.status(StatusCode::CREATED).location(format!("/v1/products/{}", upserted.product.id)),
        false => reply,
    })
}

/// Many products.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct UpsertProductsRequest {
    /// The products, each with the key of its shop and its own.
    #[schema(min_items = 1, max_items = 1000)]
    products: Vec<ProductItem>,
}

/// Upsert many products
///
/// Up to 1,000 in a list, or 10,000 as NDJSON with a product a line. Each is read and checked as if it came alone; one
/// that is refused does not keep out the others.
#[utoipa::path(
    tag = "Products",
    security(("bearer" = ["orders:write"])),
    params(Idempotency),
    request_body(content(
        (UpsertProductsRequest = "application/json"),
        (ProductItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/products/batch")]
pub async fn upsert_products(
    caller: Require<scope::OrdersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<ProductItem>,
) -> Result<Reply<BulkResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let answer = service::upsert_batch(connection, tenant, body.items, now, &*ids)?;
                Ok((StatusCode::OK, answer))
            })
        })
        .await?;
    Ok(stored.reply())
}
