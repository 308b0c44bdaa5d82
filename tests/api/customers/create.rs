use serde_json::json;

use super::{Shop, hong};
use crate::support::{Send, on_both};

on_both! {
    async fn a_customer_is_made_and_read(app: TestApp) {
        let shop = Shop::open(&app).await;
        let made = app.post("/v1/customers").bearer_auth(&shop.token).json(&hong()).answer().await;
        assert_eq!(made.status, 201, "{made:?}");
        for (field, value) in hong().as_object().unwrap() {
            assert_eq!(made.at(field), value, "{field}");
        }
        let path = format!("/v1/customers/{}", made.text("id"));
        assert_eq!(made.header("location"), path);
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((&read.body, read.header("etag")), (&made.body, made.header("etag")));
        let profile = app.get(&format!("{path}/profile")).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 0);
        assert_eq!(profile.at("identities"), &json!([]));
    }

    async fn orders_find_a_customer_by_the_identity_they_were_made_with(app: TestApp) {
        let shop = Shop::open(&app).await;
        let mut body = hong();
        body["identity"] = json!({"shop_id": shop.id, "external_id": "ouid-1"});
        let made = app.post("/v1/customers").bearer_auth(&shop.token).json(&body).answer().await;
        assert_eq!(made.status, 201, "{made:?}");
        shop.order(&app, "1", json!({"version": "2026-11-11T00:00:00Z", "status": "paid", "total_amount": 100,
            "customer": {"external_id": "ouid-1", "name": "Parcel", "phone": "13999999999"}})).await;
        let path = format!("/v1/customers/{}/profile", made.text("id"));
        let profile = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 1, "{profile:?}");
        assert_eq!(profile.text("/customer/name"), "张小红", "a person outranks a parcel");
        assert_eq!(profile.text("/identities/0/source"), "person");

        let again = app.post("/v1/customers").bearer_auth(&shop.token).json(&body).answer().await;
        again.assert_problem(409, "identity_taken");
    }

    async fn an_identity_needs_a_shop_of_the_tenant(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let body = json!({"identity": {"shop_id": stranger.id, "external_id": "x"}});
        let answer = app.post("/v1/customers").bearer_auth(&shop.token).json(&body).answer().await;
        assert_eq!(answer.errors(), [("/identity/shop_id".into(), "unknown_shop".into())]);
    }

    async fn a_repeated_request_makes_one_customer(app: TestApp) {
        let shop = Shop::open(&app).await;
        let post = || app.post("/v1/customers").bearer_auth(&shop.token).header("idempotency-key", "k").json(&hong());
        let (first, second) = (post().answer().await, post().answer().await);
        assert_eq!((second.status, &second.body), (201, &first.body));
        assert_eq!(second.header("idempotent-replayed"), "true");
        assert_eq!(second.header("etag"), first.header("etag"));
        let masked = app.post("/v1/customers").bearer_auth(shop.blind(&app)).header("idempotency-key", "k");
        let masked = masked.json(&hong()).answer().await;
        assert_eq!(masked.text("phone"), "138****1234", "a replay is masked for those who may not see it");
        let list = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 1);
    }

    async fn all_that_is_wrong_is_told_at_once(app: TestApp) {
        let shop = Shop::open(&app).await;
        let body = json!({
            "name": "", "birthday": "1990-02-30", "language": "chinese language", "phone": "138****1234",
            "email": "nobody", "address": {"country": "china"}, "attributes": {"sizes": ["M"]},
            "identity": {"shop_id": shop.id, "external_id": ""}
        });
        let answer = app.post("/v1/customers").bearer_auth(&shop.token).json(&body).answer().await;
        answer.assert_problem(422, "invalid_input");
        let mut errors = answer.errors();
        errors.sort();
        let expected = [
            ("/address/country", "invalid_country"),
            ("/attributes/sizes", "not_scalar"),
            ("/birthday", "invalid_date"),
            ("/email", "invalid_email"),
            ("/identity/external_id", "empty"),
            ("/language", "invalid_language"),
            ("/name", "empty"),
            ("/phone", "masked_value"),
        ];
        assert_eq!(errors, expected.map(|(place, code)| (place.to_string(), code.to_string())));
        let wrong = app.post("/v1/customers").bearer_auth(&shop.token).json(&json!({"gender": "x"})).answer().await;
        assert_eq!(wrong.errors(), [("/gender".into(), "invalid_value".into())]);
        let wrong = app.post("/v1/customers").bearer_auth(&shop.token).json(&json!({"nam": "x"})).answer().await;
        assert_eq!(wrong.errors(), [("/nam".into(), "unknown_field".into())]);
        let list = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 0);
    }
}
