//! The application: what all handlers share, and the server around them. Used alike by `main` and by tests.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_cors::Cors;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::{App, HttpServer, web};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use utoipa_actix_web::AppExt;

use crate::auth::Authenticator;
use crate::clock::{Clock, IdGen, RandomIds, SystemClock};
use crate::config::{BatchConfig, Config, ServerConfig};
use crate::db::{Db, warn_of_slow_statements};
use crate::http::{InFlight, MethodTable, RateLimiter, no_such_route, track};
use crate::ingest::{OrderWriter, WriterOptions};
use crate::jobs::{self, JobRunner, RunnerOptions};
use crate::lifecycle::CutsCache;
use crate::routes;
use crate::telemetry;
use crate::tenants::TenantCache;
use crate::webhooks::{Endpoints, Receiver, Rejections};

/// What all handlers share.
pub struct AppState {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub config: Arc<Config>,
    /// The one door for orders.
    pub orders: OrderWriter,
    /// Work that comes due by itself.
    pub jobs: JobRunner,
    /// Where platforms may push to.
    pub endpoints: Endpoints,
    /// Takes what they push.
    pub deliveries: Receiver,
    /// What they pushed with a wrong signature.
    pub rejections: Rejections,
    pub tenants: TenantCache,
    pub authenticator: Authenticator,
    pub limiter: RateLimiter,
    /// The bounds between RFM scores, for profiles.
    pub rfm_cuts: CutsCache,
    pub in_flight: Arc<InFlight>,
    pub metrics: PrometheusHandle,
    /// The description of the API, as JSON.
    pub document: String,
}

/// A server that is bound and ready to run.
pub struct Application {
    server: actix_web::dev::Server,
    address: SocketAddr,
    state: web::Data<AppState>,
    signals: Signals,
}

impl Application {
    /// Binds the address and prepares everything; the reason is a sentence for whoever starts the service.
    pub fn build(config: Config) -> Result<Self, String> {
        Self::build_with(config, Arc::new(SystemClock), Arc::new(RandomIds::default()))
    }

    /// [`Application::build`] with a clock and ids of one's own.
    pub fn build_with(config: Config, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>) -> Result<Self, String> {
        let database = &config.database;
        warn_of_slow_statements(database.slow_query);
        let db = Db::new(&database.target, database.replica.as_ref(), &database.options)
            .map_err(|error| error.to_string())?;
        let document = routes::document();
        let methods = web::Data::new(MethodTable::of(&document));
        let config = Arc::new(config);
        let orders = OrderWriter::start(&db, &clock, &ids, writer_options(&config.batch))
            .map_err(|error| format!("the order writer cannot start: {error}"))?;
        let options = RunnerOptions { threads: config.jobs.threads, ..RunnerOptions::default() };
        let jobs = JobRunner::new(
            db.clone(),
            Arc::clone(&clock),
            Arc::clone(&ids),
            jobs::registry(&config.webhooks),
            options,
        );
        let deliveries = Receiver::start(&db, &clock, &orders, &jobs, writer_options(&config.batch))
            .map_err(|error| format!("the receiver of webhooks cannot start: {error}"))?;
        let state = web::Data::new(AppState {
            tenants: TenantCache::new(db.clone(), Arc::clone(&clock)),
            endpoints: Endpoints::new(db.clone(), Arc::clone(&clock), config.secrets_key.clone()),
            authenticator: Authenticator::new(&config.tokens)?,
            rfm_cuts: CutsCache::default(),
            limiter: RateLimiter::new(&config.limits),
            in_flight: Arc::default(),
            metrics: telemetry::metrics(),
            document: routes::as_json(&document),
            db,
            clock,
            ids,
            config: Arc::clone(&config),
            orders,
            jobs,
            deliveries,
            rejections: Rejections::default(),
        });
        let listener = TcpListener::bind(&config.server.bind)
            .map_err(|error| format!("BIND_ADDR: {} cannot be bound: {error}", config.server.bind))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let server = serve(listener, state.clone(), methods)
            .map_err(|error| format!("the server cannot start: {error}"))?;
        let signals = Signals::listen().map_err(|error| format!("signals cannot be listened to: {error}"))?;
        Ok(Self { server, address, state, signals })
    }

    /// Where the service listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server from outside.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    pub fn state(&self) -> web::Data<AppState> {
        self.state.clone()
    }

    /// Serves until SIGTERM or SIGINT (or [`Application::handle`]), then finishes what is in progress.
    pub async fn run(self) -> std::io::Result<()> {
        let handle = self.server.handle();
        let signals = actix_web::rt::spawn(self.signals.stop(handle));
        let upkeep = actix_web::rt::spawn(telemetry::upkeep(self.state.clone()));
        if self.state.config.jobs.on {
            self.state.jobs.start()?;
        }
        let outcome = self.server.await;
        signals.abort();
        upkeep.abort();
        let state = self.state;
        // Orders that were taken are written, and portions of jobs finished, before the process ends.
        let stopped = web::block(move || {
            state.jobs.stop();
            state.deliveries.stop();
            state.orders.stop();
        })
        .await;
        outcome.and(stopped.map_err(std::io::Error::other))
    }
}

/// The signals to stop, listened to from the moment of building, so that none comes too early.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn stop(mut self, server: ServerHandle) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing what is in progress");
        server.stop(true).await;
    }
}

fn writer_options(batch: &BatchConfig) -> WriterOptions {
    WriterOptions { batch_orders: batch.max_orders, queue_orders: batch.queue, ..WriterOptions::default() }
}

fn serve(
    listener: TcpListener,
    state: web::Data<AppState>,
    methods: web::Data<MethodTable>,
) -> std::io::Result<actix_web::dev::Server> {
    let config = Arc::clone(&state.config);
    let server_config = config.server.clone();
    let server = HttpServer::new(move || {
        let (app, _) = App::new()
            .app_data(state.clone())
            .app_data(methods.clone())
            .into_utoipa_app()
            .configure(routes::configure)
            .split_for_parts();
        app.configure(routes::docs)
            .default_service(web::to(no_such_route))
            .wrap(from_fn(track))
            .wrap(Compress::default())
            .wrap(Condition::new(!server_config.cors_origins.is_empty(), cors(&server_config)))
    });
    server
        .workers(config.server.workers)
        .shutdown_timeout(config.server.shutdown.as_secs())
        .disable_signals()
        .listen(listener)
        .map(HttpServer::run)
}

/// Headers that pages may read.
const EXPOSED: [&str; 7] = [
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Retry-After",
    "X-Request-Id",
    "X-Total-Count",
];

fn cors(config: &ServerConfig) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(EXPOSED)
        .max_age(3600);
    config.cors_origins.iter().fold(cors, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin().send_wildcard(),
        origin => cors.allowed_origin(origin),
    })
}
