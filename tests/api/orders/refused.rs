//! What the database itself refuses; there is no such order today, so the test teaches it to.

use diesel::connection::SimpleConnection;
use huitou::db::Backend;
use serde_json::{Value, json};

use super::{Shop, order};
use crate::support::{Send, TestApp, on_both};

/// From now on the database takes no order with the id `cursed`.
fn curse(app: &TestApp) {
    let mut connection = app.config.database.target.connect(true).unwrap();
    let statement = match connection.backend() {
        Backend::Postgres => "ALTER TABLE orders ADD CONSTRAINT no_curse CHECK (external_id <> 'cursed')",
        Backend::Sqlite => {
            "CREATE TRIGGER no_curse BEFORE INSERT ON orders WHEN NEW.external_id = 'cursed'
             BEGIN SELECT RAISE(ABORT, 'cursed'); END"
        }
    };
    connection.batch_execute(statement).unwrap();
}

on_both! {
    async fn in_a_batch_it_stands_alone(app: TestApp) {
        let shop = Shop::open(&app).await;
        curse(&app);
        let item = |external_id: &str| {
            let mut item = order(json!({"shop_id": shop.id}));
            item["external_id"] = json!(external_id);
            item
        };
        let ids = ["1", "2", "3", "cursed", "4", "5", "6"];
        let body = json!({"orders": ids.map(item)});
        let request = app.post("/v1/orders/batch").bearer_auth(&shop.token).header("idempotency-key", "k");
        let answer = request.json(&body).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = answer.at("results").as_array().unwrap();
        let applied = |result: &Value| result["status"] == "applied";
        assert_eq!(results.iter().filter(|result| applied(result)).count(), 6);
        assert_eq!(answer.at("/results/3/error/code"), "internal_error");
        assert!(!answer.body.to_string().contains("no_curse"));
        let list = app.get("/v1/orders?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 6);
    }

    async fn among_orders_that_wait_together_it_fails_alone(app: TestApp) {
        let shop = Shop::open(&app).await;
        curse(&app);
        let tell = |number: usize| {
            let id = if number == 7 { "cursed".into() } else { number.to_string() };
            app.put(&shop.path(&id)).bearer_auth(&shop.token).json(&order(json!({}))).answer()
        };
        let answers = futures_util::future::join_all((0..20).map(tell)).await;
        let written = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((written, answers[7].status), (19, 500), "{answers:?}");
        answers[7].assert_problem(500, "internal_error");
    }
}
