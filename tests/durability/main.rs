//! What was answered with 2xx is there, whatever happens next: the service is killed, the database is killed, the
//! service is told to stop. The real binary, under load.

#[path = "../api/support/cluster.rs"]
mod cluster;
mod load;
mod service;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cluster::Cluster;
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

fn postgres() -> Option<Database> {
    if cfg!(not(feature = "postgres")) {
        return None;
    }
    let cluster = Cluster::start("")?;
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
