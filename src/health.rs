//! The service seen from outside: alive, ready, its figures, its description.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::AppState;
use crate::db::migrate;
use crate::error::{Error, Result};
use crate::telemetry;

pub fn routes(config: &mut ServiceConfig) {
    config.service(livez).service(readyz).service(metrics).service(openapi);
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Check {
    /// It is.
    Ok,
    /// The database does not answer.
    Unreachable,
    /// The database lacks migrations of this version.
    Outdated,
    /// Not looked at, because the database does not answer.
    Unknown,
}

/// Whether the process is alive.
#[derive(Debug, Serialize, ToSchema)]
struct LiveResponse {
    /// `ok`.
    status: Check,
}

/// Whether the service can do its work, and what is missing.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyResponse {
    /// `ok` when all of the others are.
    status: Check,
    /// Whether the database answers.
    database: Check,
    /// Whether the database has all migrations of this version.
    migrations: Check,
}

/// Tell whether the process is alive
///
/// Looks at nothing else, so a database that is away does not get the service restarted.
#[utoipa::path(
    tag = "Service",
    security(()),
    responses((status = 200, description = "It is.", body = LiveResponse)),
)]
#[get("/livez")]
async fn livez() -> web::Json<LiveResponse> {
    web::Json(LiveResponse { status: Check::Ok })
}

/// Tell whether the service can do its work
///
/// Looks at the database and its migrations and names what is missing.
#[utoipa::path(
    tag = "Service",
    security(()),
    responses(
        (status = 200, description = "It can.", body = ReadyResponse),
        (status = 503, description = "It cannot; the answer says why.", body = ReadyResponse),
    ),
)]
#[get("/readyz")]
async fn readyz(app: web::Data<AppState>) -> HttpResponse {
    let found = app.db.read(|connection| Ok::<_, Error>(migrate::status(connection)?)).await;
    let (database, migrations) = match found {
        Ok(known) if known.iter().all(|migration| migration.applied) => (Check::Ok, Check::Ok),
        Ok(_) => (Check::Ok, Check::Outdated),
        Err(_) => (Check::Unreachable, Check::Unknown),
    };
    let ready = database == Check::Ok && migrations == Check::Ok;
    let (code, status) = match ready {
        true => (StatusCode::OK, Check::Ok),
        false => (StatusCode::SERVICE_UNAVAILABLE, if database == Check::Ok { migrations } else { database }),
    };
    HttpResponse::build(code).json(ReadyResponse { status, database, migrations })
}

/// Read the metrics
///
/// Counters and gauges of this process, as Prometheus reads them.
#[utoipa::path(
    tag = "Service",
    security(()),
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")),
)]
#[get("/metrics")]
async fn metrics(app: web::Data<AppState>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(telemetry::render(&app))
}

/// Read the description of the API
///
/// This document: OpenAPI 3.1.
#[utoipa::path(
    tag = "Service",
    security(()),
    responses((status = 200, description = "The description.", body = serde_json::Value)),
)]
#[get("/openapi.json")]
async fn openapi(app: web::Data<AppState>) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(app.document.clone()))
}
