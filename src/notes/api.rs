//! `/v1/customers/{id}/notes` and `/v1/notes`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::NoteResponse;
use super::store::{self, Place};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers;
use crate::error::{Error, Result};
use crate::http::{Body, Idempotency, Page, Paging, Reply, UrlPath};
use crate::ids::{CustomerId, NoteId};
use crate::validation::{Report, Validate};

pub fn routes(config: &mut ServiceConfig) {
    config.service(create_note).service(list_notes).service(delete_note);
}

const LONGEST_TEXT: usize = 5_000;

/// What is to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateNoteRequest {
    /// Personal data.
    #[schema(example = "Wants to hear of the red coat when it is back.", min_length = 1, max_length = 5000)]
    text: String,
}

impl Validate for CreateNoteRequest {
    fn validate(&self, report: &mut Report) {
        report.text("text", Some(&self.text), LONGEST_TEXT);
    }
}

/// Write a note
///
/// Writes something down about a customer, in the name of the token's subject.
#[utoipa::path(
    tag = "Notes",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer."), Idempotency),
    request_body = CreateNoteRequest,
    responses((status = 201, description = "The new note.", body = NoteResponse)),
)]
#[post("/v1/customers/{id}/notes")]
async fn create_note(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    idempotency: Idempotency,
    body: Body<CreateNoteRequest>,
) -> Result<Reply<NoteResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, id, now, ids) = (caller.tenant, path.0, app.clock.now(), Arc::clone(&app.ids));
    let author = caller.subject.clone();
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let owner = customers::whom::owner_of(connection, tenant, id)?;
                let note = NoteResponse { id: ids.id(now), text: body.value.text, author, created_at: now };
                store::insert(connection, tenant, owner, &note)?;
                Ok((StatusCode::CREATED, note))
            })
        })
        .await?;
    Ok(stored.reply())
}

/// List notes
///
/// What was written down about a customer, newest first.
#[utoipa::path(
    tag = "Notes",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer."), Paging),
    responses((status = 200, description = "A page of notes.", body = Page<NoteResponse>)),
)]
#[get("/v1/customers/{id}/notes")]
async fn list_notes(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    paging: Paging,
) -> Result<Page<NoteResponse>> {
    let (tenant, id, after) = (caller.tenant, path.0, paging.after::<Place>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let (notes, total) = app
        .db
        .read(move |connection| {
            let customer = customers::service::get(connection, tenant, id)?.id;
            let total = counted.then(|| store::count(connection, tenant, customer)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, customer, after, rows)?, total))
        })
        .await?;
    let page = paging.page(notes, |note| -> Place { (note.created_at, note.id) }, |note| note)?;
    Ok(Page { total, ..page })
}

/// Delete a note
///
/// Takes a note out of a customer's file for good.
#[utoipa::path(
    tag = "Notes",
    security(("bearer" = ["customers:write"])),
    params(("id" = NoteId, Path, description = "The note.")),
    responses((status = 204, description = "The note is gone.")),
)]
#[delete("/v1/notes/{id}")]
async fn delete_note(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<NoteId>,
) -> Result<HttpResponse> {
    let (tenant, id) = (caller.tenant, path.0);
    let deleted = app.db.write(move |connection| store::delete(connection, tenant, id)).await?;
    if !deleted {
        return Err(Error::NotFound { what: "note" });
    }
    Ok(HttpResponse::NoContent().finish())
}
