//! A customer's file: everything on one page, and what happened.

use actix_web::{get, web};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::model::ProfileResponse;
use crate::customers::timeline::TimelineEventResponse;
use crate::customers::{service, store};
use crate::error::Result;
use crate::http::{Page, Paging, Reply, UrlPath};
use crate::ids::CustomerId;

/// Read a customer's file
///
/// Everything that a person at the desk wants to know, in one call: the contact, by what the customer is known, what
/// the orders add up to over all shops and in each, the ten newest orders with their lines and refunds, over which
/// channels they may be contacted, the last contacts and what came of them, their tags, what was noted and what they did last.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer.")),
    responses((status = 200, description = "The customer's file.", body = ProfileResponse)),
)]
#[get("/v1/customers/{id}/profile")]
pub async fn get_customer_profile(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
) -> Result<Reply<ProfileResponse>> {
    let id = path.0;
    let tenant = app.tenants.get(caller.tenant).await?;
    let now = app.clock.now();
    let cuts = app.rfm_cuts.get(&app.db, &tenant, now).await?;
    let profile =
        app.db.read(move |connection| service::profile(connection, &tenant, cuts.as_ref(), id, now));
    let profile = profile.await?;
    Ok(Reply::ok(profile))
}

/// List what happened with a customer
///
/// The steps of all orders (placed, paid, shipped, delivered, completed, closed), each refund, what the customer said
/// about being contacted, each contact, what was noted, what else they did, tags that came and went, and when they became
/// known, newest first.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer."), Paging),
    responses((status = 200, description = "A page of events.", body = Page<TimelineEventResponse>)),
)]
#[get("/v1/customers/{id}/timeline")]
pub async fn list_customer_timeline(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    paging: Paging,
) -> Result<Page<TimelineEventResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let (after, rows) = (paging.after()?, paging.rows());
    let events = app
        .db
        .read(move |connection| {
            let customer = service::get(connection, tenant, id)?;
            store::timeline(connection, tenant, customer.id, after.as_ref(), rows)
        })
        .await?;
    paging.page(events, |(moment, _)| moment.clone(), |(_, event)| event)
}
