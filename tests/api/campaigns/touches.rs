//! Contacts and what came of them.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{TestApp, on_both};

fn touch(shop: &Shop, id: &str, customer: usize, outcome: &str, at: &str) -> Value {
    json!({
        "external_id": id, "customer_id": shop.customers[customer], "channel": "sms", "outcome": outcome,
        "occurred_at": at,
    })
}

/// A campaign that began on the first of November, with three treated members and one who was left out.
async fn launched(app: &TestApp, shop: &Shop) -> String {
    let id = shop.campaign(app, json!({"audience": null, "subject": "jackets"})).await;
    shop.assign(app, &id, &[(0, "a"), (1, "a"), (2, "a"), (3, "holdout")]).await;
    shop.launch(app, &id, json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
    id
}

on_both! {
    async fn outcomes_come_in_any_order_and_twice(app: TestApp) {
        let shop = Shop::with_customers(&app, 5).await;
        let id = launched(&app, &shop).await;
        let path = format!("/v1/campaigns/{id}/touches");
        let told = [
            touch(&shop, "m1", 0, "clicked", "2026-11-01T10:00:00Z"),
            touch(&shop, "m1", 0, "sent", "2026-11-01T08:00:00Z"),
            touch(&shop, "m2", 1, "sent", "2026-11-01T08:00:00Z"),
            touch(&shop, "m1", 0, "delivered", "2026-11-01T08:01:00Z"),
            touch(&shop, "m3", 2, "bounced", "2026-11-01T08:01:00Z"),
        ];
        let first = shop.post(&app, &path, json!({"touches": told})).await;
        let status = |answer: &Value| -> Vec<String> {
            answer["results"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().into()).collect()
        };
        assert_eq!(status(&first.body), ["applied"; 5]);
        assert_eq!(first.at("/results/0/id"), first.at("/results/1/id"));
        let mut again = told.to_vec();
        again.reverse();
        let second = shop.post(&app, &path, json!({"touches": again})).await;
        assert_eq!(status(&second.body), ["unchanged"; 5]);
        let report = shop.get(&app, &format!("/v1/campaigns/{id}/report")).await;
        let step = |name: &str| {
            let steps = report.at("/arms/0/funnel").as_array().unwrap().iter();
            let step = steps.clone().find(|step| step["step"] == name).unwrap().clone();
            (step["customers"].as_i64().unwrap(), step["of"].as_str().unwrap().to_string(), step["denominator"].clone())
        };
        assert_eq!(step("sent"), (2, "members".into(), json!(3)));
        assert_eq!(step("delivered"), (1, "sent".into(), json!(2)));
        assert_eq!(step("clicked"), (1, "delivered".into(), json!(1)));
        assert_eq!(step("bounced"), (1, "sent".into(), json!(2)));
        assert_eq!(report.at("/channels/0/touches"), 3);
    }

    async fn strangers_early_outcomes_and_anothers_touch_are_refused_alone(app: TestApp) {
        let shop = Shop::with_customers(&app, 5).await;
        let id = launched(&app, &shop).await;
        let mut stranger = touch(&shop, "m4", 0, "sent", "2026-11-02T00:00:00Z");
        stranger["customer_id"] = json!("cus_01jd7zk3v8e4qbm2n5r9x6t0wy");
        let mut objection = touch(&shop, "m6", 0, "sent", "2026-11-02T00:00:00Z");
        objection["objection"] = json!("too_expensive");
        let answer = shop.post(&app, &format!("/v1/campaigns/{id}/touches"), json!({"touches": [
            touch(&shop, "m1", 0, "sent", "2026-11-02T00:00:00Z"),
            touch(&shop, "m1", 1, "opened", "2026-11-02T01:00:00Z"),
            touch(&shop, "m2", 0, "sent", "2026-10-31T23:59:59Z"),
            touch(&shop, "m3", 4, "sent", "2026-11-02T00:00:00Z"),
            stranger,
            touch(&shop, "m5", 0, "sent", "2099-01-01T00:00:00Z"),
            objection,
        ]})).await;
        let codes: Vec<Value> = answer
            .at("results")
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["error"]["errors"][0]["code"].clone())
            .collect();
        let expected = json!([
            null, "touch_exists", "before_launch", "not_a_member", "unknown_customer", "out_of_range", "not_an_objection"
        ]);
        assert_eq!(json!(codes), expected);
    }

    async fn contacts_without_a_campaign_are_taken_and_drafts_have_none(app: TestApp) {
        let shop = Shop::with_customers(&app, 5).await;
        let body = json!({"touches": [touch(&shop, "m1", 4, "answered", "2026-11-02T00:00:00Z")]});
        let answer = shop.post(&app, "/v1/touches", body.clone()).await;
        assert_eq!(answer.at("/results/0/status"), "applied", "{answer:?}");
        assert!(answer.text("/results/0/id").starts_with("tch_"));
        let draft = shop.campaign(&app, json!({})).await;
        let refused = shop.post(&app, &format!("/v1/campaigns/{draft}/touches"), body).await;
        refused.assert_problem(409, "not_launched");
    }
}
