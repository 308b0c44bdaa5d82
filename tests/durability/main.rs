//! What was answered with 2xx is there, whatever happens next: the service is killed, the database is killed, the disk is
//! full, the service is told to stop. The real binary, under load.
//!
//! A power cut cannot be made here. What stands in for it: PostgreSQL writes nothing to its log by itself in these tests,
//! so a commit that does not wait for the disk is lost when the server is killed; of SQLite, that it is told to wait for
//! the disk.

#[path = "../api/support/cluster.rs"]
mod cluster;
mod load;
mod service;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cluster::Cluster;
use diesel::connection::SimpleConnection;
use huitou::sql;
use load::{Load, Stop};
use service::{Service, Shop};

/// A database to run on, and what it lives in.
struct Database {
    url: String,
    cluster: Option<Cluster>,
    _directory: tempfile::TempDir,
}

fn sqlite() -> Option<Database> {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let url = format!("sqlite://{}/durable.db", directory.path().display());
    cfg!(feature = "sqlite").then_some(Database { url, cluster: None, _directory: directory })
}

/// Leaves the log of what was done to the commits, as far as can be: else it is written every fifth of a second, and a
/// commit that does not wait for it is seldom caught.
const LAZY: &str = "wal_writer_delay = 10s\nwal_writer_flush_after = 1GB\nbgwriter_lru_maxpages = 0";

fn postgres() -> Option<Database> {
    if cfg!(not(feature = "postgres")) {
        return None;
    }
    let cluster = Cluster::start(LAZY)?;
    let url = cluster.url("durable");
    cluster::create_migrated(&mut cluster::connect(&cluster.url("postgres")), "durable", &url);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    Some(Database { url, cluster: Some(cluster), _directory: directory })
}

#[test]
fn what_was_acknowledged_survives_kill_9_on_sqlite() {
    sqlite().iter().for_each(survives_kill_9);
}

#[test]
fn what_was_acknowledged_survives_kill_9_on_postgres() {
    postgres().iter().for_each(survives_kill_9);
}

fn survives_kill_9(database: &Database) {
    let mut service = Service::start(&database.url);
    let shop = service.make_shop();
    let mut acknowledged = load::Acknowledged::default();
    for round in 0..3 {
        let load = Load::start(&shop, &format!("round-{round}"), Stop::AtBrokenConnection);
        load.wait_for_acknowledged(150);
        service.kill();
        let report = load.finish();
        assert!(report.broken > 0, "the kill came under load");
        acknowledged.extend(report.acknowledged);
        service.start_again();
        load::assert_stored(&shop, &acknowledged);
    }
}

#[test]
fn a_database_that_restarts_under_load_costs_errors_but_no_order() {
    let Some(database) = postgres() else { return };
    let Some(cluster) = &database.cluster else { return };
    let service = Service::start(&database.url);
    let shop = service.make_shop();
    let load = Load::start(&shop, "restart", Stop::WhenTold);
    load.wait_for_acknowledged(100);
    cluster.control(&["stop", "--wait", "--mode=immediate"]);
    load.wait_for_unavailable();
    assert_eq!(shop.get("/readyz").status(), 503);
    assert_eq!(shop.get("/livez").status(), 200);
    cluster.control(&["start", "--wait", "--timeout=60", "--log=server.log"]);
    load.wait_for_acknowledged(100);
    let report = load.finish();
    assert_eq!(report.broken, 0, "the service answers while its database is away");
    assert_eq!(shop.get("/readyz").status(), 200);
    load::assert_stored(&shop, &report.acknowledged);
}

#[test]
fn a_database_that_restarts_while_nobody_asks_costs_no_caller_an_error() {
    let Some(database) = postgres() else { return };
    let Some(cluster) = &database.cluster else { return };
    let service = Service::start(&database.url);
    let shop = service.make_shop();
    assert_eq!(shop.get("/v1/orders").status(), 200);
    cluster.control(&["restart", "--wait", "--mode=fast", "--timeout=60", "--log=server.log"]);
    // Longer than a connection is trusted without being asked.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(shop.get("/v1/orders").status(), 200);
    assert_eq!(shop.put_order("after", &load::order("after", 1)).expect("an answer").status(), 201);
}

/// Commits wait for a lock that the test holds, which no statement before them needs.
const HELD_COMMITS: &str = "
    CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER held AFTER INSERT OR UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_for_the_test();
    SELECT pg_advisory_lock(1);";

