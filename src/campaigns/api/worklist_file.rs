//! The worklist as a file.

use std::io::Write;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::worklist::TaskResponse;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::model::Campaign;
use crate::campaigns::service;
use crate::campaigns::worklist::{self, Stretch, Task, Wanted};
use crate::consents::Channel;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::exports::{Cell, Csv, Sheet};
use crate::http::{Query, UrlPath, stream};
use crate::ids::{CampaignId, CustomerId};
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// How the worklist is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WorklistFormat {
    /// RFC 4180: commas, CRLF, a header line, UTF-8.
    #[default]
    Csv,
    /// A JSON object a line, as in the list.
    Ndjson,
}

/// Which worklist, and how it is to look.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WorklistFileParameters {
    /// How people are to be contacted; one of the campaign's channels.
    #[param(inline, example = "sms")]
    channel: Channel,
    /// `csv` (the default) or `ndjson`.
    #[serde(default)]
    #[param(inline, example = "csv")]
    format: WorklistFormat,
    /// Begins a CSV file with a byte order mark, by which Excel knows UTF-8.
    #[serde(default)]
    #[param(example = false)]
    bom: bool,
    /// Writes an apostrophe before texts of a CSV file that a spreadsheet would take for formulas.
    #[serde(default)]
    #[param(example = false)]
    excel_safe: bool,
}

/// Members that are looked at in one go.
const STRETCH: i64 = 1_000;
/// When to come again while as many files are written as may.
const RETRY_AFTER: u64 = 10;

const COLUMNS: [&str; 15] = [
    "customer_id",
    "arm",
    "name",
    "nick",
    "phone",
    "email",
    "text",
    "units",
    "purpose",
    "subject",
    "stage",
    "orders",
    "spent_amount",
    "last_order_at",
    "last_purchases",
];

/// Download the worklist
///
/// All members who are to be contacted over the channel now, as a file for whatever sends messages or makes calls. Whom the
/// contact plan leaves alone at this moment is not in it. Without `pii:read` names and addresses are masked, in the texts
/// as well. A file that cannot be finished is broken off, so that nobody takes it for the whole.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), WorklistFileParameters),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (TaskResponse = "application/x-ndjson"),
    ))),
)]
#[get("/v1/campaigns/{campaign_id}/worklist/file")]
pub async fn download_worklist(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    parameters: Query<WorklistFileParameters>,
) -> Result<HttpResponse> {
    let parameters = parameters.0;
    if parameters.format != WorklistFormat::Csv {
        for (name, wanted) in [("bom", parameters.bom), ("excel_safe", parameters.excel_safe)] {
            if wanted {
                return Err(Error::invalid_parameter(name, "invalid_value", "is for the format `csv` alone"));
            }
        }
    }
    let place = app.db.long_read().ok_or_else(|| Error::Unavailable {
        retry_after: RETRY_AFTER,
        cause: "as many exports run as may (EXPORTS_AT_ONCE)".into(),
    })?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let (id, now, pii) = (path.0, app.clock.now(), caller.pii);
    let reader = Arc::clone(&tenant);
    let begin = move |connection: &mut AnyConnection| {
        let campaign = service::get(connection, reader.id, id)?;
        let mut list =
            Worklist { tenant: reader, campaign, channel: parameters.channel, pii, now, after: None };
        // What cannot be had is refused before the first byte.
        let first = list.next(connection)?;
        Ok::<_, Error>((list, first))
    };
    let (list, first) = app.db.read(begin).await?;
    let (writer, body) = stream::body();
    let write = move || {
        let mut connection = place.connect()?;
        let writer = write(&mut connection, list, first, parameters, writer)?;
        writer.finish().map_err(Error::internal)
    };
    let span = tracing::Span::current();
    let work = move || {
        span.in_scope(|| {
            if let Err(error) = write() {
                tracing::warn!(code = error.code(), cause = error.hidden_cause(), "a worklist broke off");
            }
        });
    };
    std::thread::Builder::new().name("worklist".into()).spawn(work).map_err(Error::internal)?;
    let (media, extension) = match parameters.format {
        WorklistFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        WorklistFormat::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = format!("attachment; filename=\"{id}-{}.{extension}\"", parameters.channel.as_str());
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(body))
}

/// A worklist that is walked through.
struct Worklist {
    tenant: Arc<Tenant>,
    campaign: Campaign,
    channel: Channel,
    pii: bool,
    now: Timestamp,
    after: Option<CustomerId>,
}

impl Worklist {
    fn next(&mut self, connection: &mut AnyConnection) -> Result<Stretch> {
        let wanted = Wanted { channel: self.channel, after: self.after, limit: STRETCH, pii: self.pii };
        let stretch = worklist::read(connection, &self.tenant, &self.campaign, wanted, self.now)?;
        self.after = stretch.last;
        Ok(stretch)
    }
}

fn write<W: Write>(
    connection: &mut AnyConnection,
    mut list: Worklist,
    first: Stretch,
    parameters: WorklistFileParameters,
    out: W,
) -> Result<W> {
    let mut file = match parameters.format {
        WorklistFormat::Csv => File::Csv(Csv::new(out, &COLUMNS, parameters.bom, parameters.excel_safe)),
        WorklistFormat::Ndjson => File::Ndjson(out),
    };
    let mut stretch = first;
    loop {
        let more = stretch.has_more;
        for task in stretch.tasks {
            file.write(task, &list.campaign)?;
        }
        if !more {
            return file.finish();
        }
        stretch = list.next(connection)?;
    }
}

enum File<W: Write> {
    Csv(Csv<W>),
    Ndjson(W),
}

impl<W: Write> File<W> {
    fn write(&mut self, task: Task, campaign: &Campaign) -> Result<()> {
        let task = TaskResponse::new(task, &campaign.document);
        match self {
            Self::Ndjson(out) => {
                serde_json::to_writer(&mut *out, &task)?;
                out.write_all(b"\n").map_err(Error::internal)
            }
            Self::Csv(csv) => row(csv, &task).map_err(Error::internal),
        }
    }

    fn finish(self) -> Result<W> {
        match self {
            Self::Ndjson(out) => Ok(out),
            Self::Csv(csv) => csv.into_inner().map_err(Error::internal),
        }
    }
}

fn row<W: Write>(csv: &mut Csv<W>, task: &TaskResponse) -> std::io::Result<()> {
    let (id, purpose) = (task.customer_id.to_string(), task.reason.purpose.as_text());
    let titles = task.last_purchases.iter().filter_map(|purchase| purchase.title.as_deref());
    let titles = titles.collect::<Vec<_>>().join(";");
    let cells = [
        Cell::Text(&id),
        Cell::Text(&task.arm),
        cell(task.name.as_deref()),
        cell(task.nick.as_deref()),
        cell(task.phone.as_deref()),
        cell(task.email.as_deref()),
        cell(task.text.as_deref()),
        task.units.map_or(Cell::Null, Cell::Int),
        Cell::Text(&purpose),
        cell(task.reason.subject.as_deref()),
        cell(task.reason.stage.as_deref()),
        Cell::Int(task.reason.orders),
        Cell::Int(task.reason.spent_amount),
        task.reason.last_order_at.map_or(Cell::Null, Cell::Moment),
        Cell::Text(&titles),
    ];
    cells.into_iter().enumerate().for_each(|(place, cell)| csv.cell(place, cell));
    csv.end_row()
}

fn cell(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, Cell::Text)
}
