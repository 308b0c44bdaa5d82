//! What a campaign earned.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// Half of a dozen members are treated, the other half left out, from the first of November on for a week.
async fn launched(app: &TestApp, shop: &Shop, own: Value) -> String {
    let mut document = json!({"audience": null, "holdout_percent": 50});
    for (name, value) in own.as_object().unwrap() {
        document[name] = value.clone();
    }
    let id = shop.campaign(app, document).await;
    let arms: Vec<_> =
        (0..12).map(|customer| (customer, if customer < 6 { "a" } else { "holdout" })).collect();
    shop.assign(app, &id, &arms).await;
    shop.launch(app, &id, json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
    id
}

async fn report(app: &TestApp, shop: &Shop, campaign: &str) -> Value {
    shop.get(app, &format!("/v1/campaigns/{campaign}/report")).await.body
}

on_both! {
    async fn all_members_count_from_the_launch_to_the_windows_end(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let id = launched(&app, &shop, json!({})).await;
        for (order, customer, paid_at, amount) in [
            ("early", 0, "2026-10-31T23:59:59Z", 90_000),
            ("first", 1, "2026-11-01T00:00:00Z", 10_000),
            ("second", 1, "2026-11-03T00:00:00Z", 20_000),
            ("third", 2, "2026-11-07T23:59:59Z", 30_000),
            ("late", 3, "2026-11-08T00:00:00Z", 90_000),
            ("untreated", 6, "2026-11-04T00:00:00Z", 12_000),
        ] {
            shop.order(&app, order, customer, paid_at, amount, json!({})).await;
        }
        let told = report(&app, &shop, &id).await;
        let arm = &told["arms"][0];
        assert_eq!((&arm["key"], &arm["members"], &arm["converted"]), (&json!("a"), &json!(6), &json!(2)));
        assert_eq!((&arm["orders"], &arm["revenue_amount"]), (&json!(3), &json!(60_000)));
        assert_eq!(arm["revenue_per_member"], 100.0);
        let comparison = &told["comparisons"][0];
        assert_eq!(comparison["conversion"]["difference"], 2.0 / 6.0 - 1.0 / 6.0);
        assert_eq!(comparison["incremental_revenue"]["amount"], 48_000);
        assert_eq!(comparison["incremental_orders"]["amount"], 2);
        assert_eq!(comparison["verdict"], "inconclusive");
        assert_eq!(comparison["cautions"], json!(["few_conversions", "heavy_tail"]));
        let last = told["days"].as_array().unwrap().iter().rfind(|day| day["arm"] == "a").unwrap();
        assert_eq!((&last["day"], &last["revenue_amount"]), (&json!("2026-11-08"), &json!(60_000)));
    }

    async fn late_orders_and_refunds_are_in_the_next_report(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let id = launched(&app, &shop, json!({})).await;
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 10_000, json!({})).await;
        assert_eq!(report(&app, &shop, &id).await["arms"][0]["revenue_amount"], 10_000);
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 10_000, json!({
            "version": "2026-11-20T00:00:00Z",
            "refunds": [{"external_id": "r1", "refunded_at": "2026-11-20T00:00:00Z", "amount": 4_000}],
        })).await;
        shop.order(&app, "o2", 7, "2026-11-03T00:00:00Z", 5_000, json!({})).await;
        let told = report(&app, &shop, &id).await;
        assert_eq!((&told["arms"][0]["revenue_amount"], &told["arms"][0]["converted"]), (&json!(6_000), &json!(1)));
        assert_eq!((&told["arms"][1]["revenue_amount"], &told["arms"][1]["converted"]), (&json!(5_000), &json!(1)));
    }

    async fn only_qualifying_orders_convert(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let line = json!([{"external_id": "1", "sku": "DC-1", "product_external_id": "p9", "quantity": 1,
            "unit_amount": 9_000, "total_amount": 9_000}]);
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 9_000, json!({"lines": line, "coupon_codes": ["OLD8"]})).await;
        shop.order(&app, "o2", 2, "2026-11-02T00:00:00Z", 8_000, json!({})).await;
        for (conversion, expected) in [
            (json!({"products": ["p9"]}), 9_000),
            (json!({"products": ["DC-1"]}), 9_000),
            (json!({"products": ["p8"]}), 0),
            (json!({"coupon_codes": ["NEW", "OLD8"]}), 9_000),
            (json!({"minimum_amount": 8_500}), 9_000),
            (json!({"shop_id": shop.id}), 17_000),
        ] {
            let id = launched(&app, &shop, json!({"conversion": conversion})).await;
            let told = report(&app, &shop, &id).await;
            assert_eq!(told["arms"][0]["revenue_amount"], expected, "{conversion}");
        }
    }

    async fn costs_and_margin_make_the_return(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let settings = json!({"campaigns": {
            "margins": {"default_percent": 40, "categories": [{"category": "coats", "percent": 50}]},
            "new_customer_cost_amount": 12_000,
        }});
        let changed = app.patch("/v1/settings").bearer_auth(&shop.token).json(&settings).answer().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let product = json!({"title": "Scarf", "currency": "CNY", "cost_amount": 1_000, "variants": []});
        let path = format!("/v1/shops/{}/products/p1", shop.id);
        assert!(app.put(&path).bearer_auth(&shop.token).json(&product).answer().await.status < 300);
        let id = launched(&app, &shop, json!({"costs": [
            {"kind": "message", "channel": "sms", "amount": 45, "per": 10},
            {"kind": "fixed", "amount": 500},
            {"kind": "gift", "amount": 300},
            {"kind": "commission", "percent": 10},
        ]})).await;
        let lines = json!([
            {"external_id": "1", "product_external_id": "p1", "quantity": 2, "unit_amount": 3_000, "total_amount": 6_000},
            {"external_id": "2", "category": "coats", "quantity": 1, "unit_amount": 10_000, "total_amount": 10_000},
            {"external_id": "3", "quantity": 1, "unit_amount": 5_000, "total_amount": 4_000},
        ]);
        shop.order(&app, "o1", 1, "2026-11-02T00:00:00Z", 20_000, json!({"lines": lines, "discount_amount": 1_000})).await;
        let touches: Vec<Value> = (0..4)
            .map(|customer| json!({"external_id": format!("m{customer}"), "customer_id": shop.customers[customer],
                "channel": "sms", "outcome": "sent", "occurred_at": "2026-11-01T08:00:00Z", "units": 2}))
            .collect();
        shop.post(&app, &format!("/v1/campaigns/{id}/touches"), json!({"touches": touches})).await;
        let told = report(&app, &shop, &id).await;
        // Goods: two scarfs at 1,000; half of the coat; six tenths of the rest before its discount.
        assert_eq!(told["arms"][0]["margin_amount"], 20_000 - 2_000 - 5_000 - 3_000);
        let amounts: Vec<_> = told["costs"]["lines"].as_array().unwrap().iter().map(|line| line["amount"].clone()).collect();
        assert_eq!(amounts, [36, 500, 300, 2_000]);
        assert_eq!(told["costs"]["amount"], 2_836);
        let comparison = &told["comparisons"][0];
        assert_eq!(comparison["cost_amount"], 2_836);
        assert_eq!(comparison["cost_per_incremental_order_amount"], 2_836);
        assert_eq!(comparison["new_customer_cost_amount"], 12_000);
        let roi = comparison["roi"]["difference"].as_f64().unwrap();
        assert!((roi - (10_000.0 - 2_836.0) / 2_836.0).abs() < 1e-12, "{roi}");
    }

    async fn credits_with_what_is_unattributed_add_up_to_the_revenue(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let own = json!({"coupon_codes": ["OLD8"]});
        let (one, other) = (launched(&app, &shop, own).await, launched(&app, &shop, json!({})).await);
        for (campaign, id, at) in [(&one, "m1", "2026-11-01T08:00:00Z"), (&other, "m2", "2026-11-02T08:00:00Z")] {
            let touch = json!({"external_id": id, "customer_id": shop.customers[1], "channel": "sms", "outcome": "sent",
                "occurred_at": at});
            shop.post(&app, &format!("/v1/campaigns/{campaign}/touches"), json!({"touches": [touch]})).await;
        }
        shop.order(&app, "o1", 1, "2026-11-03T00:00:00Z", 10_001, json!({"coupon_codes": ["OLD8"]})).await;
        shop.order(&app, "o2", 2, "2026-11-03T00:00:00Z", 500, json!({})).await;
        let told = report(&app, &shop, &one).await;
        let credited: Vec<_> = told["attribution"].as_array().unwrap().iter().map(|model| {
            let part = |name: &str| model[name].as_i64().unwrap();
            let sum = part("attributed_amount") + part("other_campaigns_amount") + part("unattributed_amount");
            assert_eq!(sum, 10_501, "{model}");
            assert_eq!(part("revenue_amount"), 10_501);
            (model["model"].as_str().unwrap().to_string(), part("attributed_amount"))
        }).collect();
        let expected = [
            ("last_touch", 0), ("first_touch", 10_001), ("linear", 5_000), ("time_decay", 4_753), ("position", 5_000),
            ("coupon", 10_001),
        ];
        assert_eq!(credited, expected.map(|(model, amount)| (model.to_string(), amount)));
        assert_eq!(told["checks"]["overlaps"], json!([{"campaign_id": other, "members": 6}]));
    }

    async fn without_a_holdout_only_attributed_figures_exist_and_the_report_says_so(app: TestApp) {
        let shop = Shop::with_customers(&app, 3).await;
        let id = shop.campaign(&app, json!({"holdout_percent": null})).await;
        shop.launch(&app, &id, json!({})).await;
        let told = report(&app, &shop, &id).await;
        assert_eq!((&told["comparisons"], &told["overall"]), (&json!([]), &json!(null)));
        let notes = told["notes"].to_string();
        assert!(notes.contains("only attributed figures exist") && notes.contains("premature"), "{notes}");
        assert_eq!(told["checks"]["window_open"], true);
    }
}
