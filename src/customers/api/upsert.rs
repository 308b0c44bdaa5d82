//! Customers as platforms tell them: one by its natural key, or many.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{post, put, web};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::model::CustomerResponse;
use crate::customers::service::{self, Upserted};
use crate::customers::{CustomerDocument, CustomerItem};
use crate::error::{Error, Result};
use crate::http::{Body, Bulk, BulkResponse, Idempotency, Reply, ShopPath};
use crate::ids::ShopId;

/// Tell a customer
///
/// Joins what the document tells into the customer whom the shop knows by this id, and makes one if nobody is known by
/// it. Each field keeps the version that it came from and gives way only to a newer one, so the same document may be
/// sent again and documents may come in any order. What a person entered stays. `If-Match` plays no part: it is the
/// version that decides.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(
        ("shop_id" = ShopId, Path, description = "The shop."),
        ("external_id" = String, Path, description = "The platform's id of the buyer.",
            max_length = 255, example = "ouid-123"),
    ),
    request_body = CustomerDocument,
    responses(
        (status = 200, description = "The customer was known.", body = CustomerResponse),
        (status = 201, description = "The customer is new.", body = CustomerResponse),
    ),
)]
#[put("/v1/shops/{shop_id}/customers/{external_id}")]
pub async fn upsert_customer(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: ShopPath,
    body: Body<CustomerDocument>,
) -> Result<Reply<CustomerResponse>> {
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let ShopPath { shop_id, external_id } = path;
    let item = CustomerItem { shop_id, external_id, document: body.value };
    let (customer, created) = app
        .db
        .write(move |connection| {
            let outcome = service::upsert(connection, tenant, &[item], now, &*ids)?.pop();
            let Upserted { id, created, .. } =
                outcome.unwrap_or_else(|| Err(Error::internal("an item was not answered")))?;
            Ok::<_, Error>((service::get(connection, tenant, id)?, created))
        })
        .await?;
    let address = format!("/v1/customers/{}", customer.id);
    let reply = Reply::ok_at(customer.revision, customer);
    Ok(if created { reply.status(StatusCode::CREATED).location(address) } else { reply })
}

/// Many customers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct UpsertCustomersRequest {
    /// The customers, each with the key of its shop and its own.
    #[schema(min_items = 1, max_items = 1000)]
    customers: Vec<CustomerItem>,
}

/// Tell many customers
///
/// Up to 1,000 in a list, or 10,000 as NDJSON with a customer a line. Each is read, checked and joined as if it came
/// alone; they are stored together, and one that is refused does not keep out the others.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(Idempotency),
    request_body(content(
        (UpsertCustomersRequest = "application/json"),
        (CustomerItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/customers/batch")]
pub async fn upsert_customers(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<CustomerItem>,
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
    if !stored.replayed {
        stored.value.count("huitou_customers_total");
    }
    Ok(stored.reply())
}
