//! Files of groups of customers.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::file;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{FieldError, Result};
use crate::exports::Format;
use crate::exports::columns::{self, Column};
use crate::exports::service::Layout;
use crate::http::Body;
use crate::validation::{Report, Validate};

/// Who is to be in the file, and what of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct ExportRequest {
    /// `csv` (the default), `ndjson` or `parquet`.
    format: Format,
    /// The columns in their order; a useful few where absent. `GET /v1/exports/columns` lists all.
    #[schema(example = json!(["id", "name", "spent_amount", "tags"]), min_items = 1, max_items = 100)]
    columns: Option<Vec<String>>,
    /// Begins a CSV file with a byte order mark, by which Excel knows UTF-8.
    bom: bool,
    /// Writes an apostrophe before texts of a CSV file that a spreadsheet would take for formulas: those that begin with
    /// `=`, `+`, `-`, `@`, a tab or a carriage return.
    excel_safe: bool,
}

impl Validate for ExportRequest {
    fn validate(&self, report: &mut Report) {
        check_layout(self.layout(), &mut |name, detail| report.add(name, "invalid_value", detail));
    }
}

impl ExportRequest {
    fn layout(&self) -> Layout {
        Layout { format: self.format, bom: self.bom, excel_safe: self.excel_safe }
    }

    fn columns(&self) -> Result<Vec<Column>> {
        let names = self.columns.as_ref().map(|names| names.join(","));
        columns::read(names.as_deref(), |code, detail| FieldError::pointer("/columns", code, detail))
    }
}

/// What is for CSV files alone.
fn check_layout(layout: Layout, refuse: &mut dyn FnMut(&'static str, &'static str)) {
    for (name, wanted) in [("bom", layout.bom), ("excel_safe", layout.excel_safe)] {
        if wanted && layout.format != Format::Csv {
            refuse(name, "is for the format `csv` alone");
        }
    }
}

/// Export customers
///
/// All customers as a file, by their ids. It is one consistent read: `X-Total-Count` tells how many rows it has, and a
/// file that cannot be finished ends with a broken connection, so that it cannot be taken for a whole one. Personal data
/// is masked without `pii:read`.
#[utoipa::path(
    tag = "Exports",
    security(("bearer" = ["exports:read"])),
    request_body = ExportRequest,
    responses((
        status = 200,
        description = "The file.",
        content(
            (String = "text/csv", example = "id,name\r\ncus_01jd7zk3v8e4qbm2n5r9x6t0wy,张小红\r\n"),
            (String = "application/x-ndjson", example = "{\"id\":\"cus_01jd7zk3v8e4qbm2n5r9x6t0wy\",\"name\":\"张小红\"}\n"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        ),
        headers(("X-Total-Count" = i64, description = "How many rows the file has.")),
    )),
)]
#[post("/v1/segments/export")]
pub async fn export_customers(
    caller: Require<scope::ExportsRead>,
    app: web::Data<AppState>,
    body: Body<ExportRequest>,
) -> Result<HttpResponse> {
    let request = body.value;
    let (columns, layout) = (request.columns()?, request.layout());
    file::send(&app, &caller, Box::new(|_| Ok(None)), columns, layout).await
}
