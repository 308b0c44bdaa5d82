//! Reports that are kept until something changes.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

async fn text(app: &TestApp, shop: &Shop, path: &str) -> String {
    let answer = shop.get(app, path).await;
    String::from_utf8(answer.bytes).unwrap()
}

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

on_both! {
    async fn a_report_is_kept_until_something_changes_that_it_is_made_from(app: TestApp) {
        let shop = Shop::with_customers(&app, 13).await;
        let id = shop.campaign(&app, json!({"audience": null, "holdout_percent": 50})).await;
        let arms: Vec<_> =
            (0..12).map(|customer| (customer, if customer < 6 { "a" } else { "holdout" })).collect();
        shop.assign(&app, &id, &arms).await;
        shop.launch(&app, &id, json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
        let line = json!({"product_external_id": "p1", "quantity": 1, "total_amount": 10_001});
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 10_001, json!({"lines": [line]})).await;
        let other = json!({"product_external_id": "p1", "quantity": 1, "total_amount": 9_000});
        shop.order(&app, "o3", 3, "2026-11-03T00:00:00Z", 9_000, json!({"lines": [other]})).await;
        let path = format!("/v1/campaigns/{id}/report");
        let mut last = text(&app, &shop, &path).await;
        // An order beside the window changes nothing.
        shop.order(&app, "late", 2, "2026-11-20T00:00:00Z", 500, json!({})).await;
        assert_eq!(text(&app, &shop, &path).await, last, "to the last byte, the time of computing included");

        let refunded = json!({"refunds": [{"external_id": "r1", "amount": 1, "refunded_at": "2026-11-21T00:00:00Z"}],
            "lines": [line], "version": "2026-11-21T00:00:00Z"});
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 10_001, refunded).await;
        let mut next = async |what: &str, pointer: &str, expected: Value| {
            let now = text(&app, &shop, &path).await;
            assert_ne!(now, last, "{what}");
            assert_eq!(body(&now).pointer(pointer), Some(&expected), "{what}");
            assert_eq!(text(&app, &shop, &path).await, now, "{what}: kept again");
            last = now;
        };
        next("a late refund", "/arms/0/revenue_amount", json!(19_000)).await;

        let touch = |outcome: &str| json!({"touches": [{"external_id": "m1", "customer_id": shop.customers[0],
            "channel": "sms", "outcome": outcome, "occurred_at": "2026-11-01T08:00:00Z"}]});
        let touches = format!("/v1/campaigns/{id}/touches");
        shop.post(&app, &touches, touch("sent")).await;
        next("a touch", "/arms/0/funnel/0/customers", json!(1)).await;
        shop.post(&app, &touches, touch("clicked")).await;
        next("an outcome of the same touch", "/channels/0/funnel/5/customers", json!(1)).await;

        let product = json!({"title": "A coat", "currency": "CNY", "cost_amount": 4_000});
        let token = app.token(&shop.tenant, "orders:write customers:write settings:write settings:read");
        let product_path = format!("/v1/shops/{}/products/p1", shop.id);
        let answer = app.put(&product_path).bearer_auth(&token).json(&product).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        next("what the goods cost", "/arms/0/margin_amount", json!(11_000)).await;

        let merge = format!("/v1/customers/{}/merge", shop.customers[1]);
        let request = app.post(&merge).bearer_auth(&token).json(&json!({"from": shop.customers[7]}));
        assert_eq!(request.answer().await.status, 201);
        next("two members who are one", "/checks/merged_members", json!(2)).await;

        let settings = json!({"campaigns": {"new_customer_cost_amount": 9_900}});
        let answer = app.patch("/v1/settings").bearer_auth(&token).json(&settings).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        next("a setting", "/comparisons/0/new_customer_cost_amount", json!(9_900)).await;

        let cut = text(&app, &shop, &format!("{path}?winsorise=0.9")).await;
        assert!(body(&cut).pointer("/comparisons/0/winsorised_at_amount").is_some(), "{cut}");
        assert!(body(&text(&app, &shop, &path).await).pointer("/comparisons/0/winsorised_at_amount").is_none());
    }
}
