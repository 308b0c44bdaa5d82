//! Signed deliveries beside the same orders as PUTs: what the inbox costs.
//!
//! `cargo bench --bench webhooks -- [seconds]`. The two ways take turns of five seconds in one shop, so that whatever else
//! the machine and the database do hits both alike. In the end everything that was acknowledged has to be there.

#[path = "../tests/api/support/cluster.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "support/load.rs"]
#[expect(dead_code, reason = "other benches use more of it")]
mod load;
#[path = "support/raw.rs"]
#[expect(dead_code, reason = "other benches use more of it")]
mod raw;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::connection::SimpleConnection;
use hmac::{Hmac, Mac};
use huitou::app::Application;
use huitou::auth::{Claims, mint};
use huitou::clock::{Clock, SystemClock};
use huitou::config::{Config, Purpose, Secret};
use huitou::db::{Target, migrate};
use load::{Figures, request};
use serde_json::{Value, json};
use sha2::Sha256;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 64;
const CUSTOMERS: usize = 20_000;
/// Seconds of a turn.
const TURN: u64 = 5;
/// More orders than can be sent in a turn.
const ORDERS_A_TURN: usize = 1_000_000;
/// Where a shop's numbers begin, so that all have as many digits.
const FIRST_NUMBER: usize = 1_000_000_000;
const JWT_SECRET: &str = "a secret for benchmarks, 32 bytes long at least";
const KEY: &[u8] = b"a key of a shop for benchmarks";

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let seconds = asked.unwrap_or(60u64).max(2 * TURN);
    println!(
        "{CONNECTIONS} connections, {seconds} s, half of them each way in turns of {TURN} s; two lines an order"
    );
    let directory = tempfile::tempdir().expect("a temporary directory");
    actix_web::rt::System::new().block_on(async {
        let url = format!("sqlite://{}/webhooks.db", directory.path().display());
        Bench::prepare(&url).await.measure("sqlite", seconds).await;
        let settings = "max_wal_size = 4GB\nshared_buffers = 1GB";
        let Some(server) = cluster::Cluster::start(settings) else { return };
        cluster::connect(&server.url("postgres")).batch_execute("CREATE DATABASE bench").expect("a database");
        Bench::prepare(&server.url("bench")).await.measure("postgres", seconds).await;
    });
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Put,
    Delivery,
}

/// What one way came to, over all of its turns.
#[derive(Default)]
struct Sum {
    figures: Figures,
    /// Processor time of the whole process, the senders' included.
    worked: Duration,
}

struct Bench {
    service: SocketAddr,
    token: String,
    tenant: String,
    shop: String,
}

impl Bench {
    async fn prepare(url: &str) -> Self {
        let mut connection = Target::parse(url).expect("a database URL").connect(true).expect("a connection");
        migrate::up(&mut connection).expect("migrations");
        let lookup = |name: &str| match name {
            "DATABASE_URL" => Some(url.to_owned()),
            "BIND_ADDR" => Some("127.0.0.1:0".to_owned()),
            "JWT_SECRET" => Some(JWT_SECRET.to_owned()),
            "SECRETS_KEY" => Some(STANDARD.encode([7; 32])),
            "WORKERS" => Some("2".to_owned()),
            _ => None,
        };
        let config = Config::from_variables(lookup, Purpose::Serve).expect("a configuration");
        let application = Application::build(config).expect("the service");
        let service = application.address();
        actix_web::rt::spawn(application.run());
        let admin = token(None, "admin");
        let tenant = json!({"name": "Bench", "timezone": "Asia/Shanghai", "currency": "CNY"});
        let tenant = made(service, "/v1/tenants", &admin, &tenant).await;
        let token = token(Some(&tenant), "orders:read orders:write settings:write");
        let shop = json!({
            "name": "Bench", "platform": "standard", "external_id": "1",
            "webhook_secrets": [format!("whsec_{}", STANDARD.encode(KEY))],
        });
        let shop = made(service, "/v1/shops", &token, &shop).await;
        Self { service, token, tenant, shop }
    }

