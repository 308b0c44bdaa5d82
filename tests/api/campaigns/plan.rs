//! What a campaign would be.

use huitou::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

const DAY: i64 = 86_400;

async fn plan(app: &TestApp, shop: &Shop, campaign: &str, body: Value) -> Value {
    let answer = shop.post(app, &format!("/v1/campaigns/{campaign}/plan"), body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn close(told: &Value, expected: f64) {
    let told = told.as_f64().unwrap_or_else(|| panic!("{told} is no number"));
    assert!((told - expected).abs() <= 1e-9 * expected.abs(), "{told} instead of {expected}");
}

on_both! {
    async fn a_plan_tells_the_arms_of_the_launch_the_audiences_own_past_and_the_costs(app: TestApp) {
        let shop = Shop::with_customers(&app, 200).await;
        let now = SystemClock.now();
        // Ten conversions of eight customers: two came back in another week, and one bought twice in a week.
        for (order, customer, days) in [
            ("a", 0, 3), ("b", 1, 3), ("c", 2, 10), ("d", 3, 11), ("e", 4, 100), ("f", 5, 200), ("g", 6, 300),
            ("h", 7, 360), ("i", 0, 30), ("j", 1, 31), ("k", 1, 32), ("before", 9, 366),
        ] {
            let paid_at = now.plus_seconds(-days * DAY).to_string();
            shop.order(&app, order, customer, &paid_at, 10_000, json!({})).await;
        }
        let id = shop.campaign(&app, json!({
            "window_days": 7,
            "variants": [
                {"key": "a", "weight": 60, "text": format!("{{name|{}}}", "回".repeat(71))},
                {"key": "b", "weight": 40, "text": "上新了"},
            ],
            "costs": [
                {"kind": "message", "channel": "sms", "amount": 45, "per": 10},
                {"kind": "fixed", "amount": 5_000},
                {"kind": "commission", "percent": 10},
            ],
            "budget_amount": 5_100,
        })).await;
        let told = plan(&app, &shop, &id, json!({})).await;
        assert_eq!((&told["audience"], &told["eligible"], &told["suppressed"]), (&json!(200), &json!(200), &json!([])));
        let history = &told["history"];
        assert_eq!((&history["windows"], &history["window_days"], &history["members"]), (&json!(52), &json!(7), &json!(200)));
        assert_eq!((&history["conversions"], &history["orders"]), (&json!(10), &json!(11)));
        assert_eq!(history["revenue_amount"], 110_000);
        let rate = 10.0 / (200.0 * 52.0);
        close(&history["conversion_rate"], rate);

        let members = |arm: usize| told["arms"][arm]["members"].as_i64().unwrap();
        let keys: Vec<_> = (0..3).map(|arm| told["arms"][arm]["key"].clone()).collect();
        assert_eq!(keys, ["a", "b", "holdout"]);
        close(&told["arms"][0]["expected_conversions"], rate * members(0) as f64);
        let treated = members(0) + members(1);
        let units = 2 * members(0) + members(1);
        let usual = 110_000 * treated / (200 * 52);
        let amounts: Vec<_> =
            (0..3).map(|line| told["costs"]["lines"][line]["amount"].as_i64().unwrap()).collect();
        assert_eq!(amounts, [(units * 45 + 5) / 10, 5_000, (usual * 10 + 50) / 100]);
        let amount: i64 = amounts.iter().sum();
        assert_eq!((&told["costs"]["amount"], &told["costs"]["over_budget_amount"]), (&json!(amount), &json!(amount - 5_100)));
        assert_eq!(told["channels"], json!([{"channel": "sms", "members": 0}]), "nobody allowed it, or has a phone");

        let launched = shop.launch(&app, &id, json!({})).await;
        let drawn: Vec<_> = (0..3).map(|arm| launched["arms"].as_array().unwrap().iter()
            .find(|one| one["key"] == keys[arm]).unwrap()["members"].as_i64().unwrap()).collect();
        assert_eq!(drawn, [members(0), members(1), members(2)], "a launch draws what was planned");
        let again = shop.post(&app, &format!("/v1/campaigns/{id}/plan"), json!({})).await;
        again.assert_problem(409, "already_launched");
    }

    async fn a_plan_tells_what_the_test_could_find_and_which_holdout_it_takes(app: TestApp) {
        let shop = Shop::with_customers(&app, 300).await;
        let now = SystemClock.now();
        // A rate of one in four: 300 of them in four windows of 90 days.
        let orders: Vec<Value> = (0..300)
            .map(|customer| {
                let paid_at = now.plus_seconds(-DAY).to_string();
                json!({"shop_id": shop.id, "external_id": format!("o{customer}"), "status": "paid", "version": paid_at,
                    "ordered_at": paid_at, "paid_at": paid_at, "currency": "CNY", "total_amount": 100,
                    "customer": {"external_id": format!("c{customer}")}, "lines": []})
            })
            .collect();
        shop.post(&app, "/v1/orders/batch", json!({"orders": orders})).await;
        let id = shop.campaign(&app, json!({"window_days": 90, "holdout_percent": 20})).await;
        let told = plan(&app, &shop, &id, json!({"wanted_lift": 0.5})).await;
        close(&told["history"]["conversion_rate"], 0.25);
        let power = &told["power"];
        let (treated, control) = (told["arms"][0]["members"].as_f64().unwrap(), told["arms"][1]["members"].as_f64().unwrap());
        close(&power["power"], huitou::campaigns::lift::power_of(0.25, 0.125, treated, control));
        let smallest = power["smallest_difference"].as_f64().unwrap();
        close(&power["smallest_lift"], 4.0 * smallest);
        close(&json!(huitou::campaigns::lift::power_of(0.25, smallest, treated, control)), 0.8);
        // By the textbook (z test of two proportions, 95%, 80%): 0.375 beside 0.25 takes 215 and 215.
        assert_eq!((&power["needed_members"], &power["proposed_holdout_percent"]), (&json!(430), &json!(null)));
        let twofold = plan(&app, &shop, &id, json!({"wanted_lift": 1})).await;
        let percent = twofold["power"]["proposed_holdout_percent"].as_i64().unwrap();
        let needed = |percent: i64| huitou::campaigns::lift::needed_members(0.25, 0.25, percent as f64 / 100.0).unwrap();
        assert!(needed(percent) <= 300.0 && needed(percent - 1) > 300.0, "{percent}");
    }

    async fn a_plan_counts_reach_by_channel_and_those_kept_out_by_reason(app: TestApp) {
        let shop = Shop::with_customers(&app, 4).await;
        for customer in 0..3 {
            let own = json!({"customer": {"external_id": format!("c{customer}"), "phone": format!("1380000000{customer}")}});
            shop.order(&app, &format!("o{customer}"), customer, "2026-01-01T00:00:00Z", 20_000, own).await;
        }
        for customer in 0..2 {
            let consent = format!("/v1/customers/{}/consents/sms", shop.customers[customer]);
            let granted = app.put(&consent).bearer_auth(&shop.token).json(&json!({"granted": true})).answer().await;
            assert!(granted.status < 300, "{granted:?}");
        }
        let bought = SystemClock.now().plus_seconds(-3_600).to_string();
        shop.order(&app, "again", 0, &bought, 100, json!({"customer": {"external_id": "c0"}})).await;
        let id = shop.campaign(&app, json!({"contact_plan": true, "holdout_percent": null})).await;
        let told = plan(&app, &shop, &id, json!({})).await;
        assert_eq!((&told["audience"], &told["eligible"]), (&json!(4), &json!(1)));
        let suppressed = json!([
            {"reason": "cooling_down_after_order", "members": 1},
            {"reason": "no_address", "members": 1},
            {"reason": "no_consent", "members": 1},
        ]);
        assert_eq!(told["suppressed"], suppressed);
        assert_eq!(told["channels"], json!([{"channel": "sms", "members": 2}]));
        assert_eq!(told["power"]["power"], Value::Null, "nobody is left out to compare with");
        let state = shop.get(&app, &format!("/v1/campaigns/{id}")).await;
        assert_eq!(state.at("state"), "draft");
    }

    async fn a_plan_without_an_audience_or_with_an_absurd_wish_is_refused(app: TestApp) {
        let shop = Shop::with_customers(&app, 2).await;
        let path = |id: &str| format!("/v1/campaigns/{id}/plan");
        let nobody = shop.campaign(&app, json!({"audience": null})).await;
        shop.post(&app, &path(&nobody), json!({})).await.assert_problem(409, "no_audience");
        let id = shop.campaign(&app, json!({})).await;
        for wish in [0.0, -0.5, 11.0] {
            let answer = shop.post(&app, &path(&id), json!({"wanted_lift": wish})).await;
            assert_eq!(answer.errors(), [("/wanted_lift".to_string(), "out_of_range".to_string())]);
        }
        shop.assign(&app, &id, &[(0, "a")]).await;
        shop.post(&app, &path(&id), json!({})).await.assert_problem(409, "external");
    }
}
