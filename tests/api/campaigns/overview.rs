//! Campaigns beside each other.

use huitou::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// Of the first six customers four are treated, of whom the first `bought` buy; of the two left out one does.
async fn ended(app: &TestApp, shop: &Shop, purpose: &str, day: u32, bought: usize) -> String {
    let own = json!({"audience": null, "purpose": purpose, "holdout_percent": 33, "window_days": 2,
        "costs": [{"kind": "fixed", "amount": 1_001}]});
    let id = shop.campaign(app, own).await;
    let arms: Vec<_> =
        (0..6).map(|customer| (customer, if customer < 4 { "a" } else { "holdout" })).collect();
    shop.assign(app, &id, &arms).await;
    shop.launch(app, &id, json!({"launched_at": format!("2026-11-{day:02}T00:00:00Z")})).await;
    for customer in (0..bought).chain([4]) {
        let order = format!("{purpose}-{day}-{customer}");
        shop.order(app, &order, customer, &format!("2026-11-{day:02}T12:00:00Z"), 5_000, json!({})).await;
    }
    id
}

async fn overview(app: &TestApp, shop: &Shop, query: &str) -> Value {
    shop.get(app, &format!("/v1/analytics/campaigns{query}")).await.body
}

on_both! {
    async fn campaigns_stand_beside_each_other_and_groups_answer_by_purpose(app: TestApp) {
        let shop = Shop::with_customers(&app, 6).await;
        let settings = json!({"campaigns": {"new_customer_cost_amount": 12_000}});
        assert_eq!(app.patch("/v1/settings").bearer_auth(&shop.token).json(&settings).answer().await.status, 200);
        let first = ended(&app, &shop, "wake", 1, 2).await;
        let second = ended(&app, &shop, "wake", 5, 3).await;
        let third = ended(&app, &shop, "launch", 9, 0).await;
        let told = overview(&app, &shop, "").await;
        let ids: Vec<_> = told["campaigns"].as_array().unwrap().iter().map(|one| one["campaign_id"].clone()).collect();
        assert_eq!(ids, [json!(third), json!(second), json!(first)]);
        assert_eq!((&told["has_more"], &told["new_customer_cost_amount"]), (&json!(false), &json!(12_000)));
        let one = &told["campaigns"][1];
        assert_eq!((&one["targeted"], &one["targeted_converted"]), (&json!(4), &json!(3)));
        assert_eq!((&one["holdout"], &one["holdout_converted"]), (&json!(2), &json!(1)));
        assert_eq!(one["conversion"]["difference"], 0.25);
        assert_eq!((&one["cost_amount"], &one["cost_per_order_amount"]), (&json!(1_001), &json!(334)));
        assert_eq!((&one["incremental_orders"]["amount"], &one["cost_per_incremental_order_amount"]), (&json!(1), &json!(1_001)));
        assert_eq!(told["campaigns"][0]["cost_per_order_amount"], Value::Null, "nobody bought");

        // At their first launch nobody had bought yet; later those had who bought then, the others still had not.
        let groups = told["groups"].as_array().unwrap();
        let wake: Vec<_> = groups.iter().filter(|group| group["purpose"] == "wake" && group["dimension"] == "stage").collect();
        let cells: Vec<_> = wake.iter().map(|group| group["cell"].as_str().unwrap()).collect();
        assert_eq!(cells, ["new", "none"]);
        assert_eq!((&wake[0]["campaigns"], &wake[0]["targeted"], &wake[0]["targeted_converted"]), (&json!(1), &json!(2), &json!(2)));
        assert_eq!((&wake[1]["campaigns"], &wake[1]["targeted"], &wake[1]["holdout"]), (&json!(2), &json!(6), &json!(3)));
        let all: i64 = wake.iter().map(|group| group["targeted_converted"].as_i64().unwrap()).sum();
        assert_eq!(all, 5);
        assert!(wake[1]["conversion"]["difference"].is_number());
        let earlier = overview(&app, &shop, "?launched_until=2026-11-05T00:00:00Z").await;
        assert_eq!(earlier["campaigns"].as_array().unwrap().len(), 1);
    }

    async fn contact_pressure_counts_customers_by_how_often_they_were_contacted(app: TestApp) {
        let shop = Shop::with_customers(&app, 20).await;
        let now = SystemClock.now();
        let touch = |customer: usize, number: usize, outcome: &str, days: i64| json!({
            "external_id": format!("m{customer}-{number}"), "customer_id": shop.customers[customer], "channel": "sms",
            "outcome": outcome, "occurred_at": now.plus_seconds(-days * 86_400 - 60).to_string()});
        let mut touches: Vec<Value> = (0..12).map(|number| touch(0, number, "sent", 1)).collect();
        touches.extend((1..4).map(|customer| touch(customer, 0, "sent", 2)));
        touches.extend([touch(3, 1, "opened", 2), touch(4, 0, "bounced", 2), touch(5, 0, "sent", 40)]);
        let taken = shop.post(&app, "/v1/touches", json!({"touches": touches})).await;
        assert!(!taken.body.to_string().contains("refused"), "{taken:?}");
        let told = overview(&app, &shop, "").await["pressure"].clone();
        assert_eq!((&told["days"], &told["touches"], &told["customers"]), (&json!(30), &json!(16), &json!(4)));
        assert_eq!(told["average"], 4.0);
        let steps = json!([{"touches": 1, "customers": 2}, {"touches": 2, "customers": 1}, {"touches": 10, "customers": 1}]);
        assert_eq!(told["distribution"], steps);
        let longer = overview(&app, &shop, "?pressure_days=60").await;
        assert_eq!(longer["pressure"]["customers"], 5);
    }

    async fn what_makes_no_sense_is_refused(app: TestApp) {
        let shop = Shop::with_customers(&app, 1).await;
        for query in ["?pressure_days=0", "?pressure_days=366", "?launched_from=2027-01-01T00:00:00Z&launched_until=2026-01-01T00:00:00Z"] {
            let answer = app.get(&format!("/v1/analytics/campaigns{query}")).bearer_auth(&shop.token).answer().await;
            assert_eq!((answer.status, answer.at("/errors/0/code")), (422, &json!("out_of_range")), "{answer:?}");
        }
    }
}
