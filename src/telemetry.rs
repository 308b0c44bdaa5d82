//! What the service tells about itself: logs and metrics.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use actix_web::web;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::app::AppState;
use crate::config::LogFormat;
use crate::webhooks::pending;

/// Starts logging to standard error, once in a process.
pub fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let colours = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    // The second call in a process finds a logger in place, which is fine.
    let _ = match format {
        LogFormat::Pretty => registry.with(layer.compact()).try_init(),
        LogFormat::Json => registry
            .with(layer.json().flatten_event(true).with_current_span(true).with_span_list(false))
            .try_init(),
    };
}

/// The metrics of this process.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = builder().build_recorder();
            let handle = recorder.handle();
            // Fails only where somebody else's recorder is in place; then there is nothing to tell.
            let _ = metrics::set_global_recorder(recorder);
            describe();
            handle
        })
        .clone()
}

const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const ORDERS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];

fn builder() -> PrometheusBuilder {
    let builder = PrometheusBuilder::new();
    let buckets =
        [(Matcher::Suffix("_seconds".into()), SECONDS), (Matcher::Suffix("_orders".into()), ORDERS)];
    buckets.into_iter().fold(builder, |builder, (matcher, bounds)| {
        // Refused only for an empty list of bounds.
        let with_buckets = builder.set_buckets_for_metric(matcher, bounds);
        with_buckets.unwrap_or_else(|_| PrometheusBuilder::new())
    })
}

fn describe() {
    metrics::describe_counter!("http_requests_total", "Requests by route, method and status.");
    metrics::describe_histogram!("http_request_duration_seconds", "How long requests took.");
    metrics::describe_gauge!("huitou_db_connections", "Connections to the database, open and idle.");
    metrics::describe_gauge!("huitou_orders_waiting", "Orders that wait to be written.");
    metrics::describe_counter!(
        "huitou_webhook_deliveries_total",
        "What platforms pushed, by platform and what became of it."
    );
    metrics::describe_histogram!("huitou_webhook_lag_seconds", "How long pending deliveries waited.");
    metrics::describe_gauge!(
        "huitou_webhook_deliveries_pending",
        "Deliveries that are stored and not applied yet, in the whole database."
    );
    metrics::describe_counter!(
        "huitou_jobs_total",
        "Jobs by name and outcome: done, failed, lost, interrupted."
    );
    metrics::describe_histogram!("huitou_job_duration_seconds", "How long jobs took.");
    metrics::describe_gauge!("huitou_job_lag_seconds", "How long after its time a job began, the last time.");
}

/// The metrics as Prometheus reads them.
pub fn render(state: &AppState) -> String {
    let (open, idle) = state.db.connections();
    metrics::gauge!("huitou_db_connections", "state" => "open").set(f64::from(open));
    metrics::gauge!("huitou_db_connections", "state" => "idle").set(f64::from(idle));
    metrics::gauge!("huitou_orders_waiting").set(state.orders.waiting() as f64);
    state.metrics.render()
}

const UPKEEP: Duration = Duration::from_secs(10);

/// Keeps the memory of metrics and limits bounded while the service runs, and measures what no request tells.
pub async fn upkeep(state: web::Data<AppState>) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        state.metrics.run_upkeep();
        state.limiter.tidy();
        if let Err(error) = state.rejections.write(&state.db).await {
            tracing::warn!(%error, "rejected webhooks could not be written down");
        }
        if let Err(error) = pending::measure(&state.db).await {
            tracing::warn!(%error, "pending webhooks could not be counted");
        }
    }
}
