//! Files of groups of customers.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::file;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, FieldError, Result};
use crate::exports::Format;
use crate::exports::columns::{self, Column};
use crate::exports::service::Layout;
use crate::http::{Body, Query, UrlPath};
use crate::ids::SegmentId;
use crate::segments::service::Group;
use crate::validation::{Report, Validate};

/// Who is to be in the file, and what of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct ExportRequest {
    /// Whom the file is of, as text; everybody without this and `filter`.
    #[schema(example = "number_of_orders >= 2")]
    query: Option<String>,
    /// Whom the file is of, as JSON.
    #[schema(value_type = Option<Object>, example = json!(null))]
    filter: Option<Value>,
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

    fn group(&self) -> Result<Option<Group>> {
        let described = self.query.is_some() || self.filter.is_some();
        described.then(|| Group::read(None, self.query.as_deref(), self.filter.as_ref())).transpose()
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

/// How the file of a saved segment is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportParameters {
    /// `csv` (the default), `ndjson` or `parquet`.
    #[serde(default)]
    #[param(inline, example = "csv")]
    format: Format,
    /// The columns in their order, separated by commas; a useful few where absent. `GET /v1/exports/columns` lists all.
    #[serde(default)]
    #[param(example = "id,name,spent_amount,tags")]
    columns: Option<String>,
    /// Begins a CSV file with a byte order mark, by which Excel knows UTF-8.
    #[serde(default)]
    #[param(example = false)]
    bom: bool,
    /// Writes an apostrophe before texts of a CSV file that a spreadsheet would take for formulas.
    #[serde(default)]
    #[param(example = false)]
    excel_safe: bool,
}

impl ExportParameters {
    fn layout(&self) -> Result<Layout> {
        let layout = Layout { format: self.format, bom: self.bom, excel_safe: self.excel_safe };
        let mut errors = Vec::new();
        check_layout(layout, &mut |name, detail| {
            errors.push(FieldError::parameter(name, "invalid_value", detail))
        });
        if errors.is_empty() { Ok(layout) } else { Err(Error::Invalid(errors)) }
    }
}

/// Export a segment
///
/// The members of a saved segment as a file, by their ids. It is one consistent read: `X-Total-Count` tells how many rows
/// it has, and a file that cannot be finished ends with a broken connection, so that it cannot be taken for a whole one.
/// Personal data is masked without `pii:read`.
#[utoipa::path(
    tag = "Exports",
    security(("bearer" = ["exports:read"])),
    params(("id" = SegmentId, Path, description = "The segment."), ExportParameters),
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
#[get("/v1/segments/{id}/export")]
pub async fn export_segment(
    caller: Require<scope::ExportsRead>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
    parameters: Query<ExportParameters>,
) -> Result<HttpResponse> {
    let parameters = parameters.0;
    let layout = parameters.layout()?;
    let place = |code, detail: String| FieldError::parameter("columns", code, detail);
    let columns = columns::read(parameters.columns.as_deref(), place)?;
    file::send(&app, &caller, Some(Group::Saved(path.0)), columns, layout).await
}

/// Export customers
///
/// Whom a condition describes as a file, by their ids; everybody without one. It is one consistent read: `X-Total-Count` tells how many rows it has, and a
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
    let (group, columns, layout) = (request.group()?, request.columns()?, request.layout());
    file::send(&app, &caller, group, columns, layout).await
}
