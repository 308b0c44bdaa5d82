use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// All events, walked through in pages of this size.
async fn events(app: &TestApp, shop: &Shop, id: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/customers/{id}/timeline?limit={limit}{cursor}");
        let answer = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(answer.at("data").as_array().unwrap().iter().cloned());
        if !answer.at("has_more").as_bool().unwrap() {
            return all;
        }
        cursor = format!("&cursor={}", answer.text("next_cursor"));
    }
}

on_both! {
    async fn all_steps_and_refunds_are_told_newest_first(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let at = |hour: u32| format!("2026-10-01T{hour:02}:00:00Z");
        shop.order(&app, "1", json!({
            "version": at(9), "status": "partially_refunded", "ordered_at": at(1), "paid_at": at(2), "shipped_at": at(3),
            "delivered_at": at(4), "completed_at": at(5), "total_amount": 1_000,
            "refunds": [{"external_id": "r1", "refunded_at": at(6), "amount": 300},
                {"external_id": "r2", "refunded_at": at(7), "amount": 0}],
            "customer": {"external_id": "ouid-1"}
        })).await;
        shop.order(&app, "2", json!({
            "version": at(9), "status": "closed", "ordered_at": at(2), "closed_at": at(8), "total_amount": 500,
            "customer": {"external_id": "ouid-1"}
        })).await;
        let expected = [
            ("customer_created", None), ("order_closed", Some("2")), ("order_refunded", Some("1")),
            ("order_completed", Some("1")), ("order_delivered", Some("1")), ("order_shipped", Some("1")),
            ("order_paid", Some("1")), ("order_placed", Some("2")), ("order_placed", Some("1")),
        ];
        for limit in [1, 2, 50] {
            let events = events(&app, &shop, &id, limit).await;
            let seen: Vec<_> = events.iter()
                .map(|event| (event["type"].as_str().unwrap(), event["order"]["external_id"].as_str())).collect();
            assert_eq!(seen, expected, "in pages of {limit}");
            assert_eq!(events[2]["refund"], json!({"external_id": "r1", "amount": 300}));
            assert_eq!(events[2]["order"]["total_amount"], 1_000);
            assert_eq!(events[3]["at"], at(5));
        }
    }

    async fn moments_that_many_share_are_walked_without_loss(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let at = "2026-10-01T00:00:00Z";
        for number in 0..5 {
            shop.order(&app, &number.to_string(), json!({
                "version": at, "status": "completed", "ordered_at": at, "paid_at": at, "completed_at": at,
                "total_amount": 100, "customer": {"external_id": "ouid-1"},
                "refunds": [{"external_id": "a", "refunded_at": at, "amount": 1},
                    {"external_id": "b", "refunded_at": at, "amount": 1}]
            })).await;
        }
        let whole = events(&app, &shop, &id, 200).await;
        assert_eq!(whole.len(), 1 + 5 * 5);
        for limit in [1, 3, 7] {
            assert_eq!(events(&app, &shop, &id, limit).await, whole, "in pages of {limit}");
        }
    }
}
