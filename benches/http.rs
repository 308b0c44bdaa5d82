//! The service over HTTP, beside bare actix and diesel handlers on the same database in the same run.
//!
//! `cargo bench --bench http -- [customers] [seconds]`. Single orders are durable on answer. See docs/BENCHMARKS.md.

#[path = "../tests/api/support/cluster.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "support/load.rs"]
#[expect(dead_code, reason = "the bench of webhooks uses more of it")]
mod load;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/raw.rs"]
mod raw;

use std::net::SocketAddr;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use huitou::app::Application;
use huitou::auth::{Claims, mint};
use huitou::clock::{IdGen, RandomIds};
use huitou::config::{Config, Purpose};
use huitou::db::schema::{customers, orders};
use huitou::db::{Backend, Db, DbError, DbOptions, Target, migrate};
use huitou::ids::{CustomerId, OrderId, ShopId, TenantId};
use huitou::ingest;
use huitou::time::Timestamp;
use load::{Figures, request};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCOPES: &str = "customers:read customers:write orders:read orders:write pii:read";

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("a date")
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let customers = numbers.first().copied().unwrap_or(20_000);
    let seconds = numbers.get(1).copied().unwrap_or(5) as u64;
    println!("{customers} customers, {customers} orders; {seconds} s a measurement");
    let directory = tempfile::tempdir().expect("a temporary directory");
    actix_web::rt::System::new().block_on(async {
        let url = format!("sqlite://{}/bench.db", directory.path().display());
        Bench::prepare(&url, customers).await.measure("sqlite", seconds).await;
        let settings = "max_wal_size = 4GB\nshared_buffers = 1GB";
        let Some(server) = cluster::Cluster::start(settings) else { return };
        cluster::connect(&server.url("postgres")).batch_execute("CREATE DATABASE bench").expect("a database");
        Bench::prepare(&server.url("bench"), customers).await.measure("postgres", seconds).await;
    });
}

struct Bench {
    service: SocketAddr,
    peer: SocketAddr,
    token: String,
    shop: ShopId,
    customers: usize,
    order_ids: Vec<OrderId>,
    customer_ids: Vec<CustomerId>,
}

impl Bench {
    async fn prepare(url: &str, customers: usize) -> Self {
        let ids = RandomIds::default();
        let (tenant, shop): (TenantId, ShopId) = {
            let ids: &dyn IdGen = &ids;
            (ids.id(now()), ids.id(now()))
        };
        let target = Target::parse(url).expect("a database URL");
        let mut connection = target.connect(true).expect("a connection");
        migrate::up(&mut connection).expect("migrations");
        raw::tenant_and_shop(&mut connection, tenant, shop, now());
        connection.batch_execute(raw::BARE).expect("the bare tables");
        let db = Db::new(&target, None, &DbOptions::default()).expect("pools");
        fill(&db, tenant, shop, customers, &ids);
        // PostgreSQL does this by itself; on SQLite the planner goes by the statistics of the migrations.
        if target.backend() == Backend::Postgres {
            connection.batch_execute("ANALYZE").expect("statistics");
        }
        let (order_ids, customer_ids) = samples(&db, tenant);
        let secret = "a secret for benchmarks, 32 bytes long at least".to_owned();
        let lookup = |name: &str| match name {
            "DATABASE_URL" => Some(url.to_owned()),
            "BIND_ADDR" => Some("127.0.0.1:0".to_owned()),
            "JWT_SECRET" => Some(secret.clone()),
            "WORKERS" => Some("2".to_owned()),
            _ => None,
        };
        let config = Config::from_variables(lookup, Purpose::Serve).expect("a configuration");
        let claims = Claims {
            sub: "bench".into(),
            exp: i64::from(u32::MAX),
            nbf: None,
            tenant: Some(tenant.to_string()),
            scope: SCOPES.into(),
        };
        let token = mint(config.tokens.secret.as_ref().expect("a secret"), &claims).expect("a token");
        let application = Application::build(config).expect("the service");
        let service = application.address();
        actix_web::rt::spawn(application.run());
        let peer = peer::start(db, tenant, shop);
        Self { service, peer, token, shop, customers, order_ids, customer_ids }
    }

