//! `/v1/customers/{id}/consents`, `/v1/consents/batch` and who can be reached by them.

mod ledger;
mod reachable;

use serde_json::{Value, json};

use crate::customers::Shop;
use crate::support::{Send, TestApp, on_both};

/// Tells a consent and answers the channel.
async fn say(app: &TestApp, shop: &Shop, id: &str, channel: &str, body: Value) -> Value {
    let path = format!("/v1/customers/{id}/consents/{channel}");
    let answer = app.put(&path).bearer_auth(&shop.token).json(&body).answer().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

on_both! {
    async fn a_consent_is_told_for_a_channel_and_kept_with_who_when_and_where(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({"phone": "13800001234"})).await;
        let at = "2026-10-01T00:00:00Z";
        let body = json!({"granted": true, "at": at, "source": "checkout", "note": "said 好的 on the phone"});
        let channel = say(&app, &shop, &id, "sms", body).await;
        assert_eq!(channel, json!({"channel": "sms", "granted": true, "since": at, "rule": "opt_in", "has_address": true,
            "reachable": true}));
        say(&app, &shop, &id, "email", json!({"granted": false})).await;

        let path = format!("/v1/customers/{id}/consents");
        let page = app.get(&format!("{path}?count=exact&limit=1")).bearer_auth(&shop.token).answer().await;
        assert_eq!((page.at("total"), page.at("has_more")), (&json!(2), &json!(true)));
        assert_eq!((page.at("/data/0/channel"), page.at("/data/0/source")), (&json!("email"), &json!("desk")));
        assert!(page.header("link").contains("rel=\"next\""));
        let next = format!("{path}?limit=1&cursor={}", page.text("next_cursor"));
        let next = app.get(&next).bearer_auth(&shop.token).answer().await;
        let said = next.at("/data/0");
        assert_eq!((&said["at"], &said["source"], &said["recorded_by"]), (&json!(at), &json!("checkout"), &json!("tester")));
        assert_eq!(said["note"], "said 好的 on the phone");
        assert_eq!(next.at("channels").as_array().unwrap().len(), 7);

        let blind = app.get(&path).bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!(blind.at("/data/1/note"), "***");

        let profile = app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("/consents/0"), &channel);
    }

    async fn many_are_told_at_once_and_each_is_answered(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let at = "2026-10-01T00:00:00Z";
        let body = json!({"consents": [
            {"customer_id": id, "channel": "sms", "granted": true, "at": at},
            {"shop_id": shop.id, "external_id": "ouid-1", "channel": "sms", "granted": true, "at": at},
            {"shop_id": shop.id, "external_id": "nobody yet", "channel": "email", "granted": false, "at": at},
            {"customer_id": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy", "channel": "sms", "granted": true},
            {"shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy", "external_id": "x", "channel": "sms", "granted": true},
            {"channel": "sms", "granted": true},
            {"customer_id": id, "channel": "telegraph", "granted": true},
            {"customer_id": id, "channel": "sms", "granted": true, "at": "2199-01-01T00:00:00Z"},
        ]});
        let path = "/v1/consents/batch";
        let answer = app.post(path).bearer_auth(&shop.token).json(&body).answer().await;
        let seen: Vec<_> = answer.at("results").as_array().unwrap().iter()
            .map(|result| (result["status"].as_str().unwrap(), result["error"]["errors"][0]["pointer"].as_str()))
            .collect();
        assert_eq!(seen, [
            ("applied", None), ("unchanged", None), ("applied", None), ("refused", Some("/customer_id")),
            ("refused", Some("/shop_id")), ("refused", Some("/customer_id")), ("refused", Some("/channel")),
            ("refused", Some("/at")),
        ], "{answer:?}");
        assert_eq!(answer.at("/results/0/id"), answer.at("/results/1/id"));

        let known = format!("/v1/customers?shop_id={}&external_id=nobody%20yet", shop.id);
        let known = app.get(&known).bearer_auth(&shop.token).answer().await;
        let path = format!("/v1/customers/{}/consents", known.text("/data/0/id"));
        let consents = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(consents.at("/channels/1/granted"), &json!(false), "a refusal of somebody unknown is kept");
    }

    async fn an_unknown_customer_or_channel_is_not_found_and_bad_input_is_told(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let put = |path: String| app.put(&path).bearer_auth(&shop.token).json(&json!({"granted": true})).answer();
        put(format!("/v1/customers/{id}/consents/telegraph")).await.assert_problem(404, "not_found");
        put("/v1/customers/cus_01jd7zk3v8e4qbm2n5r9x6t0wy/consents/sms".into()).await.assert_problem(404, "not_found");
        let path = format!("/v1/customers/{id}/consents/sms");
        for (body, pointer, code) in [
            (json!({}), "/granted", "required"),
            (json!({"granted": "yes"}), "/granted", "invalid_type"),
            (json!({"granted": true, "source": " "}), "/source", "empty"),
            (json!({"granted": true, "at": "2199-01-01T00:00:00Z"}), "/at", "in_future"),
        ] {
            let answer = app.put(&path).bearer_auth(&shop.token).json(&body).answer().await;
            answer.assert_problem(422, "invalid_input");
            assert_eq!(answer.errors(), [(pointer.to_string(), code.to_string())], "{body}");
        }
    }

    async fn the_policy_is_the_tenants_and_decides_where_nobody_said_anything(app: TestApp) {
        let shop = Shop::open(&app).await;
        let settings = app.token(&shop.tenant, "settings:read settings:write");
        let id = shop.tell(&app, "ouid-1", json!({"phone": "13800001234"})).await;
        let path = format!("/v1/customers/{id}/consents");
        let before = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(before.at("/channels/0/reachable"), false);
        let patch = json!({"consent_policy": {"sms": "opt_out"}});
        let changed = app.patch("/v1/settings").bearer_auth(&settings).json(&patch).answer().await;
        assert_eq!((changed.at("/consent_policy/sms"), changed.at("/consent_policy/email")), (&json!("opt_out"), &json!("opt_in")));
        assert_eq!((changed.at("/consent_policy/mail"), changed.at("/consent_policy/call")), (&json!("opt_out"), &json!("opt_in")));
        let after = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((after.at("/channels/0/rule"), after.at("/channels/0/reachable")), (&json!("opt_out"), &json!(true)));
        let reset = json!({"consent_policy": {"sms": null}});
        let reset = app.patch("/v1/settings").bearer_auth(&settings).json(&reset).answer().await;
        assert_eq!(reset.at("/consent_policy/sms"), "opt_in");
        for patch in [json!({"consent_policy": {"sms": "maybe"}}), json!({"consent_policy": {"telex": "opt_in"}})] {
            let refused = app.patch("/v1/settings").bearer_auth(&settings).json(&patch).answer().await;
            assert_eq!(refused.status, 422, "{patch}: {refused:?}");
        }
    }
}
