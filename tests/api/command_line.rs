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

#[cfg(unix)]
#[test]
fn a_service_ends_well_when_told_to_stop() {
    use std::io::{BufRead, BufReader};

    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut child = Command::new(env!("CARGO_BIN_EXE_huitou"))
        .arg("serve")
        .env_clear()
        .envs([("JWT_SECRET", crate::support::app::SECRET), ("BIND_ADDR", "127.0.0.1:0")])
        .current_dir(directory.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    stdout.read_line(&mut line).expect("it says where it listens");
    assert!(line.contains("http://127.0.0.1:"), "{line}");
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(stopped.is_ok_and(|status| status.success()));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