    async fn measure(&self, database: &str, seconds: u64) {
        println!("\n{database}");
        for connections in [64, 256] {
            println!(" single orders, {connections} connections, 2 lines each, durable");
            let base = connections * 1_000_000_000;
            let alone = self.put(self.peer, "/alone/", connections, seconds, base).await;
            show("bare, one transaction each", &alone);
            let batched = self.put(self.peer, "/batched/", connections, seconds, base + 300_000_000).await;
            show("bare, batched", &batched);
            let indexed = self.put(self.peer, "/indexed/", connections, seconds, base + 900_000_000).await;
            show("bare, batched, all indexes", &indexed);
            let path = format!("/v1/shops/{}/orders/", self.shop);
            let before = self.batches().await;
            let door = self.put(self.service, &path, connections, seconds, base + 600_000_000).await;
            show("huitou", &door);
            let after = self.batches().await;
            println!(
                "   huitou / bare batched {:.2} (to reach 0.60), / with all indexes {:.2}, / one transaction each {:.1} \
                 (to reach 4); {:.0} orders a batch",
                door.per_second() / batched.per_second(),
                door.per_second() / indexed.per_second(),
                door.per_second() / alone.per_second(),
                (after.0 - before.0) / (after.1 - before.1)
            );
        }
        println!(" reads, 32 connections");
        let order_path = |prefix: &'static str| {
            let ids = self.order_ids.clone();
            move |place: usize| format!("{prefix}{}", ids[place % ids.len()])
        };
        let bare = self.get(self.peer, seconds, order_path("/orders/")).await;
        show("bare select of the order", &bare);
        let customer = self.customer_ids.clone();
        let order = self.get(self.service, seconds, order_path("/v1/orders/")).await;
        show("order by id (with lines and refunds)", &order);
        let by_id = move |place: usize| format!("/v1/customers/{}", customer[place % customer.len()]);
        let one = self.get(self.service, seconds, by_id).await;
        show("customer by id", &one);
        println!("   customer by id / bare {:.2} (to reach 0.80)", one.per_second() / bare.per_second());
        let customer = self.customer_ids.clone();
        let profile =
            move |place: usize| format!("/v1/customers/{}/profile", customer[place % customer.len()]);
        self.first_profile(&profile(0)).await;
        show("profile", &self.get(self.service, seconds, profile.clone()).await);
        show("profile, 500 a second", &self.get_at(500, seconds, profile).await);
        let customers = self.customers;
        let whole = move |place: usize| format!("/v1/customers?q=138{:08}", place * 7_919 % customers);
        show("search by whole phone", &self.get(self.service, seconds, whole).await);
        show("search by whole phone, 500 a second", &self.get_at(500, seconds, whole).await);
        let tail = move |place: usize| format!("/v1/customers?q={:04}", place * 7_919 % 10_000);
        show("search by last 4 digits", &self.get(self.service, seconds, tail).await);
    }

    /// The first file after a start has the service look for the bounds between RFM scores.
    async fn first_profile(&self, path: &str) {
        let start = std::time::Instant::now();
        let ask = request("GET", path, &self.token, "");
        while load::body_of(self.service, &ask).await.contains("\"rfm\":null") {
            actix_web::rt::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        println!("   bounds between RFM scores known after {:.1} s", start.elapsed().as_secs_f64());
    }

    /// The orders that the service has written in batches, and the batches.
    async fn batches(&self) -> (f64, f64) {
        let text = load::body_of(self.service, &request("GET", "/metrics", &self.token, "")).await;
        let metric = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
        };
        (metric("huitou_batch_orders_sum"), metric("huitou_batch_orders_count"))
    }

    /// New orders, each number once, of customers that are known already.
    async fn put(
        &self,
        to: SocketAddr,
        path: &str,
        connections: usize,
        seconds: u64,
        base: usize,
    ) -> Figures {
        let (token, path, customers) = (self.token.clone(), path.to_owned(), self.customers);
        let next = move |connection: usize, number: usize| {
            // As from a shop that is open: each order is paid about when it comes in, after all that were there.
            let body = raw::body(connection * 100_000 + number, customers + number, customers);
            request("PUT", &format!("{path}{}", base + connection * 100_000 + number), &token, &body)
        };
        load::run(to, connections, seconds, next).await
    }

    async fn get(
        &self,
        from: SocketAddr,
        seconds: u64,
        path: impl Fn(usize) -> String + Clone + 'static,
    ) -> Figures {
        load::run(from, 32, seconds, self.getting(path)).await
    }

    /// At a rate that leaves the machine time to spare, so that an answer takes as long as its own work.
    async fn get_at(
        &self,
        rate: u32,
        seconds: u64,
        path: impl Fn(usize) -> String + Clone + 'static,
    ) -> Figures {
        load::run_at(self.service, 32, seconds, rate, self.getting(path)).await
    }

    fn getting(
        &self,
        path: impl Fn(usize) -> String + Clone + 'static,
    ) -> impl Fn(usize, usize) -> Vec<u8> + Clone + 'static {
        let token = self.token.clone();
        move |connection, number| request("GET", &path(connection * 104_729 + number), &token, "")
    }
}

fn show(what: &str, figures: &Figures) {
    println!("   {what:38} {figures}");
}

/// Loads the archive through the door.
fn fill(db: &Db, tenant: TenantId, shop: ShopId, customers: usize, ids: &RandomIds) {
    let start = std::time::Instant::now();
    for first in (0..customers).step_by(1_000) {
        let items: Vec<_> = (first..(first + 1_000).min(customers))
            .map(|number| raw::order(shop, number, customers))
            .collect();
        db.write_blocking(|c| ingest::apply(c, tenant, &items, now(), ids)).expect("a batch");
    }
    println!("loaded in {:.0} s", start.elapsed().as_secs_f64());
}

fn samples(db: &Db, tenant: TenantId) -> (Vec<OrderId>, Vec<CustomerId>) {
    db.read_blocking(|c| -> Result<_, DbError> {
        let orders =
            orders::table.filter(orders::tenant_id.eq(tenant)).select(orders::id).limit(200_000).load(c)?;
        let people =
            customers::table.filter(customers::tenant_id.eq(tenant)).select(customers::id).limit(200_000);
        Ok((orders, people.load(c)?))
    })
    .expect("samples")
}
