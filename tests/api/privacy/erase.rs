//! Whoever is erased is nowhere to be found, does not come back with old data, and can come back themselves.

use serde_json::{Value, json};

use super::dump::places;
use crate::customers::{Shop, hong};
use crate::support::{Send, TestApp, on_both};
use crate::webhooks::push::Pushing;

/// All that could tell who it was.
const PERSONAL: [&str; 13] = [
    "张小红",
    "Red Hong",
    "red hong",
    "13800001234",
    "8613800001234",
    "43210000831",
    "ong@example.com",
    "文三路",
    "310000",
    "1990-05-17",
    "王五",
    "13911112222",
    "ouid-1",
];

const BEFORE: &str = "2026-10-01T00:00:00Z";

fn order(external_id: &str, at: &str) -> Value {
    json!({"version": at, "status": "paid", "ordered_at": at, "paid_at": at, "total_amount": 100,
        "note": "leave it with 王五", "attributes": {"channel": "app"},
        "customer": {"external_id": external_id, "name": "张小红", "phone": "13800001234", "email": "Hong@example.com",
            "address": {"city": "杭州", "line": "文三路 1 号", "postcode": "310000"}},
        "lines": [{"sku": "S", "quantity": 1, "total_amount": 100}]})
}

/// A customer of whom everything is known.
async fn known(app: &TestApp, shop: &Shop) -> String {
    let mut record = hong();
    record["version"] = json!(BEFORE);
    let id = shop.tell(app, "ouid-1", record).await;
    shop.order(app, "o1", order("ouid-1", BEFORE)).await;
    shop.order(app, "o2", order("ouid-1", BEFORE)).await;
    let path = format!("/v1/customers/{id}");
    let consent = json!({"granted": true, "note": "asked 王五", "at": BEFORE});
    app.put(&format!("{path}/consents/sms")).bearer_auth(&shop.token).json(&consent).answer().await;
    let note = app
        .post(&format!("{path}/notes"))
        .bearer_auth(&shop.token)
        .header("idempotency-key", "n")
        .json(&json!({"text": "call 13911112222"}))
        .answer()
        .await;
    assert_eq!(note.status, 201, "{note:?}");
    let made = app
        .post("/v1/customers")
        .bearer_auth(&shop.token)
        .header("idempotency-key", "c")
        .json(&json!({"name": "somebody else"}))
        .answer()
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let event = json!({"shop_id": shop.id, "customer_external_id": "ouid-1", "type": "review", "occurred_at": BEFORE,
        "properties": {"text": "13911112222"}, "external_id": "e-ouid-1"});
    app.post("/v1/events").bearer_auth(&shop.token).json(&event).answer().await;
    id
}

