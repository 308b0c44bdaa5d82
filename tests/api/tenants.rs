use serde_json::json;

use crate::support::{Send, on_both};

on_both! {
    async fn an_administrator_makes_and_lists_tenants(app: TestApp) {
        let body = json!({"name": "Red Scarf", "timezone": "Asia/Shanghai", "currency": "CNY", "country": "CN"});
        let made = app.post("/v1/tenants").bearer_auth(app.admin()).json(&body).answer().await;
        assert_eq!(made.status, 201, "{made:?}");
        assert!(made.text("id").starts_with("ten_"));
        for (field, value) in body.as_object().expect("an object") {
            assert_eq!(made.at(field), value);
        }
        let second = app.tenant().await;
        let list = app.get("/v1/tenants?limit=200").bearer_auth(app.admin()).answer().await;
        let ids: Vec<&str> =
            list.at("data").as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(ids, [made.text("id").as_str(), second.id.as_str()]);
    }

    async fn a_tenant_has_a_known_zone_currency_and_country(app: TestApp) {
        let body = json!({"name": " ", "timezone": "Beijing", "currency": "RMB", "country": "cn"});
        let answer = app.post("/v1/tenants").bearer_auth(app.admin()).json(&body).answer().await;
        answer.assert_problem(422, "invalid_input");
        let codes: Vec<String> = answer.errors().into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["empty", "unknown_timezone", "unknown_currency", "unknown_country"]);
    }

    async fn a_tenant_made_twice_with_one_key_is_made_once(app: TestApp) {
        let body = json!({"name": "Red Scarf", "timezone": "UTC", "currency": "EUR"});
        let make = || {
            let request = app.post("/v1/tenants").bearer_auth(app.admin()).header("idempotency-key", "k");
            request.json(&body).answer()
        };
        assert_eq!(make().await.text("id"), make().await.text("id"));
    }
}
