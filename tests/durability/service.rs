//! The real binary as a process of its own, and calls to it.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const SCOPES: &str = "customers:read orders:read orders:write settings:read settings:write";

/// A running service; dropping it kills it.
pub struct Service {
    process: Child,
    setting: Setting,
}

/// What stays the same over restarts.
#[derive(Clone)]
struct Setting {
    database_url: String,
    address: SocketAddr,
}

/// A shop of a tenant and how to reach it; stays good over restarts of the service.
#[derive(Clone)]
pub struct Shop {
    pub id: String,
    pub address: SocketAddr,
    pub token: String,
    client: Client,
}

impl Service {
    pub fn start(database_url: &str) -> Self {
        Self::start_within(database_url, None)
    }

    /// Starts it where no file may grow beyond so many blocks of 512 bytes; to those who write it is as if the disk
    /// were full.
    pub fn start_on_a_small_disk(database_url: &str, blocks: u32) -> Self {
        Self::start_within(database_url, Some(blocks))
    }

    fn start_within(database_url: &str, blocks: Option<u32>) -> Self {
        let probe = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = probe.local_addr().expect("it has an address");
        drop(probe);
        Self::run(Setting { database_url: database_url.into(), address }, blocks)
    }

    fn run(setting: Setting, blocks: Option<u32>) -> Self {
        let mut command = match blocks {
            Some(blocks) => setting.command_on_a_small_disk(&["serve"], blocks),
            None => setting.command(&["serve"]),
        };
        let process = command.stdout(Stdio::null()).spawn().expect("the binary runs");
        let mut service = Self { process, setting };
        service.wait_until_ready();
        service
    }

    fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        while !self.readiness().is_ok_and(|answer| answer.status() == 200) {
            let ended = self.process.try_wait().expect("the process can be asked");
            assert!(ended.is_none(), "the service ended by itself: {ended:?}");
            assert!(begun.elapsed() < PATIENCE, "the service does not become ready");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn readiness(&self) -> reqwest::Result<Response> {
        reqwest::blocking::get(format!("http://{}/readyz", self.setting.address))
    }

    /// A tenant with a shop.
    pub fn make_shop(&self) -> Shop {
        let address = self.setting.address;
        let client = Client::builder().timeout(PATIENCE).build().expect("a client can be made");
        let admin = self.setting.mint(&["--scope", "admin"]);
        let mut shop = Shop { id: String::new(), address, token: admin, client };
        let mut place = json!({"name": "Durable", "timezone": "Asia/Shanghai", "currency": "CNY"});
        let tenant = shop.create("/v1/tenants", &place);
        shop.token = self.setting.mint(&["--tenant", &tenant, "--scope", SCOPES]);
        place["platform"] = "other".into();
        place["external_id"] = "durable".into();
        shop.id = shop.create("/v1/shops", &place);
        shop
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        // The shell has a kill of its own; the program comes with a package that small machines lack.
        let kill = format!("kill -TERM {}", self.process.id());
        let sent = Command::new("/bin/sh").args(["-c", &kill]).status().expect("there is a /bin/sh");
        assert!(sent.success());
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process.kill().expect("the process can be killed");
        self.process.wait().expect("the process can be waited for");
    }

    /// Starts it again, on the same database and address, after [`Service::kill`]; on as much disk as there is.
    pub fn start_again(&mut self) {
        *self = Self::run(self.setting.clone(), None);
    }

    /// Waits until SIGTERM has ended it, with success.
    pub fn wait_for_success(&mut self) {
        let begun = Instant::now();
        loop {
            if let Some(ended) = self.process.try_wait().expect("the process can be asked") {
                assert!(ended.success(), "SIGTERM ended the service with {ended:?}");
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "SIGTERM does not end the service");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Setting {
    fn command(&self, arguments: &[&str]) -> Command {
        self.set_up(Command::new(env!("CARGO_BIN_EXE_huitou")), arguments)
    }

    /// A write beyond the limit fails; without the trap it would end the process.
    fn command_on_a_small_disk(&self, arguments: &[&str], blocks: u32) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "small-disk"]);
        shell.args([&blocks.to_string(), env!("CARGO_BIN_EXE_huitou")]);
        self.set_up(shell, arguments)
    }

    fn set_up(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .env("DATABASE_URL", &self.database_url)
            .env("BIND_ADDR", self.address.to_string())
            .env("JWT_SECRET", "for these tests alone, and long enough for it")
            .env("SECRETS_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
            .env("RUST_LOG", "off");
        command
    }

    /// A token, as the command line makes it.
    fn mint(&self, arguments: &[&str]) -> String {
        let output = self.command(&["token"]).args(arguments).output().expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a token is ASCII").trim().into()
    }
}

impl Shop {
    fn create(&self, path: &str, body: &Value) -> String {
        let request = self.client.post(self.url(path)).bearer_auth(&self.token).json(body);
        let answer = request.send().expect("the service answers");
        assert_eq!(answer.status(), 201, "{path}: {}", answer.text().unwrap_or_default());
        let created: Value = answer.json().expect("the answer is JSON");
        created["id"].as_str().expect("what was made has an id").into()
    }

    pub fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth(&self.token).send().expect("the service answers")
    }

    pub fn put_order(&self, name: &str, order: &Value) -> reqwest::Result<Response> {
        let path = format!("/v1/shops/{}/orders/{name}", self.id);
        self.client.put(self.url(&path)).bearer_auth(&self.token).json(order).send()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
