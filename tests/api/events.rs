//! `/v1/events`.

use serde_json::{Value, json};

use crate::customers::Shop;
use crate::support::response::Response;
use crate::support::{Send, TestApp, on_both};

async fn post(app: &TestApp, shop: &Shop, body: &Value) -> Response {
    app.post("/v1/events").bearer_auth(&shop.token).json(body).answer().await
}

async fn list(app: &TestApp, shop: &Shop, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/v1/events?{query}")).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let events = answer.at("data").as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().to_string()).collect()
}

fn at(hour: u32) -> String {
    format!("2026-10-01T{hour:02}:00:00Z")
}

on_both! {
    async fn a_single_event_is_kept_once(app: TestApp) {
        let shop = Shop::open(&app).await;
        let event = json!({"shop_id": shop.id, "customer_external_id": "ouid-1", "type": "review", "occurred_at": at(1),
            "properties": {"stars": 5, "text": "打电话给 13911112222"}, "external_id": "e1"});
        let first = post(&app, &shop, &event).await;
        assert_eq!((first.status, first.text("status")), (201, "applied".into()), "{first:?}");
        let again = post(&app, &shop, &event).await;
        assert_eq!((again.status, again.text("status"), again.text("id")), (200, "unchanged".into(), first.text("id")));

        let known = format!("/v1/customers?shop_id={}&external_id=ouid-1", shop.id);
        let id = app.get(&known).bearer_auth(&shop.token).answer().await.text("/data/0/id");
        let profile = app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("last_seen_at"), &json!(at(1)));
        assert_eq!(profile.at("activity"), &json!([{"type": "review", "count": 1, "last_at": at(1)}]));
        assert_eq!(profile.at("/recent_events/0/properties/stars"), 5);
        let blind = app.get(&format!("/v1/events?customer_id={id}")).bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!(blind.at("/data/0/properties"), &json!({"stars": 5, "text": "***"}));
    }

    async fn many_events_are_told_at_once_and_each_is_answered(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let body = json!({"events": [
            {"customer_id": id, "type": "login", "occurred_at": at(1)},
            {"customer_id": id, "shop_id": shop.id, "type": "view", "occurred_at": at(2), "external_id": "v1"},
            {"customer_id": id, "shop_id": shop.id, "type": "view", "occurred_at": at(2), "external_id": "v1"},
            {"customer_id": id, "type": "View"},
            {"customer_id": id, "type": "view", "external_id": "v2"},
            {"type": "view"},
            {"customer_id": id, "shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy", "type": "view"},
            {"customer_id": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy", "type": "view"},
            {"customer_id": id, "type": "view", "properties": {"a": {"b": 1}}},
            {"customer_id": id, "type": "view", "occurred_at": "2199-01-01T00:00:00Z"},
        ]});
        let answer = post(&app, &shop, &body).await;
        let seen: Vec<_> = answer.at("results").as_array().unwrap().iter()
            .map(|result| (result["status"].as_str().unwrap(), result["error"]["errors"][0]["pointer"].as_str()))
            .collect();
        assert_eq!(seen, [
            ("applied", None), ("applied", None), ("unchanged", None), ("refused", Some("/type")),
            ("refused", Some("/external_id")), ("refused", Some("/customer_id")), ("refused", Some("/shop_id")),
            ("refused", Some("/customer_id")), ("refused", Some("/properties/a")), ("refused", Some("/occurred_at")),
        ], "{answer:?}");
        assert_eq!(list(&app, &shop, "").await, ["view", "login"]);
    }

    async fn lines_are_taken_as_well_and_a_list_needs_its_name(app: TestApp) {
        let shop = Shop::open(&app).await;
        let line = |number: u32| json!({"shop_id": shop.id, "customer_external_id": format!("b{number}"), "type": "view",
            "external_id": number.to_string()}).to_string();
        let lines: Vec<String> = (0..1_500).map(line).collect();
        let answer = app.post("/v1/events").bearer_auth(&shop.token).header("content-type", "application/x-ndjson")
            .body(lines.join("\n")).answer().await;
        let results = answer.at("results").as_array().unwrap();
        assert_eq!((results.len(), results.iter().filter(|result| result["status"] == "applied").count()), (1_500, 1_500));
        let many = app.get("/v1/events?count=exact&limit=1").bearer_auth(&shop.token).answer().await;
        assert_eq!(many.at("total"), 1_500);
        post(&app, &shop, &json!({"event": []})).await.assert_problem(422, "invalid_input");
        post(&app, &shop, &json!({"events": []})).await.assert_problem(422, "invalid_input");
        post(&app, &shop, &json!({"events": [], "type": "view"})).await.assert_problem(422, "invalid_input");
    }

    async fn events_are_listed_by_customer_shop_type_and_time_in_pages(app: TestApp) {
        let shop = Shop::open(&app).await;
        let (a, b) = (shop.tell(&app, "a", json!({})).await, shop.tell(&app, "b", json!({})).await);
        let event = |customer: &str, kind: &str, hour| json!({"customer_id": customer, "type": kind, "occurred_at": at(hour)});
        let mut events = vec![event(&a, "login", 1), event(&a, "cart", 2), event(&b, "login", 3), event(&a, "complaint", 3)];
        events[3]["shop_id"] = json!(shop.id);
        assert_eq!(post(&app, &shop, &json!({"events": events})).await.status, 200);
        assert_eq!(list(&app, &shop, &format!("customer_id={a}")).await, ["complaint", "cart", "login"]);
        assert_eq!(list(&app, &shop, "type=login").await, ["login", "login"]);
        assert_eq!(list(&app, &shop, &format!("shop_id={}", shop.id)).await, ["complaint"]);
        let between = format!("occurred_after={}&occurred_before={}", at(2), at(3));
        assert_eq!(list(&app, &shop, &between).await, ["cart"]);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/v1/events?limit=1{cursor}")).bearer_auth(&shop.token).answer().await;
            seen.push(page.text("/data/0/type"));
            if page.at("has_more") == false {
                break;
            }
            cursor = format!("&cursor={}", page.text("next_cursor"));
        }
        seen[..2].sort();
        assert_eq!(seen, ["complaint", "login", "cart", "login"]);
    }

    async fn a_shop_in_which_something_happened_is_not_deleted(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = app.shop(&shop.tenant, "other").await;
        let id = shop.tell(&app, "a", json!({})).await;
        post(&app, &shop, &json!({"customer_id": id, "shop_id": other, "type": "visit"})).await;
        let token = app.token(&shop.tenant, "settings:write");
        let answer = app.delete(&format!("/v1/shops/{other}")).bearer_auth(token).answer().await;
        assert_eq!(answer.status, 409, "{answer:?}");
    }

    async fn consents_notes_and_events_stand_in_the_timeline(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "a", json!({})).await;
        shop.order(&app, "1", json!({"version": at(9), "status": "paid", "ordered_at": at(1), "paid_at": at(3),
            "total_amount": 100, "customer": {"external_id": "a"}})).await;
        for hour in [2, 4] {
            post(&app, &shop, &json!({"customer_id": id, "type": "view", "occurred_at": at(hour)})).await;
        }
        let consent = json!({"granted": true, "at": at(3)});
        let path = format!("/v1/customers/{id}");
        app.put(&format!("{path}/consents/sms")).bearer_auth(&shop.token).json(&consent).answer().await;
        app.post(&format!("{path}/notes")).bearer_auth(&shop.token).json(&json!({"text": "secret"})).answer().await;
        for limit in [1, 2, 50] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = app.get(&format!("{path}/timeline?limit={limit}{cursor}")).bearer_auth(&shop.token).answer().await;
                seen.extend(page.at("data").as_array().unwrap().iter().cloned());
                if page.at("has_more") == false {
                    break;
                }
                cursor = format!("&cursor={}", page.text("next_cursor"));
            }
            let types: Vec<_> = seen.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
            assert_eq!(types, ["note_written", "customer_created", "event_occurred", "consent_stated", "order_paid",
                "event_occurred", "order_placed"], "in pages of {limit}");
            assert_eq!(seen[0]["note"]["text"], "secret");
            assert_eq!((&seen[2]["event"]["type"], &seen[3]["consent"]["channel"]), (&json!("view"), &json!("sms")));
            assert_eq!(seen[4]["order"]["external_id"], "1");
        }
        let blind = app.get(&format!("{path}/timeline")).bearer_auth(shop.blind(&app)).answer().await;
        assert!(!blind.body.to_string().contains("secret"));
    }
}
