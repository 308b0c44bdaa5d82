//! A person of whom several shops tell, merged by keys and by hand, is erased as a whole, by whichever id.

use serde_json::{Value, json};

use super::dump::places;
use crate::customers::Shop;
use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant, on_both};
use crate::webhooks::push::Pushing;

/// All that could tell who it was: what each shop calls them, and what was written about them.
const PERSONAL: [&str; 24] = [
    "张小红",
    "Hong Zhang",
    "hong zhang",
    "小红帽",
    "Little Red",
    "1990-05-17",
    "13800001234",
    "138 0000 1234",
    "8613800001234",
    "43210000831",
    "13911112222",
    "22221111931",
    "hong@example.com",
    "Hong@Example.com",
    "z.hong@work.example",
    "文三路",
    "南京西路",
    "310000",
    "200041",
    "王五",
    "ouid-1",
    "web-7",
    "card-9",
    "stylist-4",
];

const BEFORE: &str = "2026-10-01T00:00:00Z";

/// A relay that pushes, a website and a till: three shops of one tenant.
struct Brand {
    tenant: TestTenant,
    relay: Pushing,
    web: Shop,
    till: Shop,
    token: String,
}

impl Brand {
    async fn open(app: &TestApp) -> Self {
        let tenant = app.tenant().await;
        let relay = Pushing::new(app, &tenant, "standard").await;
        let scopes = "customers:read customers:write orders:read orders:write tags:write settings:write \
            campaigns:read campaigns:write pii:read";
        let token = app.token(&tenant, scopes);
        let settings =
            app.patch("/v1/settings").bearer_auth(&token).json(&json!({"country": "CN"})).answer().await;
        assert_eq!(settings.status, 200, "{settings:?}");
        let shop = async |name| Shop {
            tenant: tenant.clone(),
            id: app.shop(&tenant, name).await,
            token: token.clone(),
        };
        let (web, till) = (shop("web").await, shop("till").await);
        Self { tenant, relay, web, till, token }
    }

    async fn post(&self, app: &TestApp, path: &str, body: Value) -> Response {
        let answer = app.post(path).bearer_auth(&self.token).json(&body).answer().await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer
    }

