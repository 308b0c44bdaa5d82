//! What there is to export.

use actix_web::get;

use crate::auth::{Require, scope};
use crate::exports::columns;
use crate::exports::model::ExportColumnsResponse;
use crate::http::Reply;

/// List the columns of exports
///
/// Every column that a file can have, with its type and what it means.
#[utoipa::path(
    tag = "Exports",
    security(("bearer" = ["exports:read"])),
    responses((status = 200, description = "All columns.", body = ExportColumnsResponse)),
)]
#[get("/v1/exports/columns")]
pub async fn list_export_columns(_: Require<scope::ExportsRead>) -> Reply<ExportColumnsResponse> {
    Reply::ok(ExportColumnsResponse { data: columns::all().into_iter().map(Into::into).collect() })
}