#[test]
fn nobody_is_answered_before_the_commit_and_a_database_killed_in_it_costs_no_order() {
    let Some(database) = postgres() else { return };
    let Some(cluster) = &database.cluster else { return };
    let service = Service::start(&database.url);
    let shop = service.make_shop();
    let mut holder = cluster::connect(&database.url);
    holder.batch_execute(HELD_COMMITS).expect("a trigger can be made");
    let load = Load::start(&shop, "held", Stop::WhenTold);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(load.acknowledged(), 0, "no commit has ended");
    cluster.control(&["stop", "--wait", "--mode=immediate"]);
    drop(holder);
    load.wait_for_unavailable();
    cluster.control(&["start", "--wait", "--timeout=60", "--log=server.log"]);
    load.wait_for_acknowledged(100);
    load::assert_stored(&shop, &load.finish().acknowledged);
}

#[test]
fn a_full_disk_costs_errors_but_no_order_on_sqlite() {
    let Some(database) = sqlite() else { return };
    // Room for the archive as it begins; its log of what was done reaches the limit soon.
    let mut service = Service::start_on_a_small_disk(&database.url, 4_096);
    let shop = service.make_shop();
    let load = Load::start(&shop, "full", Stop::WhenTold);
    load.wait_for_unavailable();
    let report = load.finish();
    assert_eq!(report.broken, 0, "the service answers while its disk is full");
    service.kill();
    service.start_again();
    load::assert_stored(&shop, &report.acknowledged);
}

#[test]
fn every_connection_to_sqlite_waits_for_the_disk() {
    let Some(database) = sqlite() else { return };
    #[derive(diesel::QueryableByName)]
    struct Told {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        synchronous: i64,
        #[diesel(sql_type = diesel::sql_types::Text)]
        journal_mode: String,
    }
    let told: Vec<Told> =
        sql!("SELECT synchronous, journal_mode FROM pragma_synchronous, pragma_journal_mode")
            .load(&mut cluster::connect(&database.url))
            .expect("SQLite tells its settings");
    const FULL: i64 = 2;
    assert_eq!((told[0].synchronous, told[0].journal_mode.as_str()), (FULL, "wal"));
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_answered_on_sqlite() {
    sqlite().iter().for_each(drains);
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_answered_on_postgres() {
    postgres().iter().for_each(drains);
}

fn drains(database: &Database) {
    let mut service = Service::start(&database.url);
    let shop = service.make_shop();
    let load = Load::start(&shop, "drain", Stop::AtBrokenConnection);
    load.wait_for_acknowledged(100);
    let half_sent: Vec<_> = (0..8).map(|number| HalfSent::order(&shop, number)).collect();
    // The service has read their heads by then.
    std::thread::sleep(Duration::from_millis(500));
    service.terminate();
    std::thread::sleep(Duration::from_millis(200));
    let answers: Vec<_> = half_sent.into_iter().map(HalfSent::finish).collect();
    let mut acknowledged = load.finish().acknowledged;
    service.wait_for_success();
    service.start_again();
    for (status, name, amount) in answers {
        assert!([200, 201].contains(&status), "{name} was in flight and was answered with {status}");
        acknowledged.insert(name, amount);
    }
    load::assert_stored(&shop, &acknowledged);
}

/// A request of which the service has the head and not yet the whole body.
struct HalfSent {
    connection: TcpStream,
    rest: String,
    name: String,
    amount: i64,
}

impl HalfSent {
    fn order(shop: &Shop, number: i64) -> Self {
        let (name, amount) = (format!("half-sent-{number}"), 1_000 + number);
        let body = load::order(&name, amount).to_string();
        let (first, rest) = body.split_at(body.len() / 2);
        let mut connection = TcpStream::connect(shop.address).expect("the service listens");
        connection.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        write!(
            connection,
            "PUT /v1/shops/{}/orders/{name} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{first}",
            shop.id,
            shop.address,
            shop.token,
            body.len()
        )
        .expect("the service reads");
        Self { connection, rest: rest.into(), name, amount }
    }

    /// Sends the rest and reads the answer: its status, and what the order was.
    fn finish(mut self) -> (u16, String, i64) {
        self.connection.write_all(self.rest.as_bytes()).expect("the service still reads");
        let mut answer = String::new();
        let read = self.connection.read_to_string(&mut answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{} got no answer: {read:?} {answer:?}", self.name));
        (status, self.name, self.amount)
    }
}
