//! The list of variables; `.env.example` is made from it.

/// One environment variable.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    /// The value that counts where none is set.
    pub default: Option<&'static str>,
    /// What it does, for somebody who sets up the service.
    pub meaning: &'static str,
}

const fn variable(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Variable {
    Variable { name, default, meaning }
}

/// All variables that the service reads.
pub const VARIABLES: &[Variable] = &[
    variable(
        "DATABASE_URL",
        Some("sqlite://huitou.db"),
        "Where the data is: sqlite://<path> (made on the first start) or postgres://<user>@<host>/<database>.",
    ),
    variable("DATABASE_READ_URL", None, "A replica of the same database, for reads that may lag a moment."),
    variable(
        "DATABASE_CONNECTIONS",
        Some("8"),
        "Connections to the database, 1 to 1000. Few are faster than many.",
    ),
    variable(
        "DATABASE_WAIT_SECONDS",
        Some("5"),
        "How long a request waits for a free connection before it is told to come again.",
    ),
    variable(
        "EXPORTS_AT_ONCE",
        Some("2"),
        "Exports that may run at once, each over a connection of its own; past it callers are told to come again.",
    ),
    variable("DATABASE_STATEMENT_CACHE", Some("on"), "on or off. Off behind pgbouncer in transaction mode."),
    variable(
        "SLOW_QUERY_MILLISECONDS",
        Some("500"),
        "Statements that take longer are logged, without their values. 0 logs none.",
    ),
    variable("BIND_ADDR", Some("127.0.0.1:8080"), "Address and port to listen on. Port 0 takes a free one."),
    variable("WORKERS", Some("0"), "Threads that serve requests. 0 takes one for each core."),
    variable("SHUTDOWN_SECONDS", Some("30"), "How long requests in progress may still run after SIGTERM."),
    variable(
        "CORS_ORIGINS",
        None,
        "Origins whose pages may call the service from a browser, separated by commas; * for all.",
    ),
    variable("JWT_ALGORITHM", Some("HS256"), "The one algorithm of tokens: HS256, RS256, ES256 or EdDSA."),
    variable(
        "JWT_SECRET",
        None,
        "The shared secret for HS256, at least 32 bytes. Make one with: openssl rand -base64 48",
    ),
    variable("JWT_PUBLIC_KEY_FILE", None, "For RS256, ES256 and EdDSA: a PEM file with the public key."),
    variable(
        "JWKS_FILE",
        None,
        "For RS256, ES256 and EdDSA: a JSON Web Key Set, read at the start; the token's kid chooses the key.",
    ),
    variable(
        "SECRETS_KEY",
        None,
        "Encrypts shops' secrets in the database: 32 bytes in base64. Make one with: openssl rand -base64 32",
    ),
    variable("BODY_LIMIT_BYTES", Some("1048576"), "The largest body with one object."),
    variable("BULK_BODY_LIMIT_BYTES", Some("33554432"), "The largest body with many objects."),
    variable("BULK_MAX_ITEMS", Some("1000"), "Objects in a bulk request in a list, 1 to 10000."),
    variable("BULK_MAX_LINES", Some("10000"), "Objects in a bulk request as NDJSON, 1 to 1000000."),
    variable(
        "QUERY_TIME_LIMIT_SECONDS",
        Some("30"),
        "How long a question over many customers, such as a segment, may take before it is stopped, 1 to 3600.",
    ),
    variable("BODY_MAX_DEPTH", Some("32"), "Levels of lists and objects in a body, 4 to 100."),
    variable(
        "RATE_LIMIT_PER_SECOND",
        Some("0"),
        "Requests in a second for each tenant and subject. 0 sets no limit.",
    ),
    variable(
        "RATE_LIMIT_BURST",
        Some("0"),
        "Requests that may come at once before the rate counts. 0 takes twice the rate.",
    ),
    variable("BATCH_MAX_ORDERS", Some("500"), "Orders that are committed together at most, 1 to 10000."),
    variable(
        "BATCH_QUEUE",
        Some("8192"),
        "Orders that may wait to be committed; past it callers get 503 and come again.",
    ),
    variable(
        "JOBS",
        Some("on"),
        "on or off. Off for an instance that only answers requests; another one must do the jobs then.",
    ),
    variable("JOB_THREADS", Some("2"), "Jobs that this instance does at the same time, 1 to 64."),
    variable("WEBHOOK_BODY_LIMIT_BYTES", Some("2097152"), "The largest body that a platform may push."),
    variable(
        "WEBHOOK_RETENTION_DAYS",
        Some("30"),
        "Days for which deliveries of platforms are kept as they came, 1 to 3650. They hold personal data.",
    ),
    variable("LOG_FORMAT", Some("pretty"), "pretty (for eyes) or json (for machines)."),
    variable("RUST_LOG", Some("info"), "What is logged, such as warn or info,huitou=debug."),
];

/// The text of `.env.example`.
pub fn example_file() -> String {
    let mut text = String::from(
        "# Copy to .env and set what differs. Commented values are the defaults; the environment comes first.\n",
    );
    for variable in VARIABLES {
        text.push_str(&format!(
            "\n# {}\n# {}={}\n",
            variable.meaning,
            variable.name,
            variable.default.unwrap_or_default()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn env_example_lists_every_variable_with_its_default_and_meaning() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
        let file = std::fs::read_to_string(path).unwrap();
        assert_eq!(file, super::example_file(), "write the expected text to .env.example");
    }
}
