//! Making, changing and ending campaigns.

use serde_json::json;

use super::Shop;
use crate::support::{Send, on_both};

on_both! {
    async fn a_campaign_is_made_read_changed_listed_and_deleted(app: TestApp) {
        let shop = Shop::with_customers(&app, 2).await;
        let id = shop.campaign(&app, json!({"budget_amount": 5_000})).await;
        let path = format!("/v1/campaigns/{id}");
        let read = shop.get(&app, &path).await;
        assert_eq!((read.at("state"), read.at("budget_amount")), (&json!("draft"), &json!(5_000)));
        assert_eq!(read.at("window_days"), 7);
        let patch = json!({"budget_amount": null, "window_days": 14, "variants": [
            {"key": "a", "weight": 50}, {"key": "b", "weight": 50}]});
        let changed = app.patch(&path).bearer_auth(&shop.token).json(&patch).answer().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!((changed.at("window_days"), changed.at("budget_amount")), (&json!(14), &json!(null)));
        assert_eq!(changed.at("variants").as_array().unwrap().len(), 2);
        let stale = app.patch(&path).bearer_auth(&shop.token).header("if-match", read.header("etag"));
        stale.json(&patch).answer().await.assert_problem(412, "precondition_failed");
        let list = shop.get(&app, "/v1/campaigns?state=draft&count=exact").await;
        assert_eq!((list.at("/data/0/id").as_str(), list.at("total")), (Some(id.as_str()), &json!(1)));
        assert_eq!(shop.get(&app, "/v1/campaigns?state=running").await.at("data"), &json!([]));
        let gone = app.delete(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(gone.status, 204);
        app.get(&path).bearer_auth(&shop.token).answer().await.assert_problem(404, "not_found");
    }

    async fn what_a_campaign_cannot_be_is_told_all_at_once_with_its_place(app: TestApp) {
        let shop = Shop::with_customers(&app, 1).await;
        let body = json!({
            "name": " ", "channels": [], "holdout_percent": 100, "window_days": 91,
            "audience": {"query": "orders > 1", "customer_ids": []},
            "variants": [
                {"key": "holdout", "weight": 60, "text": "{name|{nick}}"},
                {"key": "b", "weight": 60, "text": "{phone}"},
            ],
            "costs": [{"kind": "message", "amount": 5}],
        });
        let answer = shop.post(&app, "/v1/campaigns", body).await;
        answer.assert_problem(422, "invalid_input");
        let mut errors = answer.errors();
        errors.sort();
        let expected = [
            ("/audience", "one_of"),
            ("/channels", "empty"),
            ("/costs/0/channel", "required"),
            ("/holdout_percent", "out_of_range"),
            ("/name", "empty"),
            ("/variants", "weights_do_not_add_up"),
            ("/variants/0/key", "reserved"),
            ("/variants/0/text", "recursive_template"),
            ("/variants/1/text", "unknown_placeholder"),
            ("/window_days", "out_of_range"),
        ];
        assert_eq!(errors, expected.map(|(place, code)| (place.to_string(), code.to_string())));
    }

    async fn a_holdout_of_nobody_costs_in_another_currency_and_the_past_are_refused(app: TestApp) {
        let shop = Shop::with_customers(&app, 1).await;
        let base = json!({"name": "x", "channels": ["sms"], "variants": [{"key": "a", "weight": 1}],
            "audience": {"customer_ids": shop.customers}});
        for (own, place, code) in [
            (json!({"holdout_percent": 0}), "/holdout_percent", "out_of_range"),
            (json!({"costs": [{"kind": "fixed", "amount": 1, "currency": "USD"}]}), "/costs/0/currency", "other_currency"),
            (json!({"currency": "EUR"}), "/currency", "other_currency"),
            (json!({"scheduled_at": "2020-01-01T00:00:00Z"}), "/scheduled_at", "out_of_range"),
            (json!({"scheduled_at": "2100-01-01T00:00:00Z", "audience": null}), "/audience", "required"),
            (json!({"window_days": 0}), "/window_days", "out_of_range"),
        ] {
            let mut body = base.clone();
            for (name, value) in own.as_object().unwrap() {
                body[name] = value.clone();
            }
            let answer = shop.post(&app, "/v1/campaigns", body).await;
            answer.assert_problem(422, "invalid_input");
            assert_eq!(answer.errors(), [(place.to_string(), code.to_string())]);
        }
    }

    async fn a_campaign_moves_only_along_its_states(app: TestApp) {
        let shop = Shop::with_customers(&app, 10).await;
        let id = shop.campaign(&app, json!({"scheduled_at": "2100-01-01T00:00:00Z"})).await;
        let path = format!("/v1/campaigns/{id}");
        assert_eq!(shop.get(&app, &path).await.at("state"), "scheduled");
        let patch = async |body: serde_json::Value| {
            app.patch(&path).bearer_auth(&shop.token).json(&body).answer().await
        };
        assert_eq!(patch(json!({"scheduled_at": null})).await.at("state"), "draft");
        patch(json!({"state": "archived"})).await.assert_problem(409, "state_not_allowed");
        let end = format!("{path}/end");
        shop.post(&app, &end, json!({})).await.assert_problem(409, "state_not_allowed");
        shop.launch(&app, &id, json!({})).await;
        patch(json!({"window_days": 3})).await.assert_problem(409, "campaign_launched");
        let costs = json!({"costs": [{"kind": "fixed", "amount": 100}]});
        assert_eq!(patch(costs).await.at("/costs/0/amount"), 100);
        app.delete(&path).bearer_auth(&shop.token).answer().await.assert_problem(409, "campaign_launched");
        assert_eq!(shop.post(&app, &end, json!({})).await.at("state"), "ended");
        assert_eq!(shop.post(&app, &end, json!({})).await.at("state"), "ended");
        assert_eq!(patch(json!({"state": "archived"})).await.at("state"), "archived");
        assert_eq!(patch(json!({"state": "ended"})).await.at("state"), "ended");
        patch(json!({"state": "running"})).await.assert_problem(409, "state_not_allowed");
    }
}
