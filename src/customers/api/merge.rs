//! Who is one person, and who is not: merges, their undoing, and what was said against them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::merging::log;
use crate::customers::merging::model::MergeResponse;
use crate::customers::merging::service::{self as merging, Asker};
use crate::customers::service;
use crate::error::Error;
use crate::error::Result;
use crate::http::{Body, Idempotency, Page, Paging, PersonalData, Reply, UrlPath};
use crate::ids::{CustomerId, MergeId};
use crate::validation::{Report, Validate};

/// Whom to merge.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy"}))]
struct MergeCustomerRequest {
    /// The customer who is merged into the one of the path. Their id goes on to answer, with that one.
    from: CustomerId,
}

impl Validate for MergeCustomerRequest {
    fn validate(&self, _: &mut Report) {}
}

/// Merge a customer into another
///
/// Identities, orders and all else in the file of `from` go over to the customer of the path; orders that come later for
/// either find that one. What was told of each is kept apart, so that the merge can be taken back at any time.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer who stays."), Idempotency),
    request_body = MergeCustomerRequest,
    responses((status = 201, description = "The merge.", body = MergeResponse)),
)]
#[post("/v1/customers/{id}/merge")]
pub async fn merge_customer(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    idempotency: Idempotency,
    body: Body<MergeCustomerRequest>,
) -> Result<Reply<MergeResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (caller, into, from) = (caller.clone(), path.0, body.value.from);
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let asker = Asker { tenant: caller.tenant, subject: &caller.subject, now, ids: &*ids };
                Ok((StatusCode::CREATED, MergeResponse::from(asker.merge(connection, into, from)?)))
            })
        })
        .await?;
    let address = format!("/v1/merges/{}", stored.value.id);
    Ok(stored.reply().location(address))
}

/// Read a merge
///
/// Who was merged into whom, why, and whether it was undone.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("id" = MergeId, Path, description = "The merge.")),
    responses((status = 200, description = "The merge.", body = MergeResponse)),
)]
#[get("/v1/merges/{id}")]
pub async fn get_merge(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<MergeId>,
) -> Result<Reply<MergeResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let entry = app.db.read(move |connection| merging::find(connection, tenant, id)).await?;
    Ok(Reply::ok(MergeResponse::from(entry)))
}

/// Undo a merge
///
/// Everything is as if the merge had never been: identities, orders and all else are found with whom they came, what was
/// told meanwhile included. A merge that a phone or mailbox told is not told again: the two are remembered not to be the
/// same.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(("id" = MergeId, Path, description = "The merge."), Idempotency),
    responses((status = 200, description = "The merge, undone.", body = MergeResponse)),
)]
#[post("/v1/merges/{id}/undo")]
pub async fn undo_merge(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<MergeId>,
    idempotency: Idempotency,
) -> Result<Reply<MergeResponse>> {
    let claim = idempotency.claim(&caller, &[])?;
    let (caller, id) = (caller.clone(), path.0);
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let asker = Asker { tenant: caller.tenant, subject: &caller.subject, now, ids: &*ids };
                Ok((StatusCode::OK, MergeResponse::from(asker.undo(connection, id)?)))
            })
        })
        .await?;
    Ok(stored.reply())
}

/// List the merges of a customer
///
/// All merges of the customer and of those who were merged into them, undone ones too, newest first.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer."), Paging),
    responses((status = 200, description = "A page of merges.", body = Page<MergeResponse>)),
)]
#[get("/v1/customers/{id}/merges")]
pub async fn list_customer_merges(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    paging: Paging,
) -> Result<Page<MergeResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let (before, rows) = (paging.after::<MergeId>()?, paging.rows());
    let merges = app
        .db
        .read(move |connection| {
            let customer = service::get(connection, tenant, id)?;
            Ok::<_, Error>(log::of_customer(connection, tenant, customer.id, before, rows)?)
        })
        .await?;
    paging.page(merges, |entry| entry.id, MergeResponse::from)
}

/// Who is not the same.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"other": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy"}))]
struct SeparateCustomersRequest {
    /// The customer who is not the same person as the one of the path.
    other: CustomerId,
}

impl Validate for SeparateCustomersRequest {
    fn validate(&self, _: &mut Report) {}
}

/// Two customers who are not the same person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct SeparationResponse {
    customer_id: CustomerId,
    other_id: CustomerId,
}

impl PersonalData for SeparationResponse {}

/// Tell two customers apart
///
/// Remembers that two customers are not the same person: no phone or mailbox joins them any more, now or later, and they
/// are no longer shown as duplicates. If a phone or mailbox had joined them, they are parted; a merge by hand is to be
/// undone first (`merged_by_hand`). Merging the two by hand later overrules it.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The one customer."), Idempotency),
    request_body = SeparateCustomersRequest,
    responses((status = 200, description = "It is remembered.", body = SeparationResponse)),
)]
#[post("/v1/customers/{id}/not-same")]
pub async fn separate_customers(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    idempotency: Idempotency,
    body: Body<SeparateCustomersRequest>,
) -> Result<Reply<SeparationResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (caller, one, other) = (caller.clone(), path.0, body.value.other);
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let asker = Asker { tenant: caller.tenant, subject: &caller.subject, now, ids: &*ids };
                asker.not_same(connection, one, other)?;
                Ok((StatusCode::OK, SeparationResponse { customer_id: one, other_id: other }))
            })
        })
        .await?;
    Ok(stored.reply())
}
