//! Who is counted in a report, in which group, and what they did later.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// Half of a dozen members are treated, the other half left out, from a moment on for a week.
async fn launched(app: &TestApp, shop: &Shop, at: &str) -> String {
    let id = shop
        .campaign(app, json!({"audience": null, "channels": ["sms", "email"], "holdout_percent": 50}))
        .await;
    let arms: Vec<_> =
        (0..12).map(|customer| (customer, if customer < 6 { "a" } else { "holdout" })).collect();
    shop.assign(app, &id, &arms).await;
    shop.launch(app, &id, json!({"launched_at": at})).await;
    id
}

async fn report(app: &TestApp, shop: &Shop, campaign: &str) -> Value {
    shop.get(app, &format!("/v1/campaigns/{campaign}/report")).await.body
}

on_both! {
    async fn both_arms_are_looked_at_again_long_after_the_window(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let id = launched(&app, &shop, "2026-01-01T00:00:00Z").await;
        // The window ends on the eighth; 30, 90 and 180 days later it is 7 February, 8 April and 7 July.
        for (order, customer, paid_at, amount) in [
            ("before", 1, "2025-12-31T00:00:00Z", 90_000),
            ("within", 2, "2026-01-05T00:00:00Z", 50_000),
            ("soon", 0, "2026-01-08T00:00:00Z", 1_000),
            ("soon again", 0, "2026-02-06T23:59:59Z", 500),
            ("spring", 0, "2026-03-01T00:00:00Z", 2_000),
            ("summer", 6, "2026-06-01T00:00:00Z", 4_000),
            ("too late", 7, "2026-07-07T00:00:00Z", 90_000),
        ] {
            shop.order(&app, order, customer, paid_at, amount, json!({})).await;
        }
        let told = report(&app, &shop, &id).await;
        let after: Vec<_> = told["after"].as_array().unwrap().iter().map(|row| {
            let count = |name: &str| row[name].as_i64().unwrap();
            let arm = row["arm"].as_str().unwrap().to_string();
            (count("days"), arm, count("buyers"), count("revenue_amount"), count("dormant"))
        }).collect();
        // Ninety days without an order make dormant: on 8 April who bought on 1 March is awake, on 7 July who did in June.
        let row = |days, arm: &str, buyers, revenue, dormant| (days, arm.to_string(), buyers, revenue, dormant);
        assert_eq!(after, [
            row(30, "a", 1, 1_500, 3), row(30, "holdout", 0, 0, 6),
            row(90, "a", 1, 3_500, 5), row(90, "holdout", 0, 0, 6),
            row(180, "a", 1, 3_500, 6), row(180, "holdout", 1, 4_000, 5),
        ]);
    }

    async fn members_who_turn_out_to_be_one_person_are_left_out(app: TestApp) {
        let shop = Shop::with_customers(&app, 13).await;
        let id = launched(&app, &shop, "2026-11-01T00:00:00Z").await;
        for (order, customer) in [("o1", 1), ("o2", 2), ("o7", 7), ("stranger", 12)] {
            shop.order(&app, order, customer, "2026-11-02T00:00:00Z", 10_000, json!({})).await;
        }
        // Two members are one person; a third is one with somebody who is no member.
        for (into, from) in [(1, 7), (12, 2)] {
            let path = format!("/v1/customers/{}/merge", shop.customers[into]);
            let token = app.token(&shop.tenant, "customers:write");
            let request = app.post(&path).bearer_auth(token).json(&json!({"from": shop.customers[from]}));
            assert_eq!(request.answer().await.status, 201);
        }
        let touches: Vec<_> = (0..6).map(|customer| json!({
            "external_id": format!("m{customer}"), "customer_id": shop.customers[customer], "channel": "sms",
            "outcome": "sent", "occurred_at": "2026-11-01T08:00:00Z",
        })).collect();
        shop.post(&app, &format!("/v1/campaigns/{id}/touches"), json!({"touches": touches})).await;
        let told = report(&app, &shop, &id).await;
        assert_eq!(told["checks"]["merged_members"], 2);
        let sent = &told["arms"][0]["funnel"][0];
        assert_eq!((&sent["step"], &sent["customers"], &sent["denominator"]), (&json!("sent"), &json!(5), &json!(5)));
        let arms: Vec<_> = told["arms"].as_array().unwrap().iter().map(|arm| {
            ["members", "converted", "orders", "revenue_amount"].map(|name| arm[name].as_i64().unwrap())
        }).collect();
        // The member whose file now is the stranger's bought what both bought.
        assert_eq!(arms, [[5, 1, 2, 20_000], [5, 0, 0, 0]]);
        assert_eq!(told["attribution"][0]["revenue_amount"], 20_000);
    }

    async fn a_member_counts_once_for_each_outcome_however_often_contacted(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let id = launched(&app, &shop, "2026-11-01T00:00:00Z").await;
        let touch = |id: &str, customer: usize, channel: &str, outcome: &str| json!({
            "external_id": id, "customer_id": shop.customers[customer], "channel": channel, "outcome": outcome,
            "occurred_at": "2026-11-02T08:00:00Z",
        });
        let touches = [
            touch("1", 0, "sms", "sent"), touch("2", 0, "sms", "sent"), touch("3", 0, "sms", "sent"),
            touch("1", 0, "sms", "clicked"), touch("3", 0, "sms", "clicked"),
            touch("4", 0, "email", "sent"), touch("4", 0, "email", "opened"),
            touch("5", 1, "sms", "sent"), touch("6", 2, "email", "sent"), touch("6", 2, "email", "clicked"),
            touch("7", 2, "email", "sent"),
        ];
        let answer = shop.post(&app, &format!("/v1/campaigns/{id}/touches"), json!({"touches": touches})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = report(&app, &shop, &id).await;
        let steps = |funnel: &Value| {
            let step = |name: &str| {
                let found = funnel.as_array().unwrap().iter().find(|step| step["step"] == name).unwrap();
                found["customers"].as_i64().unwrap()
            };
            [step("sent"), step("opened"), step("clicked")]
        };
        let channels: Vec<_> = told["channels"].as_array().unwrap().iter().map(|row| {
            (row["channel"].as_str().unwrap().to_string(), row["touches"].as_i64().unwrap(), steps(&row["funnel"]))
        }).collect();
        assert_eq!(channels, [("email".into(), 3, [2, 1, 1]), ("sms".into(), 4, [2, 0, 1])]);
        assert_eq!(steps(&told["arms"][0]["funnel"]), [3, 1, 2]);
    }

    async fn a_report_is_divided_by_saved_segments_as_they_were_at_the_launch(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let token = app.token(&shop.tenant, "segments:read segments:write");
        let request = app.post("/v1/segments").bearer_auth(&token);
        let body = json!({"name": "Bought before", "query": "number_of_orders >= 1"});
        let segment = request.json(&body).answer().await.text("id");
        for customer in [0, 1, 2, 6] {
            let order = format!("before {customer}");
            shop.order(&app, &order, customer, "2026-10-01T00:00:00Z", 10_000, json!({})).await;
        }
        let document = json!({"audience": null, "holdout_percent": 50, "cell_segments": [segment]});
        let id = shop.campaign(&app, document).await;
        let arms: Vec<_> =
            (0..12).map(|customer| (customer, if customer < 6 { "a" } else { "holdout" })).collect();
        shop.assign(&app, &id, &arms).await;
        let path = format!("/v1/campaigns/{id}/launch");
        let early = shop.post(&app, &path, json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
        assert_eq!((early.status, early.text("code")), (409, "cells_unknown".into()));
        let launched = shop.launch(&app, &id, json!({})).await;
        // Whoever buys now is in the segment from now on, and stays in the cell of the launch.
        let at = launched["campaign"]["launched_at"].as_str().unwrap().to_string();
        for customer in [0, 3] {
            shop.order(&app, &format!("after {customer}"), customer, &at, 5_000, json!({})).await;
        }
        let told = report(&app, &shop, &id).await;
        let cells = told["cells"].as_array().unwrap().iter().find(|cells| cells["dimension"] == "segment").unwrap();
        assert_eq!(cells["segment_id"], json!(segment));
        let cells: Vec<_> = cells["cells"].as_array().unwrap().iter().map(|cell| {
            let counts = ["targeted", "targeted_converted", "holdout"].map(|name| cell[name].as_i64().unwrap());
            (cell["cell"].as_str().unwrap().to_string(), counts)
        }).collect();
        assert_eq!(cells, [("in".into(), [3, 1, 1]), ("out".into(), [3, 1, 5])]);
    }

    async fn a_campaign_names_few_segments_and_each_once(app: TestApp) {
        let shop = Shop::with_customers(&app, 1).await;
        let segment = "seg_01ka8f2v4qf5n9r1m7x3c6t0db";
        let mut body = json!({
            "name": "Jackets", "channels": ["sms"], "audience": {"customer_ids": shop.customers},
            "variants": [{"key": "a", "weight": 100}], "cell_segments": [segment, segment],
        });
        let twice = shop.post(&app, "/v1/campaigns", body.clone()).await;
        assert_eq!((twice.status, twice.at("/errors/0/pointer")), (422, &json!("/cell_segments")));
        // Another tenant's is as unknown as none at all.
        let other = app.tenant().await;
        let request = app.post("/v1/segments").bearer_auth(app.token(&other, "segments:read segments:write"));
        let foreign = request.json(&json!({"name": "Buyers", "query": "number_of_orders >= 1"})).answer().await.text("id");
        body["cell_segments"] = json!([foreign]);
        body["audience"] = json!({"segment_id": segment});
        let unknown = shop.post(&app, "/v1/campaigns", body).await;
        let places = [("/cell_segments/0", "unknown_segment"), ("/audience/segment_id", "unknown_segment")];
        let places = places.map(|(pointer, code)| (pointer.to_string(), code.to_string()));
        assert_eq!((unknown.status, unknown.errors()), (422, places.to_vec()));
    }
}
