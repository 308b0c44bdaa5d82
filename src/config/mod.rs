//! The configuration: environment variables, read once at the start, all that is wrong with them told at once.

mod read;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::Algorithm;

use crate::db::{DbOptions, Target};
use crate::secrets::SecretsKey;

pub use read::{ConfigError, Purpose};
pub use variables::{VARIABLES, Variable, example_file};

/// Everything that can be set.
#[derive(Clone)]
pub struct Config {
    pub database: DatabaseConfig,
    pub server: ServerConfig,
    pub tokens: TokenConfig,
    /// The key under which shops' secrets are stored.
    pub secrets_key: Option<SecretsKey>,
    pub limits: Limits,
    pub batch: BatchConfig,
    pub jobs: JobConfig,
    pub webhooks: WebhookConfig,
    pub log_format: LogFormat,
}

#[derive(Clone)]
pub struct DatabaseConfig {
    pub target: Target,
    /// A replica for reads that may lag a moment.
    pub replica: Option<Target>,
    pub options: DbOptions,
    /// Statements that take longer are logged, without their values.
    pub slow_query: Option<Duration>,
}

#[derive(Clone)]
pub struct ServerConfig {
    /// Host and port; port 0 takes a free one.
    pub bind: String,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long requests in progress may still run after the signal to stop.
    pub shutdown: Duration,
    /// Origins whose pages may call the service from a browser; `*` for all.
    pub cors_origins: Vec<String>,
}

#[derive(Clone)]
pub struct TokenConfig {
    /// The only algorithm that is accepted.
    pub algorithm: Algorithm,
    /// For HS256.
    pub secret: Option<Secret>,
    /// For RS256, ES256 and EdDSA: a public key as PEM.
    pub public_key_file: Option<PathBuf>,
    /// For RS256, ES256 and EdDSA: a set of public keys, chosen by the token's `kid`.
    pub jwks_file: Option<PathBuf>,
}

/// Text that does not show when printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What one request may ask for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body with one object.
    pub body_bytes: usize,
    /// Bytes of a body with many objects.
    pub bulk_body_bytes: usize,
    /// Objects in a bulk body that is not NDJSON.
    pub bulk_items: usize,
    /// Objects in a bulk body that is NDJSON.
    pub bulk_lines: usize,
    /// Levels of lists and objects in a body.
    pub body_depth: usize,
    /// How long a question over many customers may take.
    pub query_time: Duration,
    /// Requests in a second for each tenant and subject; none for no limit.
    pub rate_per_second: Option<std::num::NonZeroU32>,
    /// Requests that may come at once before the rate counts.
    pub rate_burst: Option<std::num::NonZeroU32>,
}

/// How orders that wait at the same time are committed together.
#[derive(Debug, Clone)]
pub struct BatchConfig {
    /// Orders in one transaction.
    pub max_orders: usize,
    /// Orders that may wait; past it callers are told to come again.
    pub queue: usize,
}

/// How work that comes due by itself is done.
#[derive(Debug, Clone)]
pub struct JobConfig {
    /// Whether this instance does any.
    pub on: bool,
    /// Jobs at the same time.
    pub threads: usize,
}

/// What platforms may push, and how long it is kept.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Days for which deliveries are kept.
    pub retention_days: i64,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Config {
    /// Reads `.env` (where there is one) and the environment, which comes first.
    pub fn load(purpose: Purpose) -> Result<Self, ConfigError> {
        if let Err(error) = dotenvy::dotenv()
            && !error.not_found()
        {
            return Err(ConfigError::dotenv(&error));
        }
        Self::from_variables(|name| std::env::var(name).ok(), purpose)
    }

    /// The configuration that the variables give.
    pub fn from_variables(
        lookup: impl Fn(&str) -> Option<String>,
        purpose: Purpose,
    ) -> Result<Self, ConfigError> {
        read::read(&lookup, purpose)
    }
}
