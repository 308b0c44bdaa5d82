//! A database that takes its time: what is answered is stored, what is not stored is not answered.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use huitou::db::{AnyConnection, Backend};
use huitou::on_backend;
use serde_json::json;

use super::push::{Pushing, order};
use crate::support::{TestApp, on_both};

fn connection(app: &TestApp) -> AnyConnection {
    app.config.database.target.connect(true).unwrap()
}

fn execute(connection: &mut AnyConnection, statement: &str) {
    on_backend!(connection, c => c.batch_execute(statement)).unwrap();
}

/// Replaces a text in all stored bodies.
pub fn mend_bodies(app: &TestApp, wrong: &str, right: &str) {
    let mut connection = connection(app);
    let statement = match connection.backend() {
        Backend::Sqlite => format!(
            "UPDATE webhook_deliveries SET body = CAST(replace(CAST(body AS TEXT), '{wrong}', '{right}') AS BLOB)"
        ),
        Backend::Postgres => format!(
            "UPDATE webhook_deliveries SET body = convert_to(replace(convert_from(body, 'UTF8'), '{wrong}', '{right}'), 'UTF8')"
        ),
    };
    execute(&mut connection, &statement);
}

on_both! {
    async fn while_the_database_stalls_nothing_is_answered_that_is_not_stored(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        assert_eq!(shop.push_order(&app, "m0", &order("1")).await.status, 200);
        let mut blocker = connection(&app);
        let (begin, stored_alone) = match blocker.backend() {
            // Nobody writes.
            Backend::Sqlite => ("BEGIN IMMEDIATE", false),
            // Nobody changes an order; deliveries can be stored.
            Backend::Postgres => ("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE", true),
        };
        execute(&mut blocker, begin);
        let started = Instant::now();
        let mut newer = order("1");
        newer["version"] = json!("2026-11-12T00:00:00Z");
        newer["total_amount"] = json!(8_800);
        let answer = shop.push_order(&app, "m1", &newer).await;
        let took = started.elapsed();
        assert!(took < Duration::from_millis(2_900), "{took:?}");
        if stored_alone {
            assert_eq!(answer.status, 200, "{answer:?}");
            let deliveries = shop.deliveries(&app).await;
            assert_eq!((&deliveries[0]["status"], &deliveries[0]["attempts"]), (&json!("pending"), &json!(0)));
            assert_eq!(shop.push_order(&app, "m1", &newer).await.status, 200, "the same again is known");
        } else {
            answer.assert_problem(503, "unavailable");
            assert!(answer.header("retry-after").parse::<u64>().is_ok());
        }
        execute(&mut blocker, "ROLLBACK");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let orders = shop.orders_now(&app).await;
            let deliveries = shop.deliveries(&app).await;
            if orders[0]["total_amount"] == 8_800 && deliveries.iter().all(|one| one["status"] == "applied") {
                assert_eq!(deliveries.len(), 2, "{deliveries:?}");
                break;
            }
            assert!(Instant::now() < deadline, "{orders:?} {deliveries:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(shop.push_order(&app, "m1", &newer).await.status, 200);
        assert_eq!(shop.deliveries(&app).await.len(), 2);
    }
}
