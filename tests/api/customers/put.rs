use serde_json::json;

use super::{Shop, hong};
use crate::support::{Send, on_both};

on_both! {
    async fn a_customer_is_made_once_and_told_more_of(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |body| app.put(&shop.path("ouid-1")).bearer_auth(&shop.token).json(&body).answer();
        let made = tell(json!({"name": "A", "phone": "13800001234"})).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.header("location"), format!("/v1/customers/{}", made.text("id")));
        let told = tell(json!({"name": "B", "email": null})).await;
        assert_eq!((told.status, told.text("id")), (200, made.text("id")));
        assert_eq!((told.text("name"), told.text("phone")), ("B".into(), "13800001234".into()));
        assert_ne!(told.header("etag"), made.header("etag"));
        let profile = format!("/v1/customers/{}/profile", made.text("id"));
        let profile = app.get(&profile).bearer_auth(&shop.token).answer().await;
        let identity = profile.at("/identities/0");
        assert_eq!((&identity["value"], &identity["shop_id"]), (&json!("ouid-1"), &json!(shop.id)));
    }

    async fn documents_may_come_in_any_order(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |body| app.put(&shop.path("1")).bearer_auth(&shop.token).json(&body).answer();
        tell(json!({"version": "2026-11-03T00:00:00Z", "name": "new"})).await;
        let late = tell(json!({"version": "2026-11-01T00:00:00Z", "name": "old", "nick": "old"})).await;
        assert_eq!((late.text("name"), late.text("nick")), ("new".into(), "old".into()));
        let again = tell(json!({"version": "2026-11-01T00:00:00Z", "name": "old", "nick": "old"})).await;
        assert_eq!((&again.body, again.header("etag")), (&late.body, late.header("etag")));
        let future = tell(json!({"version": "2199-01-01T00:00:00Z", "name": "x"})).await;
        assert_eq!(future.errors(), [("/version".into(), "in_future".into())]);
    }

    async fn a_platform_outranks_parcels_and_a_person_a_platform(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "1", json!({"version": "2026-11-01T00:00:00Z", "name": "Platform"})).await;
        shop.order(&app, "o", json!({"version": "2026-11-20T00:00:00Z", "status": "paid", "total_amount": 1,
            "customer": {"external_id": "1", "name": "Parcel", "phone": "13900000000"}})).await;
        let path = format!("/v1/customers/{id}");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((read.text("name"), read.text("phone")), ("Platform".into(), "13900000000".into()));
        let patch = app.patch(&path).bearer_auth(&shop.token).json(&json!({"name": "Person"})).answer().await;
        assert_eq!(patch.text("name"), "Person");
        shop.tell(&app, "1", json!({"name": "Platform again"})).await;
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("name"), "Person");
    }

    async fn what_a_platform_masks_tells_nothing(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |body| app.put(&shop.path("1")).bearer_auth(&shop.token).json(&body).answer();
        let masked = json!({"name": "王**", "phone": "138****2222", "email": "w***@example.com",
            "birthday": "1990-**-**", "nick": "*小红*", "address": {"city": "北京", "line": "***"}});
        let made = tell(masked.clone()).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert!(["name", "phone", "email", "birthday"].into_iter().all(|field| made.at(field).is_null()), "{made:?}");
        assert_eq!((made.text("nick"), made.at("address")), ("*小红*".into(), &json!({"city": "北京"})));
        let plain = tell(json!({"name": "王小红", "address": {"city": "杭州", "line": "文三路 1 号"}})).await;
        let again = tell(masked).await;
        assert_eq!((again.status, again.text("name"), again.at("address")), (200, "王小红".into(), plain.at("address")));
    }

    async fn an_unknown_or_anothers_shop_is_not_found(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let answer = app.put(&shop.path("1")).bearer_auth(&stranger.token).json(&hong()).answer().await;
        answer.assert_problem(404, "not_found");
        let list = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 0);
    }

    async fn those_who_tell_at_once_tell_of_one_customer(app: TestApp) {
        let shop = Shop::open(&app).await;
        let told = (0..8).map(|number| shop.tell(&app, "same", json!({"attributes": {"n": number}})));
        let ids: std::collections::BTreeSet<String> = futures_util::future::join_all(told).await.into_iter().collect();
        assert_eq!(ids.len(), 1);
    }
}
