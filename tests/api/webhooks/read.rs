//! What came in, looked at and applied again.

use serde_json::json;

use super::push::{Pushing, order};
use crate::support::{Send, on_both};

on_both! {
    async fn deliveries_are_listed_by_what_became_of_them(app: TestApp) {
        let tenant = app.tenant().await;
        let shop = Pushing::new(&app, &tenant, "standard").await;
        let other = Pushing::new(&app, &tenant, "standard").await;
        for id in ["a", "b", "c"] {
            shop.push_order(&app, id, &order(id)).await;
        }
        other.push(&app, "d", &[], br#"{"type": "ping"}"#).await;
        other.push(&app, "e", &[], b"no json").await;
        let token = app.token(&tenant, "orders:read");
        let keys = async |query: &str| {
            let answer = app.get(&format!("/v1/webhook-deliveries?{query}")).bearer_auth(&token).answer().await;
            let data = answer.at("data").as_array().unwrap().clone();
            data.iter().map(|one| one["delivery_key"].as_str().unwrap()[..1].to_owned()).collect::<String>()
        };
        let received = shop.deliveries(&app).await[1]["received_at"].as_str().unwrap().to_owned();
        assert_eq!(keys("status=applied").await, "cba");
        assert_eq!(keys("status=ignored").await, "d");
        assert_eq!(keys("status=pending").await, "");
        assert_eq!(keys(&format!("status=applied&shop_id={}", other.shop)).await, "");
        assert_eq!(keys("topic=order.updated&limit=2").await, "cb");
        assert_eq!(keys("subject=b").await, "b");
        assert_eq!(keys(&format!("status=applied&received_before={received}")).await, "a");
        assert_eq!(keys(&format!("status=applied&received_after={received}")).await, "cb");
        let counted = app.get("/v1/webhook-deliveries?count=exact&limit=1").bearer_auth(&token).answer().await;
        assert_eq!((counted.at("total"), counted.at("has_more")), (&json!(5), &json!(true)));
        let next = format!("/v1/webhook-deliveries?limit=1&cursor={}", counted.text("next_cursor"));
        assert_eq!(app.get(&next).bearer_auth(&token).answer().await.at("/data/0/delivery_key"), "d");
        let stranger = app.token(&app.tenant().await, "orders:read");
        let none = app.get("/v1/webhook-deliveries").bearer_auth(stranger).answer().await;
        assert_eq!(none.at("data"), &json!([]));
    }

    async fn the_body_is_shown_to_those_who_may_read_personal_data(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        shop.push_order(&app, "m1", &order("1")).await;
        let path = format!("/v1/webhook-deliveries/{}", shop.deliveries(&app).await[0]["id"].as_str().unwrap());
        let shown = app.get(&path).bearer_auth(app.token(&shop.tenant, "orders:read pii:read")).answer().await;
        assert!(shown.text("body").contains("13800001234"));
        let names: Vec<_> = shown.at("headers").as_array().unwrap().iter().map(|header| header["name"].clone()).collect();
        assert!(names.contains(&json!("webhook-id")), "{names:?}");
        let masked = app.get(&path).bearer_auth(app.token(&shop.tenant, "orders:read")).answer().await;
        assert_eq!((masked.status, masked.at("body")), (200, &json!(null)));
        assert!(!String::from_utf8_lossy(&masked.bytes).contains("13800001234"));
        assert_ne!(shown.header("etag"), masked.header("etag"));
    }

    async fn a_delivery_is_replayed_and_changes_nothing_twice(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        shop.push_order(&app, "m1", &order("1")).await;
        let before = shop.orders(&app).await;
        let id = shop.deliveries(&app).await[0]["id"].as_str().unwrap().to_owned();
        let token = app.token(&shop.tenant, "orders:write");
        let answer = app.post(&format!("/v1/webhook-deliveries/{id}/replay")).bearer_auth(&token).answer().await;
        assert_eq!((answer.status, answer.at("status"), answer.at("attempts")), (200, &json!("applied"), &json!(2)));
        assert_eq!(shop.orders(&app).await, before);
        let stranger = app.token(&app.tenant().await, "orders:write");
        let hidden = app.post(&format!("/v1/webhook-deliveries/{id}/replay")).bearer_auth(stranger).answer().await;
        hidden.assert_problem(404, "not_found");
    }

    async fn all_that_failed_is_replayed_in_one_go(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        shop.push_order(&app, "fine", &order("1")).await;
        let mut soon = order("2");
        // Refused today, but not once its day has come: here the cause is removed by hand.
        soon["version"] = json!("2126-01-01T00:00:00Z");
        for id in ["x", "y", "z"] {
            shop.push_order(&app, id, &soon).await;
        }
        let token = app.token(&shop.tenant, "orders:write");
        let replay = async |body: serde_json::Value| {
            app.post("/v1/webhook-deliveries/replay").bearer_auth(&token).json(&body).answer().await.body
        };
        let told = |replayed: usize, applied: usize, failed: usize| {
            json!({"replayed": replayed, "applied": applied, "ignored": 0, "failed": failed,
                "has_more": false, "next_after": null})
        };
        assert_eq!(replay(json!({})).await, told(3, 0, 3));
        crate::webhooks::slow::mend_bodies(&app, "2126-01-01", "2026-01-01");
        assert_eq!(replay(json!({"shop_id": shop.shop, "topic": "order.updated"})).await, told(3, 3, 0));
        assert_eq!(replay(json!({})).await, told(0, 0, 0));
        assert_eq!(replay(json!({"status": "applied"})).await, told(4, 4, 0));
        assert_eq!(shop.orders(&app).await.len(), 2);
    }
}
