//! One customer, forgotten or told in full.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, web};
use serde_json::json;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers;
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{IfMatch, UrlPath, stream};
use crate::ids::CustomerId;
use crate::privacy::export::{self, CustomerExport};
use crate::privacy::model::Action;
use crate::privacy::service::{self, Act};

/// When to come again while as many exports run as may.
const RETRY_AFTER: u64 = 10;
/// How long an export may take.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Erase a customer
///
/// Takes everything personal about the customer, and about all who were merged into them, out of every table for good.
/// What their orders add up to stays. Older records do not bring the person back; what they do later makes a new
/// customer. Erasing somebody who was erased changes nothing.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer."), IfMatch),
    responses((status = 204, description = "The person is forgotten.")),
)]
#[delete("/v1/customers/{id}")]
pub async fn delete_customer(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    let (id, caller) = (path.0, caller.clone());
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    app.db
        .write(move |connection| {
            let act = Act { tenant: caller.tenant, actor: &caller.subject, now, ids: &*ids };
            let customer = customers::service::get(connection, act.tenant, id)?;
            if_match.check(customer.revision, &caller)?;
            service::erase(connection, act, customer.id)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Export a customer
///
/// All that is held on the person: contact, identities, orders with lines and refunds, the ledger of consents, notes,
/// events and what else belongs to them; for data-subject access, streamed. Needs `pii:read` as well, and is written down in the
/// audit log.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer.")),
    responses((status = 200, description = "All that is held on the person.", body = CustomerExport)),
)]
#[get("/v1/customers/{id}/export")]
pub async fn export_customer(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
) -> Result<HttpResponse> {
    let (id, caller) = (path.0, caller.clone());
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    let tenant = app.tenants.get(caller.tenant).await?;
    let customer =
        app.db.read(move |connection| customers::service::get(connection, caller.tenant, id)).await?;
    caller.need_personal_data("export")?;
    let place = app.db.long_read().ok_or_else(|| Error::Unavailable {
        retry_after: RETRY_AFTER,
        cause: "as many exports run as may (EXPORTS_AT_ONCE)".into(),
    })?;
    let object = customer.id.to_string();
    let name = format!("attachment; filename=\"{object}.json\"");
    app.db
        .write(move |connection| {
            let act = Act { tenant: caller.tenant, actor: &caller.subject, now, ids: &*ids };
            act.write_down(connection, Action::CustomerExported, Some(object), json!({}))
        })
        .await?;
    let (mut writer, body) = stream::body();
    let write = move || {
        let written = place.connect().map_err(Error::from).and_then(|mut connection| {
            snapshot(&mut connection, LONGEST, |connection| {
                export::write(connection, &tenant, customer, now, &mut writer)
            })
        });
        match written {
            Ok(()) => drop(writer.finish()),
            // A writer that is dropped unfinished breaks the connection off.
            Err(error) => {
                tracing::error!(code = error.code(), cause = error.hidden_cause(), "an export broke off");
            }
        }
    };
    std::thread::Builder::new().name("customer-export".into()).spawn(write).map_err(Error::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(body))
}
