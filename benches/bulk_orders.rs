//! Bulk load through the door, beside a raw upsert of the same order and line rows on the same database.
//!
//! `cargo bench --bench bulk_orders -- [orders]`. Each way writes the same orders (2 lines each, batches of 1,000, one
//! connection, durable commits) into a fresh database of its own:
//!
//! - `door`: `ingest::apply`: identities, merge, history and facts kept;
//! - `tables`: the same rows upserted into the project's own tables with all their indexes, and nothing else;
//! - `bare`: the same rows into copies of the two tables with nothing but their natural keys.

#[path = "../tests/api/support/cluster.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "support/raw.rs"]
mod raw;

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use huitou::clock::{IdGen, RandomIds};
use huitou::db::{AnyConnection, DbError, Target, migrate, transaction};
use huitou::ids::{ShopId, TenantId};
use huitou::ingest::{self, Incoming};
use huitou::time::Timestamp;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 1_000;
const ORDERS_PER_CUSTOMER: usize = 5;

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("a date")
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let orders: usize = asked.unwrap_or(50_000);
    println!("{orders} orders, {} lines, batches of {BATCH}, one connection", 2 * orders);
    let directory = tempfile::tempdir().expect("a temporary directory");
    measure("sqlite", orders, |name| format!("sqlite://{}/{name}.db", directory.path().display()));
    let Some(server) = cluster::Cluster::start("max_wal_size = 4GB\nshared_buffers = 1GB") else { return };
    let mut admin = cluster::connect(&server.url("postgres"));
    measure("postgres", orders, |name| {
        admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
        server.url(name)
    });
}

fn measure(database: &str, orders: usize, mut url: impl FnMut(&str) -> String) {
    let ids = RandomIds::default();
    let (tenant, shop): (TenantId, ShopId) = {
        let ids: &dyn IdGen = &ids;
        (ids.id(now()), ids.id(now()))
    };
    let customers = (orders / ORDERS_PER_CUSTOMER).max(1);
    let items: Vec<Incoming> = (0..orders).map(|number| raw::order(shop, number, customers)).collect();
    let rate = |took: Duration| orders as f64 / took.as_secs_f64();

    let mut connection = prepare(&url("bare"), tenant, shop);
    connection.batch_execute(raw::BARE).expect("the bare tables");
    let bare = rate(load(&mut connection, &items, |c, batch| {
        raw::upsert(c, tenant, batch, &ids, &raw::BARE_TABLES)
    }));
    let mut connection = prepare(&url("tables"), tenant, shop);
    let tables = rate(load(&mut connection, &items, |c, batch| {
        raw::upsert(c, tenant, batch, &ids, &raw::REAL_TABLES)
    }));
    let mut connection = prepare(&url("door"), tenant, shop);
    let door = rate(load(&mut connection, &items, |c, batch| {
        ingest::apply(c, tenant, batch, now(), &ids)
            .map(|outcomes| assert!(outcomes.iter().all(Result::is_ok)))
    }));
    println!("{database:9} bare {bare:7.0}/s  tables {tables:7.0}/s  door {door:7.0}/s");
    println!(
        "{database:9} door/bare {:.2} (to reach 0.25)  door/tables {:.2} (to reach 0.40)",
        door / bare,
        door / tables
    );
}

fn prepare(url: &str, tenant: TenantId, shop: ShopId) -> AnyConnection {
    let target = Target::parse(url).expect("a database URL");
    let mut connection = target.connect(true).expect("a connection");
    migrate::up(&mut connection).expect("migrations");
    raw::tenant_and_shop(&mut connection, tenant, shop, now());
    connection
}

fn load(
    connection: &mut AnyConnection,
    items: &[Incoming],
    mut write: impl FnMut(&mut AnyConnection, &[Incoming]) -> Result<(), DbError>,
) -> Duration {
    let start = Instant::now();
    for batch in items.chunks(BATCH) {
        transaction(connection, |connection| write(connection, batch)).expect("a batch");
    }
    start.elapsed()
}