async fn erase(app: &TestApp, shop: &Shop, id: &str) {
    let answer = app.delete(&format!("/v1/customers/{id}")).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

async fn summary(app: &TestApp, shop: &Shop) -> Value {
    let token = app.token(&shop.tenant, "orders:read customers:read");
    let answer = app.get("/v1/analytics/summary").bearer_auth(token).answer().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut figures = answer.body;
    // Whoever was erased is no customer any more; what they bought was bought.
    figures["customers"].take();
    figures
}

/// The customers whom the shop knows by this id.
async fn by_key(app: &TestApp, shop: &Shop, external_id: &str) -> Vec<String> {
    let path = format!("/v1/customers?shop_id={}&external_id={external_id}", shop.id);
    let list = app.get(&path).bearer_auth(&shop.token).answer().await;
    let ids = list
        .at("data")
        .as_array()
        .unwrap()
        .iter()
        .map(|customer| customer["id"].as_str().unwrap().to_string());
    ids.collect()
}

on_both! {
    async fn nothing_in_the_database_tells_who_it_was_and_no_sum_changes(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = known(&app, &shop).await;
        let before = summary(&app, &shop).await;
        let profile = |id: String, token: String| {
            let app = &app;
            async move { app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(token).answer().await }
        };
        let facts = profile(id.clone(), shop.token.clone()).await.at("facts").clone();
        assert!(!places(&app, &PERSONAL).is_empty());
        erase(&app, &shop, &id).await;
        assert_eq!(places(&app, &PERSONAL), Vec::<String>::new());
        assert_eq!(summary(&app, &shop).await, before);
        let after = profile(id.clone(), shop.token.clone()).await;
        assert_eq!((after.status, after.at("facts")), (200, &facts));
        assert!(after.at("/customer/erased_at").is_string(), "{after:?}");
        assert_eq!(after.at("/recent_orders/0/lines/0/sku"), "S");
        assert_eq!(by_key(&app, &shop, "ouid-1").await, Vec::<String>::new());
        let all = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(all.at("total"), 1, "{all:?}");

        let log = app.get(&format!("/v1/audit-log?object={id}")).bearer_auth(app.token(&shop.tenant, "settings:read")).answer().await;
        assert_eq!((log.text("/data/0/action"), log.text("/data/0/actor")), ("customer_erased".into(), "tester".into()));
        erase(&app, &shop, &id).await;
        let log = app.get("/v1/audit-log?count=exact").bearer_auth(app.token(&shop.tenant, "settings:read")).answer().await;
        assert_eq!(log.at("total"), 1, "erasing again changes nothing");
    }

    async fn old_data_that_comes_again_does_not_bring_them_back(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = known(&app, &shop).await;
        erase(&app, &shop, &id).await;
        let before = summary(&app, &shop).await;

        shop.order(&app, "o1", order("ouid-1", BEFORE)).await;
        let mut late = order("ouid-1", BEFORE);
        late["version"] = json!("2026-11-01T00:00:00Z");
        late["status"] = json!("completed");
        shop.order(&app, "o2", late).await;
        let mut thin = order("ouid-1", BEFORE);
        thin.as_object_mut().unwrap().remove("ordered_at");
        thin["version"] = json!("2026-11-02T00:00:00Z");
        thin["status"] = json!("completed");
        shop.order(&app, "o2", thin).await;
        assert_eq!(summary(&app, &shop).await, before);
        shop.order(&app, "o3", order("ouid-1", "2026-10-02T00:00:00Z")).await;

        let mut record = hong();
        let path = shop.path("ouid-1");
        let put = |record: Value| app.put(&path).bearer_auth(&shop.token).json(&record).answer();
        put(record.clone()).await.assert_problem(409, "customer_erased");
        record["version"] = json!(BEFORE);
        put(record.clone()).await.assert_problem(409, "customer_erased");
        record["shop_id"] = json!(shop.id);
        record["external_id"] = json!("ouid-1");
        let batch = app.post("/v1/customers/batch").bearer_auth(&shop.token).json(&json!({"customers": [record]})).answer().await;
        assert_eq!(batch.text("/results/0/error/code"), "customer_erased");
        let event = json!({"shop_id": shop.id, "customer_external_id": "ouid-1", "type": "view", "occurred_at": BEFORE});
        app.post("/v1/events").bearer_auth(&shop.token).json(&event).answer().await.assert_problem(409, "customer_erased");
        let event = json!({"customer_id": id, "type": "view"});
        app.post("/v1/events").bearer_auth(&shop.token).json(&event).answer().await.assert_problem(409, "customer_erased");
        let note = app.post(&format!("/v1/customers/{id}/notes")).bearer_auth(&shop.token).json(&json!({"text": "x"})).answer().await;
        note.assert_problem(409, "customer_erased");
        let patch = app.patch(&format!("/v1/customers/{id}")).bearer_auth(&shop.token).json(&json!({"name": "x"})).answer().await;
        patch.assert_problem(409, "customer_erased");

        assert_eq!(places(&app, &PERSONAL), Vec::<String>::new());
        assert_eq!(by_key(&app, &shop, "ouid-1").await, Vec::<String>::new());
        let orders = app.get("/v1/orders").bearer_auth(app.token(&shop.tenant, "orders:read pii:read")).answer().await;
        let guests: Vec<_> = orders.at("data").as_array().unwrap().iter()
            .map(|order| (order["external_id"].as_str().unwrap(), order["customer_id"] == id, order["status"].as_str().unwrap()))
            .collect();
        assert_eq!(guests, [("o3", false, "paid"), ("o2", true, "completed"), ("o1", true, "paid")], "{orders:?}");
    }

    async fn what_platforms_push_late_about_somebody_erased_is_not_kept_in_the_inbox(app: TestApp) {
        let tenant = app.tenant().await;
        let pushing = Pushing::new(&app, &tenant, "standard").await;
        let mut told = order("ouid-1", BEFORE);
        told["external_id"] = json!("o1");
        assert_eq!(pushing.push_order(&app, "first", &told).await.status, 200);
        let orders = pushing.orders(&app).await;
        let id = orders[0]["customer_id"].as_str().unwrap();
        let token = app.token(&tenant, "customers:write pii:read");
        let erased = app.delete(&format!("/v1/customers/{id}")).bearer_auth(&token).answer().await;
        assert_eq!(erased.status, 204, "{erased:?}");

        told["external_id"] = json!("o2");
        assert_eq!(pushing.push_order(&app, "late", &told).await.status, 200);
        let mut record = hong();
        record["external_id"] = json!("ouid-1");
        record["version"] = json!(BEFORE);
        let body = json!({"type": "customer.updated", "data": record}).to_string();
        assert_eq!(pushing.push(&app, "record", &[], body.as_bytes()).await.status, 200);
        pushing.orders(&app).await;
        let told: Vec<_> = pushing.deliveries(&app).await.iter()
            .map(|delivery| (delivery["delivery_key"].clone(), delivery["status"].clone(), delivery["subject"].clone()))
            .collect();
        let expected = [("record", "ignored"), ("late", "applied")];
        let expected: Vec<_> = expected.iter().map(|(key, status)| (json!(key), json!(status), json!(null))).collect();
        assert_eq!(told, expected);
        assert_eq!(places(&app, &PERSONAL), Vec::<String>::new());
    }

    async fn a_later_purchase_makes_a_new_customer(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = known(&app, &shop).await;
        erase(&app, &shop, &id).await;
        let clock = huitou::clock::Clock::now(&huitou::clock::SystemClock).to_string();
        shop.order(&app, "new", order("ouid-1", &clock)).await;
        let found = by_key(&app, &shop, "ouid-1").await;
        assert_eq!(found.len(), 1);
        assert_ne!(found[0], id);
        let profile = app.get(&format!("/v1/customers/{}/profile", found[0])).bearer_auth(&shop.token).answer().await;
        assert_eq!((profile.at("/facts/orders"), profile.text("/customer/name")), (&json!(1), "张小红".into()));
        // Old data of the person they were stays away from the one they are.
        shop.order(&app, "o1", order("ouid-1", BEFORE)).await;
        let profile = app.get(&format!("/v1/customers/{}/profile", found[0])).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 1);
        let event = json!({"shop_id": shop.id, "customer_external_id": "ouid-1", "type": "view", "occurred_at": BEFORE});
        app.post("/v1/events").bearer_auth(&shop.token).json(&event).answer().await.assert_problem(409, "customer_erased");
    }

    async fn another_tenant_keeps_what_it_has(app: TestApp) {
        let (shop, other) = (Shop::open(&app).await, Shop::open(&app).await);
        let id = known(&app, &shop).await;
        let theirs = other.tell(&app, "ouid-1", hong()).await;
        app.delete(&format!("/v1/customers/{theirs}")).bearer_auth(&shop.token).answer().await.assert_problem(404, "not_found");
        erase(&app, &shop, &id).await;
        assert_eq!(by_key(&app, &other, "ouid-1").await, [theirs]);
    }

    async fn an_erasure_honours_if_match(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", hong()).await;
        let path = format!("/v1/customers/{id}");
        let answer = app.delete(&path).bearer_auth(&shop.token).header("if-match", "\"stale\"").answer().await;
        answer.assert_problem(412, "precondition_failed");
    }
}