    async fn measure(&self, database: &str, seconds: u64) {
        // The first orders make the customers.
        let mut sent = [0; 2];
        let (mut put, mut delivery) = (Sum::default(), Sum::default());
        for turn in 0..2 + seconds / TURN {
            let way = if turn % 2 == 0 { Way::Put } else { Way::Delivery };
            let done = self.turn(way, turn as usize).await;
            assert_eq!(done.figures.failed, 0, "every request of turn {turn} succeeds");
            sent[way as usize] += done.figures.answered();
            let sum = if way == Way::Put { &mut put } else { &mut delivery };
            if turn >= 2 {
                *sum = std::mem::take(sum).and(done);
            }
        }
        println!("\n{database}");
        for (what, sum) in [("orders as PUT", &put), ("orders as signed deliveries", &delivery)] {
            let each = sum.worked.as_secs_f64() * 1_000_000.0 / sum.figures.answered() as f64;
            println!("   {what:28} {}  {each:5.0} µs of the processors each", sum.figures);
        }
        let ratio = delivery.figures.per_second() / put.figures.per_second();
        println!("   deliveries / PUT {ratio:.2} (to reach 0.67)");
        self.check(sent).await;
    }

    /// New orders for a turn, all one way. Their numbers ascend with the time, as a shop gives them.
    async fn turn(&self, way: Way, turn: usize) -> Sum {
        let (token, tenant, shop) = (self.token.clone(), self.tenant.clone(), self.shop.clone());
        let next = move |connection: usize, number: usize| {
            let order = turn * ORDERS_A_TURN + number * CONNECTIONS + connection;
            // Paid about when it comes in.
            let body = raw::body(order, turn * 10_000 + number, CUSTOMERS);
            let number = FIRST_NUMBER + order;
            match way {
                Way::Put => request("PUT", &format!("/v1/shops/{shop}/orders/o{number}"), &token, &body),
                Way::Delivery => signed(&format!("/v1/webhooks/{tenant}/{shop}"), number, &body),
            }
        };
        let before = processor_time();
        let figures = load::run(self.service, CONNECTIONS, TURN, next).await;
        Sum { figures, worked: processor_time() - before }
    }

    /// Everything that was acknowledged is there, once, and applied.
    async fn check(&self, [puts, deliveries]: [usize; 2]) {
        let patience = Instant::now();
        while self.total("webhook-deliveries?status=pending").await > 0 {
            assert!(patience.elapsed() < Duration::from_secs(120), "pending deliveries are applied in time");
            actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        }
        let applied = self.total("webhook-deliveries?status=applied").await;
        let stored = self.total("webhook-deliveries?topic=order.updated").await;
        let orders = self.total("orders?status=paid").await;
        println!(
            "   {deliveries} deliveries were acknowledged, {stored} are stored, {applied} applied; {orders} orders"
        );
        assert_eq!((stored, applied), (deliveries, deliveries), "every delivery is there and applied");
        assert_eq!(orders, puts + deliveries, "every order is there, once");
    }

    async fn total(&self, what: &str) -> usize {
        let path = format!("/v1/{what}&count=exact&limit=1&shop_id={}", self.shop);
        let answer = load::body_of(self.service, &request("GET", &path, &self.token, "")).await;
        let answer: Value = serde_json::from_str(&answer).expect("a page");
        answer["total"].as_u64().unwrap_or_else(|| panic!("no total in {answer}")) as usize
    }
}

impl Sum {
    fn and(self, other: Self) -> Self {
        Self { figures: self.figures.and(other.figures), worked: self.worked + other.worked }
    }
}

/// The order as a delivery of Standard Webhooks.
fn signed(path: &str, number: usize, order: &str) -> Vec<u8> {
    let order = order.strip_prefix('{').expect("an object");
    let body = format!(r#"{{"type":"order.updated","data":{{"external_id":"o{number}",{order}}}"#);
    let seconds = SystemClock.now().micros() / 1_000_000;
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any key will do");
    mac.update(format!("m{number}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nWebhook-Id: m{number}\r\n\
         Webhook-Timestamp: {seconds}\r\nWebhook-Signature: v1,{signature}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn token(tenant: Option<&str>, scope: &str) -> String {
    let tenant = tenant.map(str::to_owned);
    let claims =
        Claims { sub: "bench".into(), exp: i64::from(u32::MAX), nbf: None, tenant, scope: scope.into() };
    mint(&Secret::new(JWT_SECRET), &claims).expect("a token")
}

/// The id of what a call makes.
async fn made(service: SocketAddr, path: &str, token: &str, body: &Value) -> String {
    let answer = load::body_of(service, &request("POST", path, token, &body.to_string())).await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

/// What this process has had of the processors.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = text.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