    async fn push(&self, app: &TestApp, id: &str, body: Value) {
        let answer = self.relay.push(app, id, &[], body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What the platform behind the relay tells, in deliveries about one, about several and about nobody's order.
    async fn told_by_webhook(&self, app: &TestApp) {
        let record = json!({"external_id": "ouid-1", "version": BEFORE, "name": "张小红", "nick": "小红帽",
            "birthday": "1990-05-17", "phone": "13800001234", "phone_verified": true, "email": "Hong@Example.com",
            "email_verified": true, "address": {"country": "CN", "city": "杭州", "line": "文三路 1 号", "postcode": "310000"},
            "attributes": {"stylist": "stylist-4"}, "tags": ["老客"],
            "consents": [{"channel": "sms", "granted": true, "at": BEFORE}]});
        self.push(app, "record", json!({"type": "customer.updated", "data": record})).await;
        let order = |id: &str| {
            let mut order = order(json!({"external_id": "ouid-1", "name": "张小红", "phone": "13800001234"}));
            order["external_id"] = json!(id);
            order
        };
        self.push(app, "one", json!({"type": "order.updated", "data": order("r1")})).await;
        self.push(app, "two", json!({"type": "order.updated", "data": [order("r2"), order("r3")]})).await;
        let mut broken = order("r4");
        broken["status"] = json!("lost");
        self.push(app, "broken", json!({"type": "order.updated", "data": broken})).await;
        let asked = json!({"email": "hong@example.com", "request_id": "q1"});
        self.push(app, "asked", json!({"type": "customer.data_request", "data": asked})).await;
    }

    /// What people at the desk write about a customer.
    async fn written(&self, app: &TestApp, id: &str) {
        let path = format!("/v1/customers/{id}");
        let note = app
            .post(&format!("{path}/notes"))
            .bearer_auth(&self.token)
            .header("idempotency-key", format!("note-{id}"));
        let note = note.json(&json!({"text": "her friend 王五 picks it up"})).answer().await;
        assert_eq!(note.status, 201, "{note:?}");
        let event = json!({"customer_id": id, "shop_id": self.web.id, "type": "review", "occurred_at": BEFORE, "properties": {"text": "王五 likes it too"},
            "external_id": format!("review of 王五 {id}")});
        self.post(app, "/v1/events", event).await;
        let consent = json!({"granted": false, "note": "said 王五", "at": BEFORE});
        let said =
            app.put(&format!("{path}/consents/email")).bearer_auth(&self.token).json(&consent).answer().await;
        assert_eq!(said.status, 200, "{said:?}");
        let touch = json!({"touches": [{"external_id": format!("t-{id}"), "customer_id": id, "channel": "call",
            "outcome": "objection", "occurred_at": BEFORE, "objection": "王五 has one"}]});
        self.post(app, "/v1/touches", touch).await;
        let tagged = app.put(&format!("{path}/tags/vip")).bearer_auth(&self.token).answer().await;
        assert!(tagged.status < 300, "{tagged:?}");
    }
}

/// An order with everything that a buyer can leave in it.
fn order(buyer: Value) -> Value {
    json!({"version": BEFORE, "status": "paid", "ordered_at": BEFORE, "paid_at": BEFORE, "total_amount": 100,
        "note": "leave it with 王五", "attributes": {"gift": "for 王五", "channel": "app"}, "customer": buyer,
        "lines": [{"sku": "S", "attributes": {"size": "M", "engraving": "王五 ♥"}, "quantity": 1, "total_amount": 100}]})
}

on_both! {
    async fn a_merged_person_is_nowhere_to_be_found_and_who_was_parted_stays(app: TestApp) {
        let brand = Brand::open(&app).await;
        brand.told_by_webhook(&app).await;
        // The website vouches for the same phone, so that the two are one.
        let web = json!({"version": BEFORE, "name": "Hong Zhang", "phone": "+86 138 0000 1234", "phone_verified": true,
            "email": "z.hong@work.example", "email_verified": true, "address": {"country": "CN", "city": "上海",
            "line": "南京西路 2 号", "postcode": "200041"}});
        let web = brand.web.tell(&app, "web-7", web).await;
        brand.web.order(&app, "w1", order(json!({"external_id": "web-7", "name": "Hong Zhang"}))).await;
        // Of the till's customer the desk knows.
        let card = json!({"version": BEFORE, "name": "Little Red", "phone": "13911112222"});
        let card = brand.till.tell(&app, "card-9", card).await;
        brand.till.order(&app, "t1", order(json!({"external_id": "card-9", "name": "Little Red"}))).await;
        brand.written(&app, &card).await;
        let merge = app.post(&format!("/v1/customers/{web}/merge")).bearer_auth(&brand.token)
            .header("idempotency-key", "merge").json(&json!({"from": card})).answer().await;
        assert_eq!(merge.status, 201, "{merge:?}");
        // Somebody else was merged by mistake, and parted.
        let other = json!({"version": BEFORE, "name": "李四", "phone": "13755556666"});
        let other = brand.till.tell(&app, "card-10", other).await;
        let mistake = brand.post(&app, &format!("/v1/customers/{web}/merge"), json!({"from": other})).await;
        brand.post(&app, &format!("/v1/merges/{}/undo", mistake.text("id")), json!({})).await;
        brand.written(&app, &web).await;
        let patched = app.patch(&format!("/v1/customers/{web}")).bearer_auth(&brand.token)
            .json(&json!({"nick": "小红帽"})).answer().await;
        assert_eq!(patched.status, 200, "{patched:?}");
        let survivor = patched.text("id");
        let profile = app.get(&format!("/v1/customers/{survivor}/profile")).bearer_auth(&brand.token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 5, "{profile:?}");

        let held = places(&app, &PERSONAL);
        for table in ["customers.", "identities.", "match_keys.", "match_links.", "merges.", "own_contacts.", "orders.personal",
            "orders.attributes", "order_lines.attributes", "notes.", "events.properties", "events.external_id", "consents.note",
            "touches.objection", "webhook_deliveries.body", "webhook_deliveries.subject", "idempotency_keys."] {
            assert!(held.iter().any(|place| place.starts_with(table)), "the test puts nothing into {table}");
        }

        let erased = app.delete(&format!("/v1/customers/{card}")).bearer_auth(&brand.token).answer().await;
        assert_eq!(erased.status, 204, "{erased:?}");
        assert_eq!(places(&app, &PERSONAL), Vec::<String>::new());

        let after = app.get(&format!("/v1/customers/{survivor}/profile")).bearer_auth(&brand.token).answer().await;
        assert_eq!(after.at("/facts"), profile.at("/facts"), "no sum changes");
        let stays = app.get(&format!("/v1/customers/{other}")).bearer_auth(&brand.token).answer().await;
        assert_eq!((stays.text("id"), stays.text("name"), stays.text("phone")), (other, "李四".into(), "13755556666".into()));

        // All of it comes again, whatever the way in.
        brand.told_by_webhook(&app).await;
        brand.web.order(&app, "w1", order(json!({"external_id": "web-7", "name": "Hong Zhang"}))).await;
        brand.till.order(&app, "t1", order(json!({"external_id": "card-9", "name": "Little Red"}))).await;
        brand.relay.orders(&app).await;
        let left: Vec<String> = places(&app, &PERSONAL);
        // What cannot be read is kept as it came, for it tells of nobody that anything here knows.
        let unread = |place: &String| place.starts_with("webhook_deliveries.body");
        assert!(left.iter().all(unread), "{left:?}");
        assert_eq!(brand.tenant.id, brand.relay.tenant.id);
    }
}
