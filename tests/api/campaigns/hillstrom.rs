//! The example that loads a real e-mail experiment, through the public API: on made-up rows in the same shape, and on the
//! real ones where they are at hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::{Send, TestApp, on_both};

/// Runs the example with the arguments; `false` where there is no Python.
async fn load(app: &TestApp, arguments: &[&Path]) -> bool {
    let body = json!({"name": "Hillstrom", "timezone": "America/New_York", "currency": "USD"});
    let tenant = app.post("/v1/tenants").bearer_auth(app.admin()).json(&body).answer().await;
    let tenant = crate::support::TestTenant { id: tenant.text("id") };
    let scopes = "settings:read settings:write customers:write orders:write campaigns:read campaigns:write";
    let mut command = Command::new("python3");
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hillstrom/load.py"))
        .args(arguments)
        .args(["--url", &app.url, "--token", &app.token(&tenant, scopes)]);
    let output =
        actix_web::rt::task::spawn_blocking(move || command.output()).await.expect("the thread ends");
    match output {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
            println!("{told}");
            true
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3 is needed: {error}");
            eprintln!("NOT TESTED: the example needs python3, which does not start here ({error})");
            false
        }
    }
}

/// The folder with the real data.
fn shared_data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    std::env::var_os("HUITOU_SHARED_DATA").map_or_else(beside, PathBuf::from)
}

on_both! {
    async fn made_up_rows_give_the_figures_that_statsmodels_gives(app: TestApp) {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hillstrom/fixture");
        let (rows, known) = (fixture.join("hillstrom.csv"), fixture.join("figures.json"));
        load(&app, &[&rows, Path::new("--known"), &known]).await;
    }

    async fn the_real_experiment_gives_the_known_figures(app: TestApp) {
        let rows = shared_data().join("hillstrom/hillstrom.csv.gz");
        if rows.exists() {
            load(&app, &[&rows, Path::new("--no-history")]).await;
        } else {
            eprintln!("NOT TESTED: {} is not there", rows.display());
        }
    }
}
