//! Consents and tags that platforms tell: in the ledger, and in the customer's file.

use serde_json::{Value, json};

use super::push::{Pushing, secret};
use crate::support::{Send, TestApp, on_both};

impl Pushing {
    /// Pushes what the platform says under a topic; each call is a delivery of its own.
    async fn says(&self, app: &TestApp, topic: &str, body: Value) {
        let id = format!("{topic} {}", self.deliveries(app).await.len());
        let body = body.to_string();
        let answer = self.push(app, &id, &[("X-Shopify-Topic", topic)], body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What the ledger of the shop's customer holds, newest first, and what follows for e-mail and SMS.
    async fn ledger(&self, app: &TestApp, external_id: &str) -> (Vec<String>, [Value; 2]) {
        let path = format!(
            "/v1/customers/{}/consents",
            self.customer(app, external_id).await["id"].as_str().unwrap()
        );
        let token = app.token(&self.tenant, "customers:read pii:read");
        let read = app.get(&path).bearer_auth(token).answer().await;
        let said = read.at("data").as_array().unwrap().iter().map(|said| {
            let text = |field: &str| said[field].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", text("channel"), said["granted"], text("at"), text("source"))
        });
        let granted = |name: &str| {
            let channels = read.at("channels").as_array().unwrap().iter();
            channels
                .filter(|channel| channel["channel"] == name)
                .map(|channel| channel["granted"].clone())
                .next()
                .unwrap()
        };
        (said.collect(), ["email", "sms"].map(granted))
    }

    /// The names of the customer's tags, each with who says so.
    async fn tags(&self, app: &TestApp, external_id: &str) -> Vec<String> {
        let path = format!(
            "/v1/customers/{}/profile",
            self.customer(app, external_id).await["id"].as_str().unwrap()
        );
        let token = app.token(&self.tenant, "customers:read");
        let profile = app.get(&path).bearer_auth(token).answer().await;
        let tags = profile.at("tags").as_array().unwrap().iter();
        let mut tags: Vec<String> = tags
            .map(|tag| format!("{} {}", tag["name"].as_str().unwrap(), tag["by"][0].as_str().unwrap()))
            .collect();
        tags.sort();
        tags
    }

    async fn customer(&self, app: &TestApp, external_id: &str) -> Value {
        let token = app.token(&self.tenant, "customers:read pii:read");
        let path = format!("/v1/customers?shop_id={}&external_id={external_id}", self.shop);
        let list = app.get(&path).bearer_auth(token).answer().await;
        list.at("/data/0").clone()
    }
}

on_both! {
    async fn shopify_tells_consents_and_tags_with_the_customer_or_by_themselves(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "shopify").await;
        shop.says(&app, "customers/update", json!({"id": 7, "updated_at": "2026-10-01T00:00:00Z", "first_name": "Ann",
            "email": "ann@example.com", "tags": "VIP, 老客",
            "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-09-30T00:00:00Z"},
            "sms_marketing_consent": {"state": "unsubscribed", "consent_updated_at": null}})).await;
        let (said, granted) = shop.ledger(&app, "7").await;
        assert_eq!(said, ["sms false 2026-10-01T00:00:00Z shopify", "email true 2026-09-30T00:00:00Z shopify"]);
        assert_eq!(granted, [json!(true), json!(false)]);
        assert_eq!(shop.tags(&app, "7").await, ["VIP platform", "老客 platform"]);

        // Since API version 2025-01 the customer comes without either.
        shop.says(&app, "customers/update", json!({"id": 7, "updated_at": "2026-10-02T00:00:00Z", "last_name": "Lee"})).await;
        assert_eq!(shop.customer(&app, "7").await["name"], "Lee");
        assert_eq!(shop.tags(&app, "7").await, ["VIP platform", "老客 platform"]);
        assert_eq!(shop.ledger(&app, "7").await.1, [json!(true), json!(false)]);
        let change = |tags: Value, at: &str| json!({"customerId": "gid://shopify/Customer/7", "tags": tags, "occurredAt": at});
        shop.says(&app, "customer.tags_removed", change(json!(["VIP"]), "2026-10-04T00:00:00Z")).await;
        shop.says(&app, "customer.tags_added", change(json!(["VIP", "new"]), "2026-10-03T00:00:00Z")).await;
        assert_eq!(shop.tags(&app, "7").await, ["new platform", "老客 platform"], "VIP was taken later");
        shop.says(&app, "customers_email_marketing_consent/update", json!({"customer_id": 7, "email_address": "ann@example.com",
            "email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": "2026-10-05T00:00:00Z"}})).await;
        shop.says(&app, "customers_marketing_consent/update", json!({"id": 7, "phone": null,
            "sms_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-10-05T00:00:00Z"}})).await;
        assert_eq!(shop.ledger(&app, "7").await.1, [json!(false), json!(true)]);
        let statuses: Vec<Value> = shop.deliveries(&app).await.iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, vec![json!("applied"); 6]);
    }

    async fn a_relay_tells_consents_and_tags_of_any_platform(app: TestApp) {
        let tenant = app.tenant().await;
        let shop = Pushing::with(&app, &tenant, "tmall", secret("standard")).await;
        let said = |version: &str, told: Value| {
            let mut data = json!({"external_id": "u1", "version": version});
            data.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
            json!({"type": "customer.updated", "data": data})
        };
        shop.says(&app, "1", said("2026-10-01T00:00:00Z", json!({"tags": ["会员", "大码"],
            "consents": [{"channel": "sms", "granted": true, "at": "2026-09-01T00:00:00Z"}, {"channel": "email", "granted": false}]}))).await;
        let (ledger, granted) = shop.ledger(&app, "u1").await;
        assert_eq!(ledger, ["email false 2026-10-01T00:00:00Z tmall", "sms true 2026-09-01T00:00:00Z tmall"]);
        assert_eq!(granted, [json!(false), json!(true)]);
        shop.says(&app, "2", said("2026-10-02T00:00:00Z", json!({"tags_added": ["老客"], "tags_removed": ["大码"]}))).await;
        assert_eq!(shop.tags(&app, "u1").await, ["会员 platform", "老客 platform"]);
        // What is told late does not undo what is newer; what cannot be a consent is told with its reason.
        shop.says(&app, "3", said("2026-09-15T00:00:00Z", json!({"tags": ["大码"]}))).await;
        assert_eq!(shop.tags(&app, "u1").await, ["会员 platform", "老客 platform"]);
        shop.says(&app, "4", said("2026-10-03T00:00:00Z", json!({"nick": "小四", "consents": [{"channel": "telegraph", "granted": true}]}))).await;
        let deliveries = shop.deliveries(&app).await;
        assert_eq!((&deliveries[0]["status"], &deliveries[0]["error"]), (&json!("failed"), &json!("there is no channel `telegraph`")));
        assert_eq!(shop.customer(&app, "u1").await["nick"], "小四");
    }
}
