use serde_json::json;

use super::{Shop, hong};
use crate::support::{Send, on_both};

on_both! {
    async fn null_clears_absent_leaves_and_objects_are_reached_into(app: TestApp) {
        let shop = Shop::open(&app).await;
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", hong()).await);
        let patch = json!({
            "phone": null, "nick": "N", "gender": "other", "address": {"line": null, "city": "宁波"},
            "attributes": {"vip": null, "age": 7}
        });
        let changed = app.patch(&path).bearer_auth(&shop.token)
            .header("content-type", "application/merge-patch+json").body(patch.to_string()).answer().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!((changed.at("phone"), changed.text("name")), (&json!(null), "张小红".into()));
        assert_eq!((changed.text("nick"), changed.text("gender")), ("N".into(), "other".into()));
        let address = json!({"country": "CN", "province": "浙江", "city": "宁波", "district": "西湖", "postcode": "310000"});
        assert_eq!(changed.at("address"), &address);
        assert_eq!(changed.at("attributes"), &json!({"age": 7, "size": "M"}));
        let found = app.get("/v1/customers?phone=13800001234").bearer_auth(&shop.token).answer().await;
        assert_eq!(found.at("data"), &json!([]), "nobody is found by what was cleared");

        let same = app.patch(&path).bearer_auth(&shop.token).json(&json!({"nick": "N"})).answer().await;
        assert_eq!((&same.body, same.header("etag")), (&changed.body, changed.header("etag")));
        let cleared = app.patch(&path).bearer_auth(&shop.token).json(&json!({"address": null, "attributes": null}));
        let cleared = cleared.answer().await;
        assert_eq!((cleared.at("address"), cleared.at("attributes")), (&json!({}), &json!({})));
    }

    async fn a_change_to_what_has_moved_on_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", hong()).await);
        let seen = app.get(&path).bearer_auth(&shop.token).answer().await.header("etag").to_owned();
        let patch = |nick: &str| app.patch(&path).bearer_auth(&shop.token).header("if-match", &seen).json(&json!({"nick": nick}));
        assert_eq!(patch("first").answer().await.status, 200);
        patch("second").answer().await.assert_problem(412, "precondition_failed");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("nick"), "first");
    }

    async fn what_was_shown_masked_cannot_be_sent_back(app: TestApp) {
        let shop = Shop::open(&app).await;
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", hong()).await);
        let token = shop.blind(&app);
        let masked = app.get(&path).bearer_auth(&token).answer().await;
        let mut expected = Vec::new();
        for field in ["name", "nick", "birthday", "phone", "email", "address"] {
            let answer = app.patch(&path).bearer_auth(&token).json(&json!({field: masked.at(field)})).answer().await;
            assert_eq!(answer.status, 422, "{field}");
            expected.extend(answer.errors());
        }
        let places: Vec<&str> = expected.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["/name", "/nick", "/birthday", "/phone", "/email", "/address/district", "/address/line",
            "/address/postcode"]);
        assert!(expected.iter().all(|(_, code)| code == "masked_value"));
        let sound = app.patch(&path).bearer_auth(&token).header("if-match", masked.header("etag"));
        let sound = sound.json(&json!({"phone": "13900005678"})).answer().await;
        assert_eq!(sound.text("phone"), "139****5678");
    }

    async fn another_tenants_customer_is_not_found_and_stays_as_it_is(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", hong()).await);
        let answer = app.patch(&path).bearer_auth(&stranger.token).json(&json!({"name": "Mine"})).answer().await;
        answer.assert_problem(404, "not_found");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("name"), "张小红");
    }

    async fn changes_at_once_lose_none(app: TestApp) {
        let shop = Shop::open(&app).await;
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", json!({})).await);
        let patches = (0..8).map(|number| {
            let body = json!({"attributes": {format!("k{number}"): number}});
            app.patch(&path).bearer_auth(&shop.token).json(&body).answer()
        });
        futures_util::future::join_all(patches).await;
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.at("attributes").as_object().unwrap().len(), 8, "{read:?}");
    }
}
