//! `/v1/privacy-requests`.

use std::sync::Arc;

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Page, Paging, Query, Reply, UrlPath};
use crate::ids::PrivacyRequestId;
use crate::privacy::model::PrivacyRequestResponse;
use crate::privacy::service::{self, Act};
use crate::privacy::store;

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RequestStatus {
    Open,
    Closed,
}

/// Which requests are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RequestParameters {
    /// Requests that are open, or closed.
    #[serde(default)]
    #[param(inline)]
    status: Option<RequestStatus>,
}

/// List privacy requests
///
/// What platforms asked for in people's names, newest first. A question what is held on somebody stays open until it is
/// closed; its `export` tells everything.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["customers:read"])),
    params(RequestParameters, Paging),
    responses((status = 200, description = "A page of requests.", body = Page<PrivacyRequestResponse>)),
)]
#[get("/v1/privacy-requests")]
pub async fn list_privacy_requests(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    parameters: Query<RequestParameters>,
    paging: Paging,
) -> Result<Page<PrivacyRequestResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<PrivacyRequestId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let open = parameters.0.status.map(|status| status == RequestStatus::Open);
    let (requests, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count_requests(connection, tenant, open)).transpose()?;
            Ok::<_, Error>((store::list_requests(connection, tenant, open, after, rows)?, total))
        })
        .await?;
    let page = paging.page(requests, |request| request.id, |request| request)?;
    Ok(Page { total, ..page })
}

/// Read a privacy request
///
/// What a platform asked for in somebody's name.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["customers:read"])),
    params(("id" = PrivacyRequestId, Path, description = "The request.")),
    responses((status = 200, description = "The request.", body = PrivacyRequestResponse)),
)]
#[get("/v1/privacy-requests/{id}")]
pub async fn get_privacy_request(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<PrivacyRequestId>,
) -> Result<Reply<PrivacyRequestResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let found = app.db.read(move |connection| store::request(connection, tenant, id)).await?;
    Ok(Reply::ok(found.ok_or(Error::NotFound { what: "privacy request" })?))
}

/// Close a privacy request
///
/// Marks a request as served, in the name of the token's subject. One that is closed stays as it is.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["customers:write"])),
    params(("id" = PrivacyRequestId, Path, description = "The request.")),
    responses((status = 200, description = "The closed request.", body = PrivacyRequestResponse)),
)]
#[post("/v1/privacy-requests/{id}/close")]
pub async fn close_privacy_request(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<PrivacyRequestId>,
) -> Result<Reply<PrivacyRequestResponse>> {
    let (id, caller) = (path.0, caller.clone());
    let (now, ids) = (app.clock.now(), Arc::clone(&app.ids));
    let request = app
        .db
        .write(move |connection| {
            let act = Act { tenant: caller.tenant, actor: &caller.subject, now, ids: &*ids };
            service::close(connection, act, id)
        })
        .await?;
    Ok(Reply::ok(request))
}
