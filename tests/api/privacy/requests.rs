//! What platforms ask for in people's names: `GET /v1/privacy-requests`, and erasures that come by webhook.

use huitou::clock::{Clock, IdGen, RandomIds, SystemClock};
use huitou::db::{AnyConnection, transaction};
use huitou::error::Error;
use huitou::ids::ShopId;
use huitou::platforms::PrivacyRequest;
use huitou::privacy::service::{self, Act};
use serde_json::{Value, json};

use super::dump::places;
use crate::customers::{Shop, hong};
use crate::support::{Send, TestApp, on_both};

/// Does what a delivery of the shop's platform does.
fn by_webhook<T>(
    app: &TestApp,
    shop: &Shop,
    work: impl FnOnce(&mut AnyConnection, Act<'_>, ShopId) -> Result<T, Error>,
) -> T {
    let ids = RandomIds::default();
    let act = Act {
        tenant: shop.tenant.id.parse().unwrap(),
        actor: &shop.id,
        now: SystemClock.now(),
        ids: &ids as &dyn IdGen,
    };
    let mut connection = app.config.database.target.connect(false).unwrap();
    transaction(&mut connection, |connection| work(connection, act, shop.id.parse().unwrap())).unwrap()
}

fn asked(request: Value) -> PrivacyRequest {
    serde_json::from_value(request).unwrap()
}

fn order(external_id: &str, buyer: Value) -> Value {
    let at = "2026-10-01T00:00:00Z";
    let mut customer = json!({"name": "张小红", "phone": "13800001234"});
    customer.as_object_mut().unwrap().extend(buyer.as_object().unwrap().clone());
    json!({"version": at, "status": "paid", "ordered_at": at, "paid_at": at, "total_amount": 100, "note": external_id,
        "customer": customer, "lines": [{"sku": "S", "quantity": 1, "total_amount": 100}]})
}

on_both! {
    async fn a_question_what_is_held_stays_open_until_somebody_closes_it(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", hong()).await;
        let question = || asked(json!({"external_id": "ouid-1", "email": "hong@example.com", "request_id": "9999"}));
        for _ in 0..2 {
            by_webhook(&app, &shop, |connection, act, shop| service::data_request(connection, act, shop, &question()));
        }
        by_webhook(&app, &shop, |connection, act, shop| {
            service::data_request(connection, act, shop, &asked(json!({"external_id": "nobody"})))
        });
        let open = app.get("/v1/privacy-requests?status=open&count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(open.at("total"), 2, "asked again it is one: {open:?}");
        assert_eq!((open.at("/data/0/customer_id"), open.at("/data/0/export")), (&Value::Null, &Value::Null));
        let request = open.at("/data/1");
        assert_eq!((&request["kind"], &request["customer_id"], &request["external_id"]), (&json!("access"), &json!(id), &json!("9999")));
        let export = app.get(request["export"].as_str().unwrap()).bearer_auth(&shop.token).answer().await;
        assert_eq!(export.text("/customer/phone"), "13800001234");

        let path = format!("/v1/privacy-requests/{}", request["id"].as_str().unwrap());
        let closed = app.post(&format!("{path}/close")).bearer_auth(&shop.token).answer().await;
        assert_eq!((closed.status, closed.text("closed_by")), (200, "tester".into()), "{closed:?}");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.body, closed.body);
        let open = app.get("/v1/privacy-requests?status=open").bearer_auth(&shop.token).answer().await;
        assert_eq!(open.at("data").as_array().unwrap().len(), 1);

        let log = app.get("/v1/audit-log").bearer_auth(app.token(&shop.tenant, "settings:read")).answer().await;
        let actions: Vec<_> = log.at("data").as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["request_closed", "customer_exported", "access_requested", "access_requested"]);
        assert_eq!(log.at("/data/3/actor"), &json!(shop.id));
    }

    async fn a_platform_erases_whom_its_keys_lead_to_and_the_orders_that_it_names(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (buyer, request) in [
            ("by-id", json!({"external_id": "by-id", "orders": ["guest"]})),
            ("by-order", json!({"orders": ["o-by-order"]})),
            ("by-mail", json!({"email": "HONG@example.com"})),
            ("by-phone", json!({"phone": "+86 13800001234"})),
        ] {
            let id = shop.tell(&app, buyer, hong()).await;
            shop.order(&app, &format!("o-{buyer}"), order(buyer, json!({"external_id": buyer}))).await;
            shop.order(&app, "guest", order("guest", json!({}))).await;
            let erased = by_webhook(&app, &shop, |connection, act, shop| {
                service::redact(connection, act, shop, &asked(request.clone()))
            });
            assert_eq!(erased.iter().map(ToString::to_string).collect::<Vec<_>>(), [id], "{request}");
            let left = places(&app, &["13800001234", "张小红", "ong@example.com"]);
            assert!(left.iter().all(|place| place.starts_with("orders.personal")), "{request}: {left:?}");
        }
        assert_eq!(places(&app, &["13800001234", "张小红"]), Vec::<String>::new(), "the guest's order was named");
    }

    async fn somebody_who_was_erased_before_they_were_known_stays_unknown(app: TestApp) {
        let shop = Shop::open(&app).await;
        by_webhook(&app, &shop, |connection, act, shop| {
            service::redact(connection, act, shop, &asked(json!({"external_id": "ouid-1"})))
        });
        shop.order(&app, "late", order("late", json!({"external_id": "ouid-1"}))).await;
        assert_eq!(places(&app, &["ouid-1", "13800001234", "张小红"]), Vec::<String>::new());
    }

    async fn when_a_shop_leaves_those_whom_only_it_knows_are_erased(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = Shop { id: app.shop(&shop.tenant, "other").await, tenant: shop.tenant.clone(), token: shop.token.clone() };
        for number in 0..5 {
            shop.order(&app, &format!("o{number}"), order("x", json!({"external_id": format!("leaver-{number}")}))).await;
        }
        let stays = other.tell(&app, "stays", json!({"name": "李四"})).await;
        by_webhook(&app, &shop, service::shop_redact);
        // As the job does, which may be at it as well.
        while by_webhook(&app, &shop, |connection, act, shop| service::erase_of_shop(connection, act, shop, 2)) {}
        assert_eq!(places(&app, &["leaver-", "13800001234", "张小红"]), Vec::<String>::new());
        let read = app.get(&format!("/v1/customers/{stays}")).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("name"), "李四");
        let asked = app.get("/v1/privacy-requests").bearer_auth(&shop.token).answer().await;
        assert_eq!(asked.at("/data/0/kind"), "shop_erasure");
    }

    async fn when_a_shop_leaves_others_keep_what_they_told_themselves(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = Shop { id: app.shop(&shop.tenant, "other").await, tenant: shop.tenant.clone(), token: shop.token.clone() };
        let record = |name: &str, line: &str| json!({"version": "2026-10-01T00:00:00Z", "name": name, "phone": "+8613800001234",
            "phone_verified": true, "address": {"country": "CN", "city": "杭州", "line": line}});
        // The shop that leaves knew them first, so that they stand under who they are to it; a third was merged by hand.
        let first = shop.tell(&app, "leaver-1", record("张小红", "文三路 1 号")).await;
        let second = other.tell(&app, "stays-1", record("Hong", "南京西路 2 号")).await;
        assert_eq!(first, second, "the phone tells");
        let third = other.tell(&app, "stays-2", json!({"nick": "Red"})).await;
        let leaver = shop.tell(&app, "leaver-2", json!({"name": "小红"})).await;
        let merge = app.post(&format!("/v1/customers/{third}/merge")).bearer_auth(&shop.token)
            .json(&json!({"from": leaver})).answer().await;
        assert_eq!(merge.status, 201, "{merge:?}");
        for (shop, number, buyer) in [(&shop, 1, "leaver-1"), (&shop, 2, "leaver-2"), (&other, 3, "stays-1"), (&other, 4, "stays-2")] {
            let buyer = json!({"external_id": buyer, "name": if number < 3 { "张小红" } else { "Hong" }, "phone": null});
            shop.order(&app, &format!("o{number}"), order("x", buyer)).await;
        }
        by_webhook(&app, &shop, service::shop_redact);
        while by_webhook(&app, &shop, |connection, act, shop| service::erase_of_shop(connection, act, shop, 2)) {}
        assert_eq!(places(&app, &["leaver-", "张小红", "小红", "文三路"]), Vec::<String>::new());
        for (external_id, name, nick) in [("stays-1", json!("Hong"), Value::Null), ("stays-2", json!("Hong"), json!("Red"))] {
            let list = format!("/v1/customers?shop_id={}&external_id={external_id}", other.id);
            let list = app.get(&list).bearer_auth(&shop.token).answer().await;
            let path = format!("/v1/customers/{}/profile", list.text("/data/0/id"));
            let profile = app.get(&path).bearer_auth(&shop.token).answer().await;
            assert_eq!(profile.at("/facts/orders"), 1, "{profile:?}");
            assert_eq!((profile.at("/customer/name"), profile.at("/customer/nick")), (&name, &nick), "{external_id}");
            assert!(profile.at("/customer").get("erased_at").is_none(), "{profile:?}");
        }
        // The phone is still theirs: a record of another shop finds them, however old it is.
        let again = other.tell(&app, "stays-3", record("Hong", "南京西路 2 号")).await;
        let list = format!("/v1/customers?shop_id={}&external_id=stays-1", other.id);
        let list = app.get(&list).bearer_auth(&shop.token).answer().await;
        assert_eq!(list.text("/data/0/id"), again);
    }
}
