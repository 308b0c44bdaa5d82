//! One customer: made, read, changed.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{get, patch, post, web};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::document::CreateCustomerRequest;
use crate::customers::model::CustomerResponse;
use crate::customers::patch::UpdateCustomerRequest;
use crate::customers::service;
use crate::error::Result;
use crate::http::{Body, Idempotency, IfMatch, PatchBody, Reply, UrlPath};
use crate::ids::CustomerId;

/// Create a customer
///
/// Makes a customer as a person at the desk enters them; what they enter outranks what platforms and orders tell. With
/// an `identity` the shop's orders find the customer; one that the shop knows already is refused.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(Idempotency),
    request_body = CreateCustomerRequest,
    responses((status = 201, description = "The new customer.", body = CustomerResponse)),
)]
#[post("/v1/customers")]
pub async fn create_customer(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CreateCustomerRequest>,
) -> Result<Reply<CustomerResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let customer = service::create(connection, tenant, &body.value, now, &*ids)?;
                Ok((StatusCode::CREATED, customer))
            })
        })
        .await?;
    let address = format!("/v1/customers/{}", stored.value.id);
    Ok(stored.reply().revision(1).location(address))
}

/// Read a customer
///
/// The contact, joined from all that was told: a person's entry outranks a platform's record, that outranks what an
/// order says, and within a rank the newer wins. A customer who was merged into another answers with that one and
/// `merged_from`.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer.")),
    responses((status = 200, description = "The customer.", body = CustomerResponse)),
)]
#[get("/v1/customers/{id}")]
pub async fn get_customer(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
) -> Result<Reply<CustomerResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let customer = app.db.read(move |connection| service::get(connection, tenant, id)).await?;
    Ok(Reply::ok_at(customer.revision, customer))
}

/// Change a customer
///
/// A JSON merge patch, as a person at the desk enters it; what they enter, cleared fields too, outranks what platforms
/// and orders tell, now and later. Masked values are refused (`masked_value`).
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer."), IfMatch),
    request_body = UpdateCustomerRequest,
    responses((status = 200, description = "The customer as it is now.", body = CustomerResponse)),
)]
#[patch("/v1/customers/{id}")]
pub async fn update_customer(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    if_match: IfMatch,
    body: PatchBody<UpdateCustomerRequest>,
) -> Result<Reply<CustomerResponse>> {
    let (id, caller, now) = (path.0, caller.clone(), app.clock.now());
    let customer = app
        .db
        .write(move |connection| {
            let allow = |revision| if_match.check(revision, &caller);
            service::update(connection, caller.tenant, id, &body.0, now, allow)
        })
        .await?;
    Ok(Reply::ok_at(customer.revision, customer))
}
