use serde_json::{Value, json};

use super::{Shop, order};
use crate::support::{Send, TestApp, on_both};

fn item(shop: &str, external_id: &str, changes: Value) -> Value {
    let mut item = order(changes);
    item["shop_id"] = json!(shop);
    item["external_id"] = json!(external_id);
    item
}

async fn total(app: &TestApp, shop: &Shop) -> Value {
    let list = app.get("/v1/orders?count=exact").bearer_auth(&shop.token).answer().await;
    list.at("total").clone()
}

on_both! {
    async fn each_order_of_a_batch_gets_its_own_answer(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        shop.tell(&app, "known", &order(json!({}))).await;
        let body = json!({"orders": [
            item(&shop.id, "1", json!({})),
            item(&shop.id, "2", json!({"total_amount": -1})),
            item(&stranger.id, "3", json!({})),
            item(&shop.id, "4", json!({"version": "2199-01-01T00:00:00Z"})),
            item(&shop.id, "known", json!({})),
            item(&shop.id, "5", json!({"colour": "red"})),
            item(&shop.id, "", json!({})),
            {"version": "2026-11-11T00:00:00Z"},
            item(&shop.id, "6", json!({})),
            item(&shop.id, " 1", json!({})),
        ]});
        let answer = app.post("/v1/orders/batch").bearer_auth(&shop.token).json(&body).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = answer.at("results").as_array().unwrap();
        let outcome = |index: usize| {
            let result = &results[index];
            assert_eq!(result["index"], index);
            (
                result["status"].as_str().unwrap(),
                result["error"]["code"].as_str().unwrap_or_default(),
                result["error"]["errors"][0]["pointer"].as_str().unwrap_or_default(),
            )
        };
        assert_eq!(results.len(), 10);
        assert_eq!(outcome(0), ("applied", "", ""));
        assert_eq!(outcome(1), ("refused", "invalid_input", "/total_amount"));
        assert_eq!(outcome(2), ("refused", "not_found", ""));
        assert_eq!(outcome(3), ("refused", "invalid_input", "/version"));
        assert_eq!(outcome(4), ("unchanged", "", ""));
        assert_eq!(outcome(5), ("refused", "invalid_input", "/colour"));
        assert_eq!(outcome(6), ("refused", "invalid_input", "/external_id"));
        assert_eq!(outcome(7), ("refused", "invalid_input", "/shop_id"));
        assert_eq!(outcome(8), ("applied", "", ""));
        assert_eq!(outcome(9), ("refused", "invalid_input", "/external_id"));
        assert!(results[0]["id"].as_str().unwrap().starts_with("ord_"));
        assert!(results[1].get("id").is_none() && results[0].get("error").is_none());
        assert_eq!(total(&app, &shop).await, 3);
        assert_eq!(total(&app, &stranger).await, 0);
    }

    async fn ndjson_has_an_order_a_line(app: TestApp) {
        let shop = Shop::open(&app).await;
        let lines = [
            item(&shop.id, "1", json!({})).to_string(),
            "{\"shop_id\":".into(),
            String::new(),
            item(&shop.id, "2", json!({})).to_string(),
        ];
        let request = app.post("/v1/orders/batch").bearer_auth(&shop.token);
        let request = request.header("content-type", "application/x-ndjson").body(lines.join("\n"));
        let answer = request.answer().await;
        let statuses: Vec<_> = answer.at("results").as_array().unwrap().iter().map(|r| r["status"].clone()).collect();
        assert_eq!(statuses, ["applied", "refused", "applied"]);
        assert_eq!(total(&app, &shop).await, 2);
    }

    async fn one_order_told_twice_in_a_batch_ends_as_the_newer_says(app: TestApp) {
        let shop = Shop::open(&app).await;
        let newer = json!({"version": "2026-11-12T00:00:00Z", "status": "shipped"});
        let body = json!({"orders": [
            item(&shop.id, "1", newer), item(&shop.id, "1", json!({})), item(&shop.id, "1", json!({})),
        ]});
        let answer = app.post("/v1/orders/batch").bearer_auth(&shop.token).json(&body).answer().await;
        let id = answer.text("/results/0/id");
        assert_eq!(answer.text("/results/2/status"), "unchanged");
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("status"), "shipped");
    }

    async fn a_batch_sent_again_under_its_key_is_answered_again(app: TestApp) {
        let shop = Shop::open(&app).await;
        let send = |body: Value| {
            let request = app.post("/v1/orders/batch").bearer_auth(&shop.token);
            request.header("idempotency-key", "load-1").json(&body).answer()
        };
        let body = json!({"orders": [item(&shop.id, "1", json!({})), {"shop_id": shop.id}]});
        let first = send(body.clone()).await;
        assert_eq!(first.text("/results/0/status"), "applied", "{first:?}");
        let again = send(body).await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &first.body));
        let other = send(json!({"orders": [item(&shop.id, "2", json!({}))]})).await;
        other.assert_problem(422, "idempotency_key_reused");
        assert_eq!(total(&app, &shop).await, 1);
    }

    async fn a_list_that_is_empty_or_too_long_is_refused_as_a_whole(app: TestApp) {
        let shop = Shop::open(&app).await;
        let send = |body: Value| app.post("/v1/orders/batch").bearer_auth(&shop.token).json(&body).answer();
        let many = vec![item(&shop.id, "1", json!({"lines": []})); 1_001];
        assert_eq!(send(json!({"orders": many})).await.errors(), [("/orders".into(), "too_many".into())]);
        assert_eq!(send(json!({"orders": []})).await.errors(), [("/orders".into(), "empty".into())]);
        assert_eq!(send(json!({})).await.errors(), [("/orders".into(), "required".into())]);
        assert_eq!(total(&app, &shop).await, 0);
    }

    async fn a_list_that_comes_twice_is_refused_as_a_whole(app: TestApp) {
        let shop = Shop::open(&app).await;
        let (first, second) = (item(&shop.id, "1", json!({})), item(&shop.id, "2", json!({})));
        let body = format!(r#"{{"orders":[{first}],"orders":[{second}]}}"#);
        let request = app.post("/v1/orders/batch").bearer_auth(&shop.token);
        let answer = request.header("content-type", "application/json").body(body).answer().await;
        assert_eq!((answer.status, answer.errors()), (422, vec![("/orders".into(), "duplicate_field".into())]));
        assert_eq!(total(&app, &shop).await, 0);
    }

    async fn more_lines_than_are_taken_are_refused_as_a_whole(app: TestApp) {
        let shop = Shop::open(&app).await;
        let line = item(&shop.id, "1", json!({})).to_string() + "\n";
        let request = app.post("/v1/orders/batch").bearer_auth(&shop.token);
        let body = line + &"1\n".repeat(app.config.limits.bulk_lines);
        let answer = request.header("content-type", "application/x-ndjson").body(body).answer().await;
        assert_eq!((answer.status, answer.errors()), (422, vec![(String::new(), "too_many".into())]));
        assert_eq!(total(&app, &shop).await, 0);
    }

    async fn a_thousand_orders_come_in_at_once(app: TestApp) {
        let shop = Shop::open(&app).await;
        let orders: Vec<Value> = (0..1_000)
            .map(|number| {
                let buyer = json!({"external_id": format!("b{}", number % 300)});
                item(&shop.id, &number.to_string(), json!({"customer": buyer}))
            })
            .collect();
        let request = app.post("/v1/orders/batch").bearer_auth(&shop.token).json(&json!({"orders": orders}));
        let answer = request.answer().await;
        let results = answer.at("results").as_array().unwrap();
        assert!(results.iter().all(|result| result["status"] == "applied"));
        assert_eq!(total(&app, &shop).await, 1_000);
    }
}
