//! Who is in a saved segment.

use std::time::Instant;

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers;
use crate::customers::model::CustomerResponse;
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Page, Paging, PersonalData, Reply, UrlPath};
use crate::ids::{CustomerId, SegmentId};
use crate::segments::service::{self, Group};

/// How many customers are in a segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountResponse {
    #[schema(example = 1234)]
    pub count: i64,
    /// How long it took to find out, in milliseconds.
    #[schema(example = 45)]
    pub took_ms: u64,
}

impl PersonalData for CountResponse {}

/// List the members of a segment
///
/// The customers who are in it now, in the order of their ids. A segment that goes by personal data needs `pii:read`.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    params(("id" = SegmentId, Path, description = "The segment."), Paging),
    responses((status = 200, description = "A page of customers.", body = Page<CustomerResponse>)),
)]
#[get("/v1/segments/{id}/members")]
pub async fn list_segment_members(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
    paging: Paging,
) -> Result<Page<CustomerResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (group, pii, now) = (Group::Saved(path.0), caller.pii, app.clock.now());
    let (after, rows, counted) = (paging.after::<CustomerId>()?, paging.rows(), paging.count);
    let limit = app.config.limits.query_time;
    let found = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let members = service::members(connection, &tenant, &group, pii, now)?;
            let total = counted.then(|| service::count(connection, &tenant, &group, pii, now)).transpose()?;
            Ok::<_, Error>((customers::store::among(connection, tenant.id, members, after, rows)?, total))
        })
    });
    let (customers, total) = found.await?;
    let page = paging.page(customers, |customer| customer.id, |customer| customer)?;
    Ok(Page { total, ..page })
}

/// Count the members of a segment
///
/// How many customers are in it now.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    params(("id" = SegmentId, Path, description = "The segment.")),
    responses((status = 200, description = "The count.", body = CountResponse)),
)]
#[get("/v1/segments/{id}/count")]
pub async fn count_segment(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
) -> Result<Reply<CountResponse>> {
    let started = Instant::now();
    let tenant = app.tenants.get(caller.tenant).await?;
    let (group, pii, now) = (Group::Saved(path.0), caller.pii, app.clock.now());
    let limit = app.config.limits.query_time;
    let count = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| service::count(connection, &tenant, &group, pii, now))
    });
    let count = count.await?;
    Ok(Reply::ok(CountResponse { count, took_ms: started.elapsed().as_millis() as u64 }))
}
