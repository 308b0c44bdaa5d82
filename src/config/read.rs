//! From variables to the configuration. Every wrong value is collected, none stops the reading.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use jsonwebtoken::Algorithm;

use super::{
    BatchConfig, Config, DatabaseConfig, JobConfig, Limits, LogFormat, Secret, ServerConfig, TokenConfig,
    VARIABLES, WebhookConfig,
};
use crate::db::{DbOptions, Target};
use crate::secrets::SecretsKey;

/// What the configuration is needed for; it decides what must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To answer requests: tokens must be checkable.
    Serve,
    /// To work on the database alone.
    Database,
}

/// All that is wrong with the configuration, a sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<String>,
}

impl ConfigError {
    pub(super) fn dotenv(error: &dotenvy::Error) -> Self {
        Self { problems: vec![format!(".env cannot be read: {error}")] }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the configuration is not usable:")?;
        for problem in &self.problems {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    /// The value that is set, or the default; an empty one counts as not set.
    fn text(&self, name: &str) -> Option<String> {
        let set = (self.lookup)(name).filter(|value| !value.is_empty());
        set.or_else(|| {
            let variable = VARIABLES.iter().find(|variable| variable.name == name)?;
            variable.default.map(String::from)
        })
    }

    /// Reads one variable; where it is wrong, `stand_in` keeps the reading going.
    fn parse<T>(&mut self, name: &str, stand_in: T, parse: impl FnOnce(&str) -> Result<T, String>) -> T {
        let Some(text) = self.text(name) else {
            return stand_in;
        };
        parse(&text).unwrap_or_else(|why| {
            self.problems.push(format!("{name} {why}"));
            stand_in
        })
    }

    fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.parse(name, None, |text| parse(text).map(Some))
    }

    fn number<N>(&mut self, name: &str, least: N, most: N) -> N
    where
        N: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        self.parse(name, least, |text| {
            text.parse()
                .ok()
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| format!("is `{text}`; it must be a whole number from {least} to {most}"))
        })
    }

    fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
        self.parse(name, choices[0].1, |text| {
            let found = choices.iter().find(|(choice, _)| *choice == text);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
                format!("is `{text}`; it must be one of {}", names.join(", "))
            })
        })
    }
}

pub(super) fn read(lookup: &dyn Fn(&str) -> Option<String>, purpose: Purpose) -> Result<Config, ConfigError> {
    let mut reader = Reader { lookup, problems: Vec::new() };
    let config = Config {
        database: database(&mut reader),
        server: server(&mut reader),
        tokens: tokens(&mut reader, purpose),
        secrets_key: reader.optional("SECRETS_KEY", SecretsKey::parse),
        limits: limits(&mut reader),
        batch: BatchConfig {
            max_orders: reader.number("BATCH_MAX_ORDERS", 1, 10_000),
            queue: reader.number("BATCH_QUEUE", 1, 1_000_000),
        },
        jobs: JobConfig {
            on: reader.one_of("JOBS", &[("on", true), ("off", false)]),
            threads: reader.number("JOB_THREADS", 1, 64),
        },
        webhooks: WebhookConfig {
            body_bytes: reader.number("WEBHOOK_BODY_LIMIT_BYTES", 1_024, 64 << 20),
            retention_days: reader.number("WEBHOOK_RETENTION_DAYS", 1, 3_650),
        },
        log_format: reader.one_of("LOG_FORMAT", &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)]),
    };
    reader.optional("RUST_LOG", |text| {
        let filter = tracing_subscriber::EnvFilter::try_new(text);
        filter.map_err(|error| format!("is `{text}`, which is no log filter ({error}); `info` would be one"))
    });
    if reader.problems.is_empty() { Ok(config) } else { Err(ConfigError { problems: reader.problems }) }
}

fn database(reader: &mut Reader<'_>) -> DatabaseConfig {
    let target = |text: &str| Target::parse(text).map_err(|why| format!("is not usable: {why}"));
    let stand_in = Target::Sqlite { path: String::new() };
    let main = reader.parse("DATABASE_URL", stand_in, target);
    let replica = reader.optional("DATABASE_READ_URL", target);
    if replica.as_ref().is_some_and(|replica| replica.backend() != main.backend()) {
        let problem = "DATABASE_READ_URL must be the same kind of database as DATABASE_URL";
        reader.problems.push(problem.into());
    }
    DatabaseConfig {
        target: main,
        replica,
        options: DbOptions {
            connections: reader.number("DATABASE_CONNECTIONS", 1, 1_000),
            wait: Duration::from_secs(reader.number("DATABASE_WAIT_SECONDS", 1, 300)),
            long_reads: reader.number("EXPORTS_AT_ONCE", 1, 1_000),
            statement_cache: reader.one_of("DATABASE_STATEMENT_CACHE", &[("on", true), ("off", false)]),
        },
        slow_query: Some(reader.number("SLOW_QUERY_MILLISECONDS", 0, 3_600_000))
            .filter(|millis| *millis > 0)
            .map(Duration::from_millis),
    }
}

fn server(reader: &mut Reader<'_>) -> ServerConfig {
    let workers = reader.number("WORKERS", 0, 512);
    ServerConfig {
        bind: reader.parse("BIND_ADDR", String::new(), |text| {
            let port = text
                .rsplit_once(':')
                .and_then(|(host, port)| (!host.is_empty()).then_some(port.parse::<u16>().ok()).flatten());
            port.map(|_| text.into()).ok_or_else(|| {
                format!("is `{text}`; it must be an address and a port such as `0.0.0.0:8080`")
            })
        }),
        workers: match workers {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            workers => workers,
        },
        shutdown: Duration::from_secs(reader.number("SHUTDOWN_SECONDS", 1, 3_600)),
        cors_origins: reader
            .optional("CORS_ORIGINS", |text| text.split(',').map(origin).collect())
            .unwrap_or_default(),
    }
}

fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if text == "*" || rest.is_some_and(|host| !host.is_empty() && !host.contains('/')) {
        Ok(text.into())
    } else {
        Err(format!("has `{text}`; an origin looks like `https://shop.example`, without a path"))
    }
}

fn tokens(reader: &mut Reader<'_>, purpose: Purpose) -> TokenConfig {
    let tokens = TokenConfig {
        algorithm: reader.one_of(
            "JWT_ALGORITHM",
            &[
                ("HS256", Algorithm::HS256),
                ("RS256", Algorithm::RS256),
                ("ES256", Algorithm::ES256),
                ("EdDSA", Algorithm::EdDSA),
            ],
        ),
        secret: reader.optional("JWT_SECRET", |text| match text.len() {
            32.. => Ok(Secret::new(text)),
            length => Err(format!(
                "has {length} bytes; it must have at least 32 (openssl rand -base64 48 makes a good one)"
            )),
        }),
        public_key_file: reader.optional("JWT_PUBLIC_KEY_FILE", |text| Ok(text.into())),
        jwks_file: reader.optional("JWKS_FILE", |text| Ok(text.into())),
    };
    if purpose == Purpose::Serve {
        let problem = match tokens.algorithm {
            Algorithm::HS256 if tokens.secret.is_none() && reader.text("JWT_SECRET").is_none() => Some(
                "JWT_SECRET is not set; HS256 needs a secret of at least 32 bytes (openssl rand -base64 48)",
            ),
            Algorithm::HS256 => None,
            _ if tokens.public_key_file.is_some() == tokens.jwks_file.is_some() => Some(
                "JWT_PUBLIC_KEY_FILE or JWKS_FILE (one of the two) must be set, because JWT_ALGORITHM goes by public keys",
            ),
            _ => None,
        };
        reader.problems.extend(problem.map(String::from));
    }
    tokens
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    const MEBIBYTE: usize = 1 << 20;
    let rate = NonZeroU32::new(reader.number("RATE_LIMIT_PER_SECOND", 0, 1_000_000));
    let burst = NonZeroU32::new(reader.number("RATE_LIMIT_BURST", 0, 1_000_000));
    Limits {
        body_bytes: reader.number("BODY_LIMIT_BYTES", 1_024, 64 * MEBIBYTE),
        bulk_body_bytes: reader.number("BULK_BODY_LIMIT_BYTES", 1_024, 1_024 * MEBIBYTE),
        bulk_items: reader.number("BULK_MAX_ITEMS", 1, 10_000),
        bulk_lines: reader.number("BULK_MAX_LINES", 1, 1_000_000),
        body_depth: reader.number("BODY_MAX_DEPTH", 4, 100),
        query_time: Duration::from_secs(reader.number("QUERY_TIME_LIMIT_SECONDS", 1, 3_600)),
        rate_per_second: rate,
        rate_burst: burst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)], purpose: Purpose) -> Result<Config, ConfigError> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_string())
        };
        read(&lookup, purpose)
    }

    #[test]
    fn the_defaults_serve_on_an_embedded_database_once_there_is_a_secret() {
        let secret = [("JWT_SECRET", "0123456789abcdef0123456789abcdef")];
        let config = read_from(&secret, Purpose::Serve).unwrap();
        assert!(config.database.target == Target::Sqlite { path: "huitou.db".into() });
        assert_eq!(config.server.bind, "127.0.0.1:8080");
        assert_eq!(config.batch.max_orders, 500);
        assert!(config.limits.rate_per_second.is_none());
    }

    #[test]
    fn without_a_secret_the_service_does_not_start_but_the_database_can_be_worked_on() {
        let error = read_from(&[], Purpose::Serve).err().unwrap();
        assert_eq!(error.problems.len(), 1);
        assert!(error.problems[0].starts_with("JWT_SECRET is not set"));
        assert!(read_from(&[], Purpose::Database).is_ok());
    }

    #[test]
    fn every_wrong_value_is_named_at_once_and_no_secret_is_shown() {
        let variables = [
            ("DATABASE_URL", "mysql://root@localhost/huitou"),
            ("BIND_ADDR", "8080"),
            ("JWT_SECRET", "tooshort"),
            ("SECRETS_KEY", "bm90IDMyIGJ5dGVz"),
            ("LOG_FORMAT", "xml"),
            ("BATCH_QUEUE", "-1"),
            ("RUST_LOG", "huitou=loud"),
            ("CORS_ORIGINS", "https://a.example,b.example/"),
        ];
        let problems = read_from(&variables, Purpose::Serve).err().unwrap().problems;
        for (name, _) in variables {
            let told = problems.iter().filter(|problem| problem.starts_with(name)).count();
            assert_eq!(told, 1, "{name}: {problems:?}");
        }
        let text = problems.join("\n");
        assert!(!text.contains("tooshort") && !text.contains("bm90"));
    }

    #[test]
    fn public_keys_are_needed_for_the_algorithms_that_go_by_them() {
        let error = read_from(&[("JWT_ALGORITHM", "RS256")], Purpose::Serve).err().unwrap();
        assert!(error.problems[0].contains("JWKS_FILE"));
        let keys = [("JWT_ALGORITHM", "EdDSA"), ("JWKS_FILE", "keys.json")];
        assert!(read_from(&keys, Purpose::Serve).is_ok());
    }
}
