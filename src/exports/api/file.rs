//! A file on its way out.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use tokio::sync::oneshot;

use crate::app::AppState;
use crate::auth::Caller;
use crate::db::LongRead;
use crate::error::{Error, Result};
use crate::exports::columns::{Basis, Column};
use crate::exports::service::{self, Export, Layout, Stop, Whom};
use crate::http::stream::{self, BodyWriter};
use crate::lifecycle::Rules;
use crate::segments;
use crate::segments::service::Group;
use crate::time::Timestamp;

const X_TOTAL_COUNT: header::HeaderName = header::HeaderName::from_static("x-total-count");
/// When to come again while as many exports run as may.
const RETRY_AFTER: u64 = 10;

/// Answers with the file of a group, or of everybody. What cannot be had is refused before the first byte; what fails later
/// breaks the connection off.
pub async fn send(
    app: &web::Data<AppState>,
    caller: &Caller,
    group: Option<Group>,
    columns: Vec<Column>,
    layout: Layout,
) -> Result<HttpResponse> {
    let place = app.db.long_read().ok_or_else(|| Error::Unavailable {
        retry_after: RETRY_AFTER,
        cause: "as many exports run as may (EXPORTS_AT_ONCE)".into(),
    })?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let now = app.clock.now();
    let rules = Rules::overall(&tenant, now)?;
    let (currency, bounds, rfm) = (tenant.currency.clone(), rules.bounds(), tenant.settings.rfm.clone());
    let basis = Basis { currency, rules, bounds, rfm, cuts: None };
    let export = Export { tenant: tenant.id, columns, basis, masked: !caller.pii, layout };
    let personal = caller.pii;
    let whom: Whom = Box::new(move |connection| {
        let members = |group| segments::service::members(connection, &tenant, &group, personal, now);
        group.map(members).transpose()
    });
    let (writer, body) = stream::body();
    let (begun, rows) = oneshot::channel();
    let span = tracing::Span::current();
    std::thread::Builder::new()
        .name("export".into())
        .spawn(move || span.in_scope(|| write(&place, &export, whom, writer, begun)))
        .map_err(Error::internal)?;
    let rows = rows.await.unwrap_or_else(|_| Err(Error::internal("the export ended before it began")))?;
    Ok(HttpResponse::Ok()
        .content_type(layout.format.media_type())
        .insert_header((X_TOTAL_COUNT, rows))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, disposition(now, layout)))
        .streaming(body))
}

fn disposition(now: Timestamp, layout: Layout) -> String {
    let day: String = now.to_string().chars().take(10).collect();
    format!("attachment; filename=\"customers-{day}.{}\"", layout.format.extension())
}

/// Works on a thread of its own until the file is written or nobody reads it any more.
fn write(
    place: &LongRead,
    export: &Export,
    whom: Whom,
    mut writer: BodyWriter,
    begun: oneshot::Sender<Result<i64>>,
) {
    let mut begun = Some(begun);
    let mut tell = |outcome: Result<i64>| {
        // Whoever waited may be gone.
        begun.take().map(|begun| begun.send(outcome).is_ok()).unwrap_or_default()
    };
    let outcome = place.connect().map_err(Stop::from).and_then(|mut connection| {
        service::run(&mut connection, export, whom, &mut writer, |rows| {
            tell(Ok(rows));
        })
    });
    match outcome {
        Ok(rows) => match writer.finish() {
            Ok(()) => tracing::info!(rows, "exported"),
            Err(error) => tracing::info!(%error, "an export was not read to its end"),
        },
        Err(Stop::Unread(error)) => tracing::info!(%error, "an export was not read to its end"),
        Err(Stop::Refused(error)) => {
            if !tell(Err(error.clone())) {
                tracing::error!(code = error.code(), cause = error.hidden_cause(), "an export broke off");
            }
        }
    }
}
