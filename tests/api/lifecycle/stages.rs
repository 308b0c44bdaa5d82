use huitou::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::{Ledger, Paid};
use crate::support::{Send, on_both};

/// A buyer with orders so many days ago.
fn orders(buyer: &str, days_ago: &[i64], amount: i64) -> Vec<Paid> {
    let now = SystemClock.now();
    let at = |days: &i64| now.plus_seconds(-86_400 * days).to_string();
    days_ago.iter().map(|days| (buyer.to_string(), at(days), amount)).collect()
}

on_both! {
    async fn buyers_stand_where_their_orders_put_them(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        let told = [
            orders("new", &[5], 1_000),
            orders("active", &[200, 10], 5_000),
            orders("risk", &[85], 1_000),
            orders("dormant", &[400, 300, 100], 2_000),
            orders("lost", &[500], 9_000),
        ].concat();
        ledger.pay(&shop, &told).await;
        ledger.set(json!({"quality": {"average_order_amount": 5_000, "orders": 3}})).await;
        for query in [String::new(), format!("?shop_id={shop}")] {
            let answer = ledger.get(&format!("/v1/analytics/lifecycle{query}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let shown: Vec<Value> = answer.at("stages").as_array().unwrap().iter().map(|stage| {
                json!([stage["stage"], stage["customers"], stage["high_quality"], stage["spent_amount"]])
            }).collect();
            assert_eq!(json!(shown), json!([
                ["new", 1, 0, 1_000], ["active", 1, 1, 10_000], ["at_risk", 1, 0, 1_000],
                ["dormant", 1, 1, 6_000], ["lost", 1, 1, 9_000]
            ]));
            assert_eq!(answer.at("thresholds"), &json!({
                "new_for_days": 30, "at_risk_after_days": 80, "dormant_after_days": 90, "lost_after_days": 365
            }));
            assert!(answer.at("proposed").is_null(), "three returns suggest nothing");
            assert_eq!(answer.at("/gaps/count"), 3);
            assert_eq!(answer.at("quality"), &json!({"average_order_amount": 5_000, "orders": 3}));
        }
    }

    async fn thresholds_are_proposed_from_the_gaps_between_orders(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        let told: Vec<_> = (1..=60).flat_map(|gap| orders(&format!("b{gap}"), &[gap + 2, 2], 1_000)).collect();
        ledger.pay(&shop, &told).await;
        let answer = ledger.get("/v1/analytics/lifecycle").await;
        assert_eq!(answer.at("proposed"), &json!({
            "new_for_days": 31, "at_risk_after_days": 49, "dormant_after_days": 55, "lost_after_days": 110
        }));
        assert_eq!(answer.at("/thresholds/dormant_after_days"), 90);
        ledger.set(answer.at("proposed").clone()).await;
        let answer = ledger.get("/v1/analytics/lifecycle").await;
        assert_eq!(answer.at("/thresholds/dormant_after_days"), 55);
        assert_eq!(answer.at("/quality/orders"), 2);
    }

    async fn a_shop_has_thresholds_of_its_own(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        ledger.pay(&shop, &orders("a", &[50], 1_000)).await;
        let change = json!({"at_risk_after_days": 30, "dormant_after_days": 40});
        let answer = app.patch(&format!("/v1/shops/{shop}")).bearer_auth(&ledger.token).json(&change).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let stages = |answer: crate::support::response::Response| -> Vec<i64> {
            answer.at("stages").as_array().unwrap().iter().map(|s| s["customers"].as_i64().unwrap()).collect()
        };
        assert_eq!(stages(ledger.get("/v1/analytics/lifecycle").await), [0, 1, 0, 0, 0]);
        assert_eq!(stages(ledger.get(&format!("/v1/analytics/lifecycle?shop_id={shop}")).await), [0, 0, 0, 1, 0]);
    }

    async fn without_orders_there_are_no_stages(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        for query in [String::new(), format!("?shop_id={shop}")] {
            for path in ["lifecycle", "dormancy", "rfm"] {
                let answer = ledger.get(&format!("/v1/analytics/{path}{query}")).await;
                assert_eq!(answer.status, 200, "{path}: {answer:?}");
            }
        }
    }
}
