use serde_json::json;

use crate::support::{Send, on_both};

on_both! {
    async fn settings_are_read_and_changed_field_by_field(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read settings:write");
        let before = app.get("/v1/settings").bearer_auth(&token).answer().await;
        assert_eq!((before.text("tenant_id"), before.at("dormant_after_days")), (tenant.id.clone(), &json!(90)));
        let change = json!({
            "dormant_after_days": 120,
            "country": "CN",
            "exchange_rates": [{"currency": "USD", "from": "2026-01-01", "rate": "7.1234"}],
        });
        let after = app.patch("/v1/settings").bearer_auth(&token).json(&change).answer().await;
        assert_eq!(after.status, 200, "{after:?}");
        for (field, value) in change.as_object().expect("an object") {
            assert_eq!(after.at(field), value);
        }
        assert_eq!(after.at("name"), before.at("name"));
        let read = app.get("/v1/settings").bearer_auth(&token).answer().await;
        assert_eq!(read.body, after.body);
    }

    async fn null_clears_what_can_be_cleared_and_is_refused_elsewhere(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        let patch = |body| app.patch("/v1/settings").bearer_auth(&token).json(&body).answer();
        assert_eq!(patch(json!({"country": "DE"})).await.at("country"), "DE");
        assert!(patch(json!({"country": null})).await.at("country").is_null());
        let refused = patch(json!({"currency": null})).await;
        assert_eq!(refused.errors(), [("/currency".into(), "invalid_type".into())]);
    }

    async fn thresholds_must_stand_in_order(app: TestApp) {
        let tenant = app.tenant().await;
        let request = app.patch("/v1/settings").bearer_auth(app.token(&tenant, "settings:write"));
        let answer = request.json(&json!({"dormant_after_days": 10})).answer().await;
        assert_eq!(answer.errors(), [("/dormant_after_days".into(), "out_of_order".into())]);
    }

    async fn rates_are_of_other_currencies_and_one_for_each_day(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        let usd = json!({"currency": "USD", "from": "2026-01-01", "rate": "7.1"});
        let patch = |rates| {
            app.patch("/v1/settings").bearer_auth(&token).json(&json!({ "exchange_rates": rates })).answer()
        };
        let twice = patch(json!([usd, {"currency": "USD", "from": "2026-01-01", "rate": "7.2"}])).await;
        assert_eq!((twice.status, twice.errors()), (422, vec![("/exchange_rates/1".into(), "duplicate".into())]));
        let own = patch(json!([usd, {"currency": "CNY", "from": "2026-01-01", "rate": "1"}])).await;
        let expected = vec![("/exchange_rates/1/currency".into(), "own_currency".into())];
        assert_eq!((own.status, own.errors()), (422, expected));
        let sound = patch(json!([usd, {"currency": "USD", "from": "2026-02-01", "rate": "7.2"}])).await;
        assert_eq!(sound.status, 200, "{sound:?}");
    }

    async fn tenants_do_not_see_each_other(app: TestApp) {
        let (one, two) = (app.tenant().await, app.tenant().await);
        let request = app.patch("/v1/settings").bearer_auth(app.token(&one, "settings:write"));
        assert_eq!(request.json(&json!({"name": "Mine"})).answer().await.status, 200);
        let other = app.get("/v1/settings").bearer_auth(app.token(&two, "settings:read")).answer().await;
        assert_eq!(other.text("name"), "Red Scarf");
    }
}
