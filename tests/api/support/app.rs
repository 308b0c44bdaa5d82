//! The real application on a port of its own, on either database.

use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use huitou::app::Application;
use huitou::auth::{Claims, mint};
use huitou::clock::{Clock, SystemClock};
use huitou::config::{Config, Purpose, Secret};
use huitou::db::{Target, migrate};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::postgres;
use super::response::Response;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Makes a test for each database out of each function: `a_name::sqlite` and `a_name::postgres`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn run($app: $crate::support::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::support::run_on($crate::support::On::Sqlite, run);
            }

            #[test]
            fn postgres() {
                $crate::support::run_on($crate::support::On::Postgres, run);
            }
        }
    )*};
}
pub(crate) use on_both;

/// Runs a test on a database, where there is one to be had.
pub fn run_on<F: Future<Output = ()>>(on: On, test: impl FnOnce(TestApp) -> F) {
    actix_web::rt::System::new().block_on(async {
        if let Some(app) = TestApp::start(on) {
            test(app).await;
        }
    });
}

pub const SECRET: &str = "a secret for the tests, long enough";

/// A running service with a database of its own; dropping it stops it.
pub struct TestApp {
    pub url: String,
    pub config: Config,
    pub client: reqwest::Client,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

/// A tenant of a test.
#[derive(Debug, Clone)]
pub struct TestTenant {
    pub id: String,
}

impl TestApp {
    /// `None` where there is no such database and that is allowed.
    pub fn start(on: On) -> Option<Self> {
        Self::start_with(on, |_| {})
    }

    /// Starts with another configuration.
    pub fn start_with(on: On, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let url = match on {
            On::Sqlite => format!("sqlite://{}", directory.path().join("huitou.db").display()),
            On::Postgres => postgres::database_url()?,
        };
        let mut config = configuration(&url);
        change(&mut config);
        Some(Self::launch(config, directory))
    }

    /// Starts on a PostgreSQL database that is there already.
    pub fn start_at(url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut config = configuration(url);
        config.database.options.wait = std::time::Duration::from_secs(1);
        Self::launch(config, directory)
    }

    fn launch(config: Config, directory: tempfile::TempDir) -> Self {
        let mut connection = config.database.target.connect(true).expect("the database answers");
        migrate::up(&mut connection).expect("the migrations apply");
        drop(connection);
        let (sender, receiver) = mpsc::channel();
        let served = config.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let application = Application::build(served).expect("the application can be built");
                let started = (application.address(), application.handle());
                sender.send(started).expect("the test waits for the address");
                application.run().await.expect("the service runs until it is stopped");
            });
        });
        let (address, handle) = receiver.recv().expect("the service starts");
        Self {
            url: format!("http://{address}"),
            config,
            client: reqwest::Client::builder().no_proxy().gzip(false).build().expect("a client can be made"),
            handle,
            thread: Some(thread),
            _directory: directory,
        }
    }

    /// A new tenant, made as an administrator makes it.
    pub async fn tenant(&self) -> TestTenant {
        let body = json!({"name": "Red Scarf", "timezone": "Asia/Shanghai", "currency": "CNY"});
        let answer = self.post("/v1/tenants").bearer_auth(self.admin()).json(&body).answer().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        TestTenant { id: answer.text("id") }
    }

    /// A new shop, and its id.
    pub async fn shop(&self, tenant: &TestTenant, external_id: &str) -> String {
        let body = json!({"name": "A shop", "platform": "other", "external_id": external_id});
        let token = self.token(tenant, "settings:write");
        let answer = self.post("/v1/shops").bearer_auth(token).json(&body).answer().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("id")
    }

    /// A token that may only create and list tenants.
    pub fn admin(&self) -> String {
        sign(&Claims { tenant: None, ..claims("admin") })
    }

    /// A token for the tenant, with these scopes.
    pub fn token(&self, tenant: &TestTenant, scopes: &str) -> String {
        sign(&Claims { tenant: Some(tenant.id.clone()), ..claims(scopes) })
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for its end.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The configuration of a service under test.
pub fn configuration(database: &str) -> Config {
    let variables = |name: &str| {
        let value = match name {
            "DATABASE_URL" => database,
            "BIND_ADDR" => "127.0.0.1:0",
            "WORKERS" => "1",
            "DATABASE_CONNECTIONS" => "4",
            "JWT_SECRET" => SECRET,
            "SECRETS_KEY" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            _ => return None,
        };
        Some(value.to_string())
    };
    let mut config = Config::from_variables(variables, Purpose::Serve).expect("the configuration is right");
    config.database.target = Target::parse(database).expect("the URL is right");
    config
}

/// Claims that hold for an hour.
pub fn claims(scopes: &str) -> Claims {
    Claims {
        sub: "tester".into(),
        exp: SystemClock.now().micros() / 1_000_000 + 3_600,
        nbf: None,
        tenant: None,
        scope: scopes.into(),
    }
}

pub fn sign(claims: &Claims) -> String {
    mint(&Secret::new(SECRET), claims).expect("a token can be signed")
}

/// What a request sends back.
pub trait Send {
    fn answer(self) -> impl Future<Output = Response>;
}

impl Send for RequestBuilder {
    async fn answer(self) -> Response {
        let response = self.send().await.expect("the service answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the body arrives");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Response { status, headers, bytes: bytes.to_vec(), body }
    }
}
