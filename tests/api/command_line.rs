//! The program as it is typed.

use std::process::{Command, Output};

fn huitou(arguments: &[&str], variables: &[(&str, &str)]) -> (Output, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let output = Command::new(env!("CARGO_BIN_EXE_huitou"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(directory.path())
        .output()
        .expect("the program runs");
    (output, directory)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn wrong_settings_are_named_together_and_nothing_starts() {
    let wrong = [("DATABASE_URL", "mysql://x"), ("LOG_FORMAT", "xml"), ("JWT_SECRET", "short")];
    let (output, _directory) = huitou(&["serve"], &wrong);
    assert_eq!(output.status.code(), Some(1));
    let reason = text(&output.stderr);
    assert!(wrong.iter().all(|(name, _)| reason.contains(name)), "{reason}");
    assert!(!reason.contains("short\n") && output.stdout.is_empty());
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [&["dance"][..], &["token"], &["token", "--scope", "everything"], &["migrate"]] {
        let (output, _directory) = huitou(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_token_is_printed_bare() {
    let secret = [("JWT_SECRET", crate::support::app::SECRET)];
    let (output, _directory) = huitou(&["token", "--scope", "admin", "--ttl", "90m"], &secret);
    let token = text(&output.stdout);
    assert_eq!((output.status.code(), token.trim().split('.').count()), (Some(0), 3), "{output:?}");
}

#[test]
fn an_embedded_database_is_migrated_there_and_back() {
    let (output, directory) = huitou(&["migrate", "up"], &[]);
    assert!(text(&output.stdout).starts_with("applied "), "{output:?}");
    let again = |action: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_huitou"))
            .args(["migrate", action])
            .env_clear()
            .current_dir(directory.path())
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    };
    assert!(again("up").starts_with("nothing to do"));
    assert!(again("status").starts_with("applied"));
    assert!(again("down").starts_with("took back"));
    assert!(again("status").contains("missing"));
}

#[test]
fn postgresql_is_not_migrated_unasked() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    let target = huitou::db::Target::parse(&url).expect("the URL is right");
    let mut connection = target.connect(true).expect("the database answers");
    huitou::db::migrate::down(&mut connection).expect("a migration can be taken back");
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("JWT_SECRET", crate::support::app::SECRET),
        ("BIND_ADDR", "127.0.0.1:0"),
    ];
    let (output, _directory) = huitou(&["serve"], &variables);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("huitou migrate up"), "{output:?}");
}

#[test]
fn every_command_has_help_that_says_what_it_does() {
    for command in ["serve", "migrate", "token", "openapi"] {
        let (output, _directory) = huitou(&[command, "--help"], &[]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).lines().count() > 5, "{command}");
    }
}

/// A service that runs as a program; its log is in the directory.
struct Served {
    child: std::process::Child,
    url: String,
    directory: tempfile::TempDir,
}

impl Served {
    fn start(variables: &[(&str, &str)]) -> Self {
        use std::io::{BufRead, BufReader};

        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let log = std::fs::File::create(directory.path().join("log")).expect("a file can be made");
        let mut child = Command::new(env!("CARGO_BIN_EXE_huitou"))
            .arg("serve")
            .env_clear()
            .envs([("JWT_SECRET", crate::support::app::SECRET), ("BIND_ADDR", "127.0.0.1:0")])
            .envs(variables.iter().copied())
            .current_dir(directory.path())
            .stdout(std::process::Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program runs");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        stdout.read_line(&mut line).expect("it says where it listens");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        Self { child, url: url.unwrap_or_else(|| panic!("no address in {line:?}")).into(), directory }
    }

    /// Tells it to stop, and what it logged.
    fn stop(mut self) -> (Option<i32>, String) {
        let stopped =
            Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(stopped.is_ok_and(|status| status.success()));
        let code = self.child.wait().expect("it ends").code();
        let log = std::fs::read_to_string(self.directory.path().join("log"));
        (code, log.expect("the log can be read"))
    }
}

#[test]
fn a_service_ends_well_when_told_to_stop() {
    assert_eq!(Served::start(&[]).stop().0, Some(0));
}

#[test]
fn the_log_of_a_request_has_its_id_and_tenant_and_no_values() {
    use crate::support::{claims, sign};

    let served = Served::start(&[("LOG_FORMAT", "json"), ("SLOW_QUERY_MILLISECONDS", "1")]);
    let client = reqwest::blocking::Client::builder().no_proxy().build().expect("a client can be made");
    let post = |path: &str, token: String, body: serde_json::Value| {
        let request = client.post(format!("{}{path}", served.url)).bearer_auth(token).json(&body);
        let response = request.header("x-request-id", "trace-42").send().expect("the service answers");
        response.json::<serde_json::Value>().expect("the answer is JSON")
    };
    let tenant = post(
        "/v1/tenants",
        sign(&claims("admin")),
        serde_json::json!({"name": "Secretive", "timezone": "UTC", "currency": "EUR"}),
    );
    let id = tenant["id"].as_str().expect("the tenant is made").to_string();
    let token = sign(&huitou::auth::Claims { tenant: Some(id.clone()), ..claims("settings:write") });
    post("/v1/shops?q=13800001234", token, serde_json::json!({"name": "Hidden"}));
    let (_, log) = served.stop();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let answered = lines.iter().find(|line| line["span"]["tenant"] == id.as_str());
    let answered = answered.unwrap_or_else(|| panic!("no line names the tenant:\n{log}"));
    assert_eq!((&answered["span"]["request_id"], &answered["status"]), (&"trace-42".into(), &422.into()));
    for value in ["Secretive", "Hidden", "13800001234"] {
        assert!(!log.contains(value), "{value} is in the log:\n{log}");
    }
}
