//! The tags of one customer.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, put, web};

use super::by_hand;
use super::noun::check_name;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, FieldError, Place, Result};
use crate::http::{Reply, UrlPath};
use crate::ids::CustomerId;
use crate::tags::model::{CustomerTag, Named};
use crate::tags::service;
use crate::validation::Report;

/// The tag of a path; a name has to be one that a tag can have.
fn named(text: &str) -> Result<Named> {
    let named = Named::read(text);
    if let Named::Name(name) = &named {
        let mut report = Report::default();
        check_name(name, &mut report);
        let at_path = |violation: crate::validation::Violation| FieldError {
            place: Place::Parameter("tag".into()),
            code: violation.code,
            detail: violation.detail,
        };
        let errors: Vec<FieldError> = report.into_violations().into_iter().map(at_path).collect();
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
    }
    Ok(named)
}

/// Give a customer a tag
///
/// By the tag's id or its name. A name that no tag has yet makes one.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(
        ("id" = CustomerId, Path, description = "The customer."),
        ("tag" = String, Path, description = "The tag's id or name.", example = "winter"),
    ),
    responses(
        (status = 200, description = "The customer has the tag, as before.", body = CustomerTag),
        (status = 201, description = "The customer has the tag from now on.", body = CustomerTag),
    ),
)]
#[put("/v1/customers/{id}/tags/{tag}")]
pub async fn tag_customer(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<(CustomerId, String)>,
) -> Result<Reply<CustomerTag>> {
    let UrlPath((customer, tag)) = path;
    let (named, now, caller, state) = (named(&tag)?, app.clock.now(), caller.clone(), app.clone());
    let (tag, new) = app
        .db
        .write(move |connection| service::put(connection, &by_hand(&state, &caller, now), customer, &named))
        .await?;
    Ok(Reply::ok(tag).status(if new { StatusCode::CREATED } else { StatusCode::OK }))
}

/// Take a tag from a customer
///
/// By the tag's id or its name, whoever gave it. What a platform tells comes back with its next word on the customer.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(
        ("id" = CustomerId, Path, description = "The customer."),
        ("tag" = String, Path, description = "The tag's id or name.", example = "winter"),
    ),
    responses((status = 204, description = "The customer does not have the tag.")),
)]
#[delete("/v1/customers/{id}/tags/{tag}")]
pub async fn untag_customer(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<(CustomerId, String)>,
) -> Result<HttpResponse> {
    let UrlPath((customer, tag)) = path;
    let (named, now, caller, state) = (named(&tag)?, app.clock.now(), caller.clone(), app.clone());
    app.db
        .write(move |connection| {
            service::remove(connection, &by_hand(&state, &caller, now), customer, &named)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
