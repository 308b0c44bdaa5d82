use serde_json::{Value, json};

use super::{Shop, order};
use crate::support::{Send, on_both};

fn found(place: &str, code: &str) -> Vec<(String, String)> {
    vec![(place.into(), code.into())]
}

on_both! {
    async fn what_is_wrong_with_an_order_is_told_with_its_place(app: TestApp) {
        let shop = Shop::open(&app).await;
        let line = |changes: Value| {
            let mut line = json!({"quantity": 1, "total_amount": 100});
            line.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            json!({"lines": [line]})
        };
        for (changes, place, code) in [
            (json!({"currency": "XYZ"}), "/currency", "unknown_currency"),
            (json!({"currency": "cny"}), "/currency", "unknown_currency"),
            (json!({"total_amount": 9_000_000_000_000_000_000_i64}), "/total_amount", "out_of_range"),
            (json!({"total_amount": -1}), "/total_amount", "out_of_range"),
            (json!({"total_amount": 1e30}), "/total_amount", "invalid_type"),
            (json!({"total_amount": "258.00"}), "/total_amount", "invalid_type"),
            (json!({"status": "done"}), "/status", "invalid_value"),
            (json!({"version": null}), "/version", "invalid_type"),
            (json!({"paid_at": "2026-11-11"}), "/paid_at", "invalid_value"),
            (json!({"paid_at": "10000-01-01T00:00:00Z"}), "/paid_at", "invalid_value"),
            (json!({"version": "9999-01-01T00:00:00Z"}), "/version", "invalid_value"),
            (json!({"exchange_rate": "-7"}), "/exchange_rate", "invalid_rate"),
            (json!({"colour": "red"}), "/colour", "unknown_field"),
            (line(json!({"quantity": 0})), "/lines/0/quantity", "out_of_range"),
            (line(json!({"total_amount": i64::MAX})), "/lines/0/total_amount", "out_of_range"),
            (line(json!({"sku": " "})), "/lines/0/sku", "empty"),
            (line(json!({"attributes": {"sizes": ["M"]}})), "/lines/0/attributes/sizes", "not_scalar"),
            (json!({"lines": vec![json!({"quantity": 1, "total_amount": 1}); 10_000]}), "/lines", "too_many"),
        ] {
            let request = app.put(&shop.path("1")).bearer_auth(&shop.token).json(&order(changes.clone()));
            let answer = request.answer().await;
            let changes = changes.to_string().chars().take(80).collect::<String>();
            assert_eq!((answer.status, answer.errors()), (422, found(place, code)), "{changes}");
        }
        let list = app.get("/v1/orders?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 0);
    }

    async fn all_that_is_wrong_is_told_at_once(app: TestApp) {
        let shop = Shop::open(&app).await;
        let wrong = order(json!({"currency": "XYZ", "total_amount": -1, "note": ""}));
        let answer = app.put(&shop.path("1")).bearer_auth(&shop.token).json(&wrong).answer().await;
        assert_eq!(answer.errors().len(), 3, "{answer:?}");
    }

    async fn nul_characters_are_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let request = app.put(&shop.path("1")).bearer_auth(&shop.token);
        let answer = request.json(&order(json!({"note": "a\u{0}b"}))).answer().await;
        answer.assert_problem(400, "nul_character");
        assert_eq!(answer.errors(), found("/note", "nul_character"));
        let request = app.put(&shop.path("a%00b")).bearer_auth(&shop.token);
        request.json(&order(json!({}))).answer().await.assert_problem(404, "not_found");
        let request = app.get("/v1/orders?sku=%00").bearer_auth(&shop.token);
        assert_eq!(request.answer().await.status, 422);
    }

    async fn a_version_in_the_future_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let future = order(json!({"version": "2199-01-01T00:00:00Z"}));
        let answer = app.put(&shop.path("1")).bearer_auth(&shop.token).json(&future).answer().await;
        answer.assert_problem(422, "invalid_input");
        assert_eq!(answer.errors(), found("/version", "in_future"));
    }

    async fn a_step_or_refund_in_the_future_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let refund = |at: &str| json!({"external_id": at, "refunded_at": at, "amount": 1});
        for (changes, place) in [
            (json!({"ordered_at": "2199-01-01T00:00:00Z"}), "/ordered_at"),
            (json!({"closed_at": "2199-01-01T00:00:00Z"}), "/closed_at"),
            (
                json!({"refunds": [refund("2026-11-12T00:00:00Z"), refund("2199-01-01T00:00:00Z")]}),
                "/refunds/1/refunded_at",
            ),
        ] {
            let answer = app.put(&shop.path("1")).bearer_auth(&shop.token).json(&order(changes)).answer().await;
            assert_eq!((answer.status, answer.errors()), (422, found(place, "in_future")));
        }
    }

    async fn an_id_that_is_too_long_or_blank_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        for id in ["x".repeat(256), "%20".into()] {
            let answer = app.put(&shop.path(&id)).bearer_auth(&shop.token).json(&order(json!({}))).answer().await;
            assert_eq!((answer.status, answer.errors()), (422, found("external_id", "invalid_value")));
        }
        for id in ["%201", "1%20", "1%0A", "a%07b", "%E3%80%801"] {
            let answer = app.put(&shop.path(id)).bearer_auth(&shop.token).json(&order(json!({}))).answer().await;
            assert_eq!((answer.status, answer.errors()), (422, found("external_id", "invalid_value")), "{id}");
        }
        let id = "号".repeat(255);
        shop.tell(&app, &id, &order(json!({}))).await;
    }

    async fn an_id_that_is_not_utf8_is_no_order_at_all(app: TestApp) {
        let shop = Shop::open(&app).await;
        for id in ["%FF", "a%FE", "%C3%28"] {
            let request = app.put(&shop.path(id)).bearer_auth(&shop.token).json(&order(json!({})));
            request.answer().await.assert_problem(404, "not_found");
        }
        for id in ["%EF%BF%BD", "%25FF", "a%2Fb", "%E5%8F%B7"] {
            shop.tell(&app, id, &order(json!({}))).await;
        }
    }

    async fn a_shop_that_cannot_be_is_not_found(app: TestApp) {
        let shop = Shop::open(&app).await;
        for id in ["shp_1", "shp_01jd7zk3v8e4qbm2n5r9x6t0wy"] {
            let request = app.put(&format!("/v1/shops/{id}/orders/1")).bearer_auth(&shop.token);
            request.json(&order(json!({}))).answer().await.assert_problem(404, "not_found");
        }
    }
}
