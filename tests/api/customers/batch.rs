use serde_json::json;

use super::Shop;
use crate::support::{Send, on_both};

on_both! {
    async fn each_customer_of_a_batch_gets_its_own_answer(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let known = shop.tell(&app, "known", json!({"version": "2026-11-01T00:00:00Z", "name": "K"})).await;
        let body = json!({"customers": [
            {"shop_id": shop.id, "external_id": "1", "name": "A"},
            {"shop_id": shop.id, "external_id": "2", "name": "张**", "birthday": "x"},
            {"shop_id": stranger.id, "external_id": "3"},
            {"shop_id": shop.id, "external_id": "known", "version": "2026-11-01T00:00:00Z", "name": "K"},
            {"shop_id": shop.id, "external_id": "1", "nick": "B"},
            {"shop_id": shop.id},
            {"shop_id": shop.id, "external_id": "4", "version": "2199-01-01T00:00:00Z"},
        ]});
        let answer = app.post("/v1/customers/batch").bearer_auth(&shop.token).json(&body).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = answer.at("results").as_array().unwrap();
        let outcome = |index: usize| {
            let error = &results[index]["error"];
            (
                results[index]["status"].as_str().unwrap(),
                error["code"].as_str().unwrap_or_default(),
                error["errors"][0]["pointer"].as_str().unwrap_or_default(),
            )
        };
        assert_eq!(results.len(), 7);
        assert_eq!(outcome(0), ("applied", "", ""));
        assert_eq!(outcome(1), ("refused", "invalid_input", "/birthday"));
        assert_eq!(outcome(2), ("refused", "not_found", ""));
        assert_eq!((outcome(3), &results[3]["id"]), (("unchanged", "", ""), &json!(known)));
        assert_eq!((outcome(4), &results[4]["id"]), (("applied", "", ""), &results[0]["id"]));
        assert_eq!(outcome(5), ("refused", "invalid_input", "/external_id"));
        assert_eq!(outcome(6), ("refused", "invalid_input", "/version"));
        let path = format!("/v1/customers/{}", results[0]["id"].as_str().unwrap());
        let both = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((both.text("name"), both.text("nick")), ("A".into(), "B".into()));
        let list = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 2);
    }

    async fn lines_of_ndjson_are_taken_too(app: TestApp) {
        let shop = Shop::open(&app).await;
        let lines: String = (0..1_500)
            .map(|number| json!({"shop_id": shop.id, "external_id": number.to_string()}).to_string() + "\n")
            .collect();
        let send = || app.post("/v1/customers/batch").bearer_auth(&shop.token).header("idempotency-key", "b")
            .header("content-type", "application/x-ndjson").body(lines.clone());
        let answer = send().answer().await;
        let results = answer.at("results").as_array().unwrap();
        assert!(results.len() == 1_500 && results.iter().all(|result| result["status"] == "applied"));
        let again = send().answer().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &answer.body));
        let list = app.get("/v1/customers?count=exact&limit=1").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 1_500);
    }
}
