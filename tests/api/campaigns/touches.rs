//! Contacts and what came of them.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

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

    async fn what_was_sent_in_the_second_of_the_launch_is_taken(app: TestApp) {
        let shop = Shop::with_customers(&app, 2).await;
        let id = shop.campaign(&app, json!({"holdout_percent": null})).await;
        let launched = shop.launch(&app, &id, json!({})).await;
        // As gateways tell it: in whole seconds.
        let second = format!("{}Z", &launched["campaign"]["launched_at"].as_str().unwrap()[..19]);
        let told = json!({"touches": [touch(&shop, "m1", 0, "sent", &second)]});
        let answer = shop.post(&app, &format!("/v1/campaigns/{id}/touches"), told).await;
        assert_eq!(answer.at("/results/0/status"), "applied", "{answer:?}");
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

    async fn contacts_are_in_the_customers_file_and_segments_go_by_them(app: TestApp) {
        let shop = Shop::with_customers(&app, 5).await;
        let id = launched(&app, &shop).await;
        let told = json!({"touches": [
            touch(&shop, "m1", 0, "sent", "2026-11-02T00:00:00Z"),
            touch(&shop, "m1", 0, "opened", "2026-11-02T01:00:00Z"),
            touch(&shop, "m2", 0, "sent", "2026-11-03T00:00:00Z"),
            touch(&shop, "m3", 1, "bounced", "2026-11-03T00:00:00Z"),
        ]});
        shop.post(&app, &format!("/v1/campaigns/{id}/touches"), told).await;
        shop.order(&app, "o1", 0, "2026-11-02T12:00:00Z", 9_900, json!({})).await;
        let customer = &shop.customers[0];
        let token = app.token(&shop.tenant, "customers:read pii:read segments:read");
        let get = async |path: String| {
            let answer = app.get(&path).bearer_auth(&token).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.body
        };
        let profile = get(format!("/v1/customers/{customer}/profile")).await;
        let recent: Vec<_> = profile["recent_touches"].as_array().unwrap().iter()
            .map(|touch| (touch["external_id"].clone(), touch["opened_at"].clone(), touch["arm"].clone()))
            .collect();
        let opened = json!("2026-11-02T01:00:00Z");
        assert_eq!(recent, [(json!("m2"), Value::Null, json!("a")), (json!("m1"), opened.clone(), json!("a"))]);
        let timeline = get(format!("/v1/customers/{customer}/timeline")).await;
        let contacts: Vec<_> = timeline["data"].as_array().unwrap().iter()
            .filter(|entry| entry["type"] == "customer_touched")
            .map(|entry| (entry["at"].clone(), entry["touch"]["external_id"].clone(), entry["touch"]["campaign_id"].clone()))
            .collect();
        let at = |day: u32| json!(format!("2026-11-{day:02}T00:00:00Z"));
        assert_eq!(contacts, [(at(3), json!("m2"), json!(id)), (at(2), json!("m1"), json!(id))]);
        let export = get(format!("/v1/customers/{customer}/export")).await;
        assert_eq!(export["touches"][1]["opened_at"], opened);

        for (query, members) in [
            ("touched MATCHES ()", 1),
            ("touched MATCHES (outcome = 'bounced')", 1),
            ("opened MATCHES (campaign = 'Jackets', channel = 'sms')", 1),
            ("opened MATCHES (campaign = 'Scarfs')", 0),
            ("clicked NOT MATCHES ()", 5),
            ("touches_without_order = 1", 1),
            ("given_up = true", 0),
            ("converted MATCHES (campaign = 'Jackets', arm = 'a')", 1),
            ("days_since_last_touch >= 0", 1),
        ] {
            let asked = app.post("/v1/segments/preview").bearer_auth(&token).json(&json!({"query": query})).answer().await;
            assert_eq!(asked.at("count"), members, "{query}: {asked:?}");
        }
        let plan = json!({"contact_plan": {"give_up": {"contacts": 1, "days": 30}}});
        let changed = app.patch("/v1/settings").bearer_auth(&shop.token).json(&plan).answer().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let asked = json!({"query": "given_up = true"});
        let asked = app.post("/v1/segments/preview").bearer_auth(&token).json(&asked).answer().await;
        assert_eq!(asked.at("count"), 1, "{asked:?}");
    }
}
