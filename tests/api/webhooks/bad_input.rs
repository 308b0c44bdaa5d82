//! What no platform sends.

use serde_json::json;

use super::push::{Pushing, order};
use crate::support::{Send, on_both};

on_both! {
    async fn a_body_over_the_limit_is_refused_before_it_is_read(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let body = vec![b' '; 2 * 1024 * 1024 + 1];
        shop.push(&app, "m1", &[], &body).await.assert_problem(413, "body_too_large");
        assert!(shop.deliveries(&app).await.is_empty());
    }

    async fn packed_bodies_are_not_unpacked(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        for encoding in ["gzip", "br", "zstd", "deflate", "gzip, gzip"] {
            let answer = shop.push(&app, encoding, &[("content-encoding", encoding)], &[0x1f, 0x8b, 8, 0]).await;
            answer.assert_problem(415, "unsupported_media_type");
        }
    }

    async fn bytes_that_are_no_text_fail_visibly(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let gbk = [b"{\"external_id\": \"1\", \"note\": \"".as_slice(), &[0xd3, 0xf0, 0xc8, 0xde], b"\"}"].concat();
        assert_eq!(shop.push(&app, "m1", &[], &gbk).await.status, 200);
        let whole = order("1").to_string();
        assert_eq!(shop.push(&app, "m2", &[], &whole.as_bytes()[..whole.len() - 5]).await.status, 200);
        assert_eq!(shop.push(&app, "m3", &[], b"").await.status, 200);
        let deliveries = shop.deliveries(&app).await;
        assert_eq!(deliveries.len(), 3);
        for delivery in &deliveries {
            assert_eq!(delivery["status"], "failed");
            assert!(delivery["error"].as_str().unwrap().starts_with("the body is no JSON"), "{delivery}");
        }
        let token = app.token(&shop.tenant, "orders:read pii:read");
        let path = format!("/v1/webhook-deliveries/{}", deliveries[2]["id"].as_str().unwrap());
        let full = app.get(&path).bearer_auth(token).answer().await;
        assert_eq!((full.at("body"), full.at("body_bytes")), (&json!(null), &json!(gbk.len())));
        assert!(full.at("body_base64").is_string());
    }

    async fn headers_beyond_measure_are_cut_or_refused(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let long = "x".repeat(5_000);
        let body = order("1").to_string();
        assert_eq!(shop.push(&app, "m1", &[("x-long", &long)], body.as_bytes()).await.status, 200);
        let token = app.token(&shop.tenant, "orders:read");
        let id = shop.deliveries(&app).await[0]["id"].as_str().unwrap().to_owned();
        let full = app.get(&format!("/v1/webhook-deliveries/{id}")).bearer_auth(token).answer().await;
        let headers = full.at("headers").as_array().unwrap();
        let kept = headers.iter().find(|header| header["name"] == "x-long").unwrap();
        assert!(kept["value"].as_str().unwrap().chars().count() <= 2_001);
        let refused = shop.request(&app, "m2", &[("x-huge", &"x".repeat(500_000))], body.as_bytes()).send().await;
        assert!(refused.map_or(true, |answer| answer.status().is_client_error()));
    }

    async fn a_character_that_databases_cannot_hold_takes_nobody_with_it(app: TestApp) {
        let shop = Pushing::new(&app, &app.tenant().await, "standard").await;
        let mut odd = order("odd");
        odd["note"] = json!("a\u{0}b");
        let sent = (1..=10).map(|number| {
            let order = if number == 4 { odd.clone() } else { order(&number.to_string()) };
            let (app, shop) = (&app, &shop);
            async move { shop.push_order(app, &format!("m{number}"), &order).await.status }
        });
        assert_eq!(futures_util::future::join_all(sent).await, [200; 10]);
        let orders = shop.orders(&app).await;
        assert_eq!(orders.len(), 10, "{orders:?} {:?}", shop.deliveries(&app).await);
        let odd = orders.iter().find(|order| order["external_id"] == "odd").unwrap();
        assert_eq!(odd["note"], "ab");
    }
}
