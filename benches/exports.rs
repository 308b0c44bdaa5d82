//! The export of all customers over HTTP, beside what the database's own tools make of the same query.
//!
//! `cargo bench --bench exports -- [customers]`. Each way writes ten columns of every customer as CSV, to nowhere:
//!
//! - `huitou`: `POST /v1/segments/export`, from the request to the last byte;
//! - PostgreSQL: `psql -c "COPY (query) TO STDOUT (FORMAT csv)"`;
//! - SQLite: `sqlite3 -csv file query`.
//!
//! The query is the service's own: the same columns, join, condition and order.

#[path = "../tests/api/support/cluster.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod cluster;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use huitou::app::Application;
use huitou::auth::{Claims, mint};
use huitou::clock::{Clock, SystemClock};
use huitou::config::{Config, Purpose, Secret};
use huitou::db::{AnyConnection, Backend, Target, migrate};
use huitou::ids::TenantId;

const SECRET: &str = "a secret for the bench, long enough for it";
const RUNS: usize = 3;
const COLUMNS: &str =
    r#"["id","name","phone","email","province","city","created_at","orders","spent_amount","last_order_at"]"#;
const TENANT: &str = "01900000000070008000000000000001";

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let customers: usize = asked.unwrap_or(1_000_000);
    println!("{customers} customers, 10 columns, the best of {RUNS}");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("exports.db").display().to_string();
    let beside = |query: &str| {
        let mut command = Command::new("sqlite3");
        command.args(["-csv", &file, query]);
        command
    };
    measure("sqlite", &format!("sqlite://{file}"), customers, beside);
    let Some(server) = cluster::Cluster::start("max_wal_size = 4GB\nshared_buffers = 1GB\nfsync = off")
    else {
        return;
    };
    let url = server.url("postgres");
    let beside = |query: &str| {
        let mut command = Command::new("psql");
        command.args(["--quiet", "--no-psqlrc", &url, "--command"]);
        command.arg(format!("SET jit = off; COPY ({query}) TO STDOUT (FORMAT csv)"));
        command
    };
    measure("postgres", &url, customers, beside);
}

fn measure(name: &str, url: &str, customers: usize, beside: impl Fn(&str) -> Command) {
    let target = Target::parse(url).expect("a database URL");
    let mut connection = target.connect(true).expect("a connection");
    migrate::up(&mut connection).expect("migrations");
    fill(&mut connection, customers);
    let query = query(connection.backend());
    drop(connection);
    let (address, token) = serve(url);
    let idle = status("VmRSS:");
    // The most memory is counted from here on.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let service = best(|| export(address, &token, "csv"));
    let most = status("VmHWM:");
    let tool = best(|| run(beside(&query)));
    println!(
        "{name:9} huitou {:6.2} s  its own tool {:6.2} s  ratio {:.2} (to reach 1.50)",
        service.as_secs_f64(),
        tool.as_secs_f64(),
        service.as_secs_f64() / tool.as_secs_f64()
    );
    for format in ["ndjson", "parquet"] {
        println!("{name:9} {format:8} {:6.2} s", best(|| export(address, &token, format)).as_secs_f64());
    }
    println!(
        "{name:9} memory   {idle} MB idle, {most} MB at the most: {} MB above (to reach 150)",
        most - idle
    );
}

fn best(mut once: impl FnMut() -> Duration) -> Duration {
    (0..RUNS).map(|_| once()).min().expect("a run")
}

