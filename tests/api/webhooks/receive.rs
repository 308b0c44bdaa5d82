//! One endpoint for all platforms.

use reqwest::StatusCode;
use serde_json::json;

use super::push::{Pushing, order, secret};
use crate::support::{Send, on_both};

on_both! {
    async fn a_delivery_is_stored_and_applied_before_it_is_answered(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let answer = shop.push_order(&app, "m1", &order("1")).await;
        assert_eq!((answer.status, &answer.bytes[..]), (200, &b"{}"[..]), "{answer:?}");
        let orders = shop.orders(&app).await;
        assert_eq!((orders.len(), &orders[0]["total_amount"]), (1, &json!(9_900)));
        let deliveries = shop.deliveries(&app).await;
        assert_eq!(deliveries.len(), 1);
        for (field, expected) in [
            ("status", json!("applied")), ("topic", json!("order.updated")), ("subject", json!("1")),
            ("delivery_key", json!("m1")), ("platform", json!("standard")), ("error", json!(null)),
            ("attempts", json!(1)),
        ] {
            assert_eq!(deliveries[0][field], expected, "{field}");
        }
    }

    async fn a_delivery_that_comes_again_is_answered_alike_and_not_applied_again(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "youzan").await;
        let body = include_bytes!("../../fixtures/platforms/youzan/push.json");
        let first = shop.push(&app, "", &[], body).await;
        assert_eq!(&first.bytes[..], br#"{"code":0,"msg":"success"}"#);
        let again = shop.push(&app, "", &[], body).await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
        let deliveries = shop.deliveries(&app).await;
        assert_eq!((deliveries.len(), &deliveries[0]["attempts"]), (1, &json!(1)), "{deliveries:?}");
        assert_eq!(shop.orders(&app).await.len(), 1);
    }

    async fn the_same_delivery_many_times_at_once_is_one(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let sent = (0..20).map(|number| {
            let (app, shop) = (&app, &shop);
            async move {
                let body = order("1");
                shop.push_order(app, if number % 4 == 0 { "other" } else { "m1" }, &body).await.status
            }
        });
        assert_eq!(futures_util::future::join_all(sent).await, [200; 20]);
        assert_eq!(shop.deliveries(&app).await.len(), 2);
        assert_eq!(shop.orders(&app).await.len(), 1);
    }

    async fn a_wrong_signature_is_turned_away_and_kept_only_in_a_small_log(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "shopify").await;
        let forged = Pushing { secret: json!("guess"), ..shop.clone() };
        for number in 0..105 {
            let body = format!("{{\"id\": {number}}}");
            let answer = forged.push(&app, "1", &[("User-Agent", "Forger")], body.as_bytes()).await;
            answer.assert_problem(401, "invalid_signature");
        }
        app.post(&shop.path()).body("{}").answer().await.assert_problem(401, "invalid_signature");
        assert!(shop.deliveries(&app).await.is_empty());
        let token = app.token(&shop.tenant, "orders:read");
        let path = format!("/v1/webhook-rejections?count=exact&limit=200&shop_id={}", shop.shop);
        let log = app.get(&path).bearer_auth(&token).answer().await;
        assert_eq!(log.at("total"), 100);
        assert_eq!(log.text("/data/0/reason"), "the header `X-Shopify-Hmac-Sha256` is missing or no text");
        assert_eq!(log.text("/data/1/reason"), "the signature fits none of the shop's secrets");
        assert_eq!(log.text("/data/1/user_agent"), "Forger");
        assert_eq!(log.at("/data/1/body_bytes"), 11);
    }

    async fn whatever_is_missing_the_answer_is_the_same(app: TestApp) {
        let tenant = app.tenant().await;
        let shop = Pushing::new(&app, &tenant, "standard").await;
        let other = app.tenant().await;
        let nobody = "ten_01jd7zk3v8e4qbm2n5r9x6t0wy";
        let mut answers = Vec::new();
        for (tenant, shop) in [
            (tenant.id.as_str(), "shp_01jd7zk3v8e4qbm2n5r9x6t0wy"),
            (other.id.as_str(), shop.shop.as_str()),
            (nobody, shop.shop.as_str()),
            ("nonsense", "nonsense"),
        ] {
            let path = format!("/v1/webhooks/{tenant}/{shop}");
            for request in [app.post(&path).body("{}"), app.get(&path), app.post(&format!("{path}/a/b")).body("{}")] {
                let answer = request.answer().await;
                answer.assert_problem(404, "not_found");
                answers.push(answer.text("detail"));
            }
        }
        answers.dedup();
        assert_eq!(answers, ["there is no such webhook endpoint"]);
    }

    async fn for_a_platform_that_is_not_understood_a_relay_speaks_as_standard_webhooks(app: TestApp) {
        let tenant = app.tenant().await;
        for platform in ["taobao", "tmall", "jd", "jd_daojia", "pinduoduo", "wechat_store", "bigcommerce", "stripe", "pos"] {
            let shop = Pushing::with(&app, &tenant, platform, secret("standard")).await;
            assert_eq!(app.get(&shop.path()).answer().await.status, StatusCode::OK);
            assert_eq!(shop.push_order(&app, platform, &order("1")).await.status, StatusCode::OK, "{platform}");
            assert_eq!(shop.orders(&app).await.len(), 1, "{platform}");
            assert_eq!(shop.deliveries(&app).await[0]["platform"], platform);
            let stranger = app.post(&shop.path()).header("x-platform-sign", "AB12").body("{}").answer().await;
            stranger.assert_problem(401, "invalid_signature");
            let told = stranger.text("detail");
            assert!(told.starts_with("the header `webhook-id` is missing"), "{told}");
            assert!(told.contains(&format!("for a shop on `{platform}` a relay signs as Standard Webhooks")), "{told}");
            let forged = Pushing { secret: json!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), ..shop.clone() };
            forged.push_order(&app, "m", &order("2")).await.assert_problem(401, "invalid_signature");
        }
        // The platform's own secret is kept for the day on which it can be understood, and lets nobody in until then.
        let own = json!({"token": "t", "encoding_aes_key": "k", "app_id": "a"});
        let shop = Pushing::with(&app, &tenant, "wechat_store", own).await;
        let relay = Pushing { secret: secret("standard"), ..shop };
        let answer = relay.push_order(&app, "m", &order("1")).await;
        answer.assert_problem(401, "invalid_signature");
        assert!(answer.text("detail").starts_with("the shop has no secret"), "{answer:?}");
    }

    async fn the_address_may_be_looked_at_and_may_have_a_tail(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        for path in [shop.path(), format!("{}/djsw/newOrder", shop.path())] {
            assert_eq!(app.get(&path).answer().await.status, StatusCode::OK);
            let body = json!({"type": "ping"}).to_string();
            let request = app.post(&path).body(body.clone());
            let headers = shop.sign(&path.len().to_string(), body.as_bytes());
            let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            assert_eq!(request.answer().await.status, StatusCode::OK);
        }
        let deliveries = shop.deliveries(&app).await;
        assert_eq!(deliveries.len(), 2);
        assert_eq!(deliveries[0]["status"], "ignored");
    }

    async fn the_unsigned_ping_of_a_new_hook_is_answered_and_not_stored(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "woocommerce").await;
        let ping = app.post(&shop.path()).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(ping.body("webhook_id=12").answer().await.status, StatusCode::OK);
        assert!(shop.deliveries(&app).await.is_empty());
    }

    async fn what_is_authentic_and_of_no_use_is_stored_and_answered_with_success(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "shopify").await;
        for (id, topic, body, status, error) in [
            ("1", "themes/publish", "{}", "ignored", "a topic that is not needed here"),
            ("2", "orders/create", "{\"id\": ", "failed", "the body is no JSON, or too deep (line 1, column 7)"),
            ("3", "orders/create", "{}", "failed", "`id` is missing"),
        ] {
            let answer = shop.push(&app, id, &[("X-Shopify-Topic", topic)], body.as_bytes()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let deliveries = shop.deliveries(&app).await;
            assert_eq!((&deliveries[0]["status"], &deliveries[0]["error"]), (&json!(status), &json!(error)));
        }
        let again = shop.push(&app, "3", &[("X-Shopify-Topic", "orders/create")], b"{}").await;
        assert_eq!((again.status, shop.deliveries(&app).await.len()), (200, 3));
    }

    async fn one_bad_order_among_several_fails_alone(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let mut late = order("2");
        late["version"] = json!("2126-01-01T00:00:00Z");
        let body = json!({"type": "order.updated", "data": [order("1"), late, order("3")]}).to_string();
        assert_eq!(shop.push(&app, "m1", &[], body.as_bytes()).await.status, 200);
        let mut told: Vec<String> = shop.orders(&app).await.iter().map(|order| order["external_id"].to_string()).collect();
        told.sort();
        assert_eq!(told, ["\"1\"", "\"3\""]);
        let deliveries = shop.deliveries(&app).await;
        assert_eq!((&deliveries[0]["status"], &deliveries[0]["subject"]), (&json!("failed"), &json!(null)));
        let error = deliveries[0]["error"].as_str().unwrap();
        assert!(error.starts_with("event 2 of 3: `version` lies more than a day in the future"), "{error}");
    }

    async fn secrets_are_rotated_without_a_gap(app: TestApp) {
        let old = Pushing::new(&app, &app.tenant().await, "standard").await;
        let new = Pushing { secret: json!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), ..old.clone() };
        let rotate = async |secrets: serde_json::Value| {
            let token = app.token(&old.tenant, "settings:write");
            let path = format!("/v1/shops/{}", old.shop);
            let answer = app.patch(&path).bearer_auth(token).json(&json!({"webhook_secrets": secrets})).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        let statuses = async |id: &str| {
            let id = |of: &str| format!("{id}-{of}");
            (old.push_order(&app, &id("old"), &order("1")).await.status,
             new.push_order(&app, &id("new"), &order("1")).await.status)
        };
        assert_eq!(statuses("a").await, (200, 401));
        rotate(json!([new.secret, old.secret])).await;
        assert_eq!(statuses("b").await, (200, 200));
        rotate(json!([new.secret])).await;
        assert_eq!(statuses("c").await, (401, 200));
    }

    async fn customers_are_told_too(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let body = json!({"type": "customer.updated", "data": {"external_id": "u1", "version": "2026-11-11T00:00:00Z",
            "name": "张小红", "phone": "13800001234"}}).to_string();
        assert_eq!(shop.push(&app, "m1", &[], body.as_bytes()).await.status, 200);
        assert_eq!(shop.push_order(&app, "m2", &order("1")).await.status, 200);
        let token = app.token(&shop.tenant, "customers:read pii:read");
        let found = app.get("/v1/customers?phone=13800001234").bearer_auth(token).answer().await;
        assert_eq!(found.at("/data/0/name"), "张小红");
        assert_eq!(found.at("data").as_array().unwrap().len(), 1);
        let statuses: Vec<_> = shop.deliveries(&app).await.iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, ["applied", "applied"]);
    }
}
