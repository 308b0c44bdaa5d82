use serde_json::json;

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant, claims, on_both, sign};

async fn create(app: &TestApp, token: &str, key: &str, external_id: &str) -> Response {
    let body = json!({"name": "A shop", "platform": "other", "external_id": external_id});
    let request = app.post("/v1/shops").bearer_auth(token).header("idempotency-key", key);
    request.json(&body).answer().await
}

async fn shops(app: &TestApp, tenant: &TestTenant) -> usize {
    let answer = app.get("/v1/shops").bearer_auth(app.token(tenant, "settings:read")).answer().await;
    answer.at("data").as_array().map_or(0, Vec::len)
}

on_both! {
    async fn a_request_that_is_sent_again_takes_effect_once(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        let first = create(&app, &token, "k1", "a").await;
        let again = create(&app, &token, "k1", "a").await;
        assert_eq!((first.status, again.status), (201, 201), "{again:?}");
        assert_eq!(first.header("idempotent-replayed"), "");
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(first.body, again.body);
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_eq!(shops(&app, &tenant).await, 1);
    }

    async fn a_key_with_another_body_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        create(&app, &token, "k1", "a").await;
        create(&app, &token, "k1", "b").await.assert_problem(422, "idempotency_key_reused");
        assert_eq!(shops(&app, &tenant).await, 1);
    }

    async fn keys_belong_to_tenant_and_subject(app: TestApp) {
        let (one, two) = (app.tenant().await, app.tenant().await);
        let first = create(&app, &app.token(&one, "settings:write"), "k1", "a").await;
        let second = create(&app, &app.token(&two, "settings:write"), "k1", "a").await;
        assert_eq!((first.status, second.status), (201, 201));
        let mut other = claims("settings:write");
        other.sub = "somebody else".into();
        other.tenant = Some(one.id.clone());
        create(&app, &sign(&other), "k1", "b").await;
        assert_eq!(shops(&app, &one).await, 2);
    }

    async fn a_refused_request_leaves_its_key_free(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        create(&app, &token, "k1", "a").await;
        create(&app, &token, "k2", "a").await.assert_problem(409, "shop_exists");
        assert_eq!(create(&app, &token, "k2", "b").await.status, 201);
    }

    async fn requests_with_one_key_at_once_take_effect_once(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        let answers = futures_util::future::join_all((0..8).map(|_| create(&app, &token, "k1", "a"))).await;
        for answer in &answers {
            assert!(answer.status == 201 || answer.body["code"] == "idempotency_key_in_flight", "{answer:?}");
        }
        assert!(answers.iter().any(|answer| answer.status == 201));
        assert_eq!(shops(&app, &tenant).await, 1);
    }

    async fn a_key_must_be_sane(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:write");
        for key in ["", "has space", &"k".repeat(256)] {
            create(&app, &token, key, "a").await.assert_problem(400, "invalid_idempotency_key");
        }
    }
}