fn fill(connection: &mut AnyConnection, customers: usize) {
    let backend = connection.backend();
    let uuid = |hex: &str| match backend {
        Backend::Postgres => format!("CAST({hex} AS uuid)"),
        Backend::Sqlite => format!("unhex({hex})"),
    };
    let (json, moment, numbers) = match backend {
        Backend::Postgres => (
            "CAST('{}' AS jsonb)",
            "timestamptz '2025-01-01Z' + n * interval '17.000123 s'",
            format!("SELECT n FROM generate_series(1, {customers}) n"),
        ),
        Backend::Sqlite => (
            "'{}'",
            "1735689600000000 + n * 17000123",
            format!(
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {customers}) SELECT n FROM s"
            ),
        ),
    };
    let hex = match backend {
        Backend::Postgres => "'01900000000070008000' || lpad(to_hex(n), 12, '0')",
        Backend::Sqlite => "'01900000000070008000' || printf('%012x', n)",
    };
    let (tenant, id) = (uuid(&format!("'{TENANT}'")), uuid(hex));
    let rows = format!(
        "INSERT INTO tenants (tenant_id, name, timezone, currency, settings, created_at, updated_at, revision)
         SELECT {tenant}, 'bench', 'Asia/Shanghai', 'CNY', {json}, {moment}, {moment}, 1 FROM (SELECT 1 AS n) one;
         INSERT INTO customers (tenant_id, id, name, phone, email, province, city, attributes, stamps, created_at,
             updated_at, revision)
         SELECT {tenant}, {id}, '张小红' || n, CAST(13800000000 + n AS text), 'hong' || n || '@example.com', '浙江',
             CASE n % 3 WHEN 0 THEN '杭州' WHEN 1 THEN '宁波' END, {json}, {json}, {moment}, {moment}, 1
         FROM ({numbers}) numbers;
         INSERT INTO customer_facts (tenant_id, customer_id, orders, orders_kept, orders_unconverted, orders_refunded,
             unpaid_orders, gross_amount, refunded_amount, spent_amount, items, first_order_at, last_order_at)
         SELECT {tenant}, {id}, n % 7, n % 7, 0, 0, n % 2, n % 99991, 0, n % 99991, n % 13, {moment}, {moment}
         FROM ({numbers}) numbers;"
    );
    connection.batch_execute(&rows).expect("the rows");
    if backend == Backend::Postgres {
        connection.batch_execute("VACUUM ANALYZE").expect("statistics");
    }
}

/// The service's statement, with the values in the text.
fn query(backend: Backend) -> String {
    let tenant = match backend {
        Backend::Postgres => format!("CAST('{TENANT}' AS uuid)"),
        Backend::Sqlite => format!("unhex('{TENANT}')"),
    };
    format!(
        "SELECT c.id, c.name, c.phone, c.email, c.province, c.city, c.created_at, COALESCE(f.orders, 0),
             COALESCE(f.spent_amount, 0), f.last_order_at
         FROM customers c LEFT JOIN customer_facts f ON f.tenant_id = {tenant} AND f.customer_id = c.id
         WHERE c.tenant_id = {tenant} AND c.merged_into IS NULL AND c.erased_at IS NULL ORDER BY c.id"
    )
}

fn serve(database: &str) -> (SocketAddr, String) {
    let variables = |name: &str| {
        let value = match name {
            "DATABASE_URL" => database,
            "BIND_ADDR" => "127.0.0.1:0",
            "JWT_SECRET" => SECRET,
            _ => return None,
        };
        Some(value.to_string())
    };
    let config = Config::from_variables(variables, Purpose::Serve).expect("the configuration");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let application = Application::build(config).expect("the application");
            sender.send(application.address()).expect("the bench waits");
            application.run().await.expect("the service runs");
        });
    });
    let tenant = TenantId::from_uuid(uuid::Uuid::parse_str(TENANT).expect("a UUID"));
    let claims = Claims {
        sub: "bench".into(),
        exp: SystemClock.now().micros() / 1_000_000 + 3_600,
        nbf: None,
        tenant: Some(tenant.to_string()),
        scope: "exports:read pii:read".into(),
    };
    (receiver.recv().expect("an address"), mint(&Secret::new(SECRET), &claims).expect("a token"))
}

/// Asks for the file and reads it to its end.
fn export(address: SocketAddr, token: &str, format: &str) -> Duration {
    let body = format!(r#"{{"format":"{format}","columns":{COLUMNS}}}"#);
    let request = format!(
        "POST /v1/segments/export HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let (mut buffer, mut last, mut bytes) = (vec![0; 256 * 1024], Vec::new(), 0);
    loop {
        let read = stream.read(&mut buffer).expect("an answer");
        if read == 0 {
            break;
        }
        if bytes == 0 {
            assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..read]));
        }
        bytes += read;
        last.extend_from_slice(&buffer[read.saturating_sub(5)..read]);
        last.drain(..last.len().saturating_sub(5));
    }
    assert_eq!(last, b"0\r\n\r\n", "the file came whole");
    start.elapsed()
}

fn run(mut command: Command) -> Duration {
    let start = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .status()
        .expect("the tool is there: apt install sqlite3 postgresql-client");
    assert!(status.success());
    start.elapsed()
}

/// Memory of this process in MB: the service's, for the client beside it holds nothing.
fn status(field: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) / 1_024
}
