//! Who is one person, by what platforms vouch for: records of customers and buyers of orders alike, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::push::Pushing;
use crate::support::{Send, TestApp, TestTenant, on_both};

const PHONE: &str = "13800001234";
const MAILBOX: &str = "Ann@Example.com";

impl Pushing {
    /// Pushes what has to be taken.
    async fn tells(&self, app: &TestApp, topic: &str, body: &Value) {
        let headers = match self.platform.as_str() {
            "shopify" => vec![("X-Shopify-Topic", topic)],
            "woocommerce" => vec![("X-WC-Webhook-Topic", topic)],
            _ => Vec::new(),
        };
        let body = body.to_string();
        let answer = self.push(app, &format!("{topic}-{}", body.len()), &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let deliveries = self.deliveries(app).await;
        assert_eq!(deliveries[0]["status"], "applied", "{deliveries:?}");
    }

    /// The customers whom this shop knows by an id.
    async fn found(&self, app: &TestApp, external_id: &str) -> String {
        let token = app.token(&self.tenant, "customers:read pii:read");
        let path = format!("/v1/customers?shop_id={}&external_id={external_id}", self.shop);
        let list = app.get(&path).bearer_auth(token).answer().await;
        list.text("/data/0/id")
    }
}

async fn set(app: &TestApp, tenant: &TestTenant, settings: &Value) {
    let token = app.token(tenant, "settings:write");
    let changed = app.patch("/v1/settings").bearer_auth(token).json(settings).answer().await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

async fn reason(app: &TestApp, shop: &Pushing, customer: &str) -> Value {
    let token = app.token(&shop.tenant, "customers:read pii:read");
    let merges = app.get(&format!("/v1/customers/{customer}/merges")).bearer_auth(token).answer().await;
    merges.at("/data/0/reason").clone()
}

/// Shopify's record of a customer.
fn record(id: i64, verified: bool) -> Value {
    json!({"id": id, "updated_at": "2026-11-01T10:00:00+08:00", "first_name": "Ann", "email": MAILBOX,
        "verified_email": verified, "phone": "+8613800001234"})
}

/// Shopify's order of a customer.
fn shopify_order(id: i64, customer: i64, verified: bool) -> Value {
    json!({"id": id, "created_at": "2026-11-02T10:00:00+08:00", "updated_at": "2026-11-02T10:00:00+08:00",
        "currency": "CNY", "total_price": "9.00", "financial_status": "paid", "email": MAILBOX,
        "customer": {"id": customer, "email": MAILBOX, "verified_email": verified, "phone": "+8613800001234"},
        "line_items": [{"id": 1, "sku": "A", "price": "9.00", "quantity": 1}]})
}

/// 有赞's trade, with the phone that the buyer has bound and that of the parcel.
fn trade(id: &str, open_id: &str, bound: Option<&str>, parcel: &str) -> Value {
    let message = json!({"full_order_info": {
        "order_info": {"tid": id, "status": "TRADE_PAID", "created": "2026-11-03 10:00:00",
            "pay_time": "2026-11-03 10:01:00"},
        "pay_info": {"payment": "9.00"},
        "buyer_info": {"yz_open_id": open_id, "buyer_phone": bound},
        "address_info": {"receiver_tel": parcel},
        "orders": [{"oid": "1", "outer_sku_id": "A", "num": 1, "price": "9.00", "payment": "9.00"}]}});
    json!({"client_id": "c", "id": id, "kdt_id": 1, "msg": message, "msg_id": format!("{id}-1"), "test": false,
        "type": "trade_TradePaid", "version": 1})
}

fn woo_order(id: i64, customer: i64) -> Value {
    json!({"id": id, "status": "processing", "currency": "CNY", "total": "9.00", "customer_id": customer,
        "date_created_gmt": "2026-11-04T10:00:00", "date_modified_gmt": "2026-11-04T10:00:00",
        "date_paid_gmt": "2026-11-04T10:00:00", "billing": {"email": MAILBOX, "phone": PHONE},
        "line_items": [{"id": 1, "sku": "A", "quantity": 1, "subtotal": "9.00", "total": "9.00"}]})
}

fn relayed(external_id: &str, vouched: Value) -> Value {
    let mut data = json!({"external_id": external_id, "version": "2026-11-05T00:00:00Z", "phone": PHONE,
        "email": MAILBOX});
    data.as_object_mut().unwrap().extend(vouched.as_object().unwrap().clone());
    json!({"type": "customer.updated", "data": data})
}

on_both! {
    async fn a_mailbox_that_a_record_vouches_for_tells_the_same_person_in_another_shop(app: TestApp) {
        let tenant = app.tenant().await;
        let (one, other) = (Pushing::new(&app, &tenant, "shopify").await, Pushing::new(&app, &tenant, "shopify").await);
        one.tells(&app, "customers/update", &record(7, true)).await;
        other.tells(&app, "customers/create", &record(8, true)).await;
        let customer = one.found(&app, "7").await;
        assert_eq!(other.found(&app, "8").await, customer);
        assert_eq!(reason(&app, &one, &customer).await, "verified_email");
        // The buyer of an order too.
        let third = Pushing::new(&app, &tenant, "shopify").await;
        third.tells(&app, "orders/create", &shopify_order(1, 9, true)).await;
        assert_eq!(third.found(&app, "9").await, customer);
    }

    async fn a_phone_that_a_buyer_has_bound_tells_them_from_shop_to_shop(app: TestApp) {
        let tenant = app.tenant().await;
        // Where phones without a country code belong.
        set(&app, &tenant, &json!({"country": "CN"})).await;
        let (youzan, relay) = (Pushing::new(&app, &tenant, "youzan").await, Pushing::new(&app, &tenant, "standard").await);
        youzan.tells(&app, "", &trade("E1", "open-1", Some(PHONE), "13911112222")).await;
        relay.tells(&app, "", &relayed("u1", json!({"phone_verified": true}))).await;
        let customer = youzan.found(&app, "open-1").await;
        assert_eq!(relay.found(&app, "u1").await, customer);
        assert_eq!(reason(&app, &relay, &customer).await, "verified_phone");
        // Whom a platform knows by its stable id is the same whatever the next message says of a phone.
        youzan.tells(&app, "", &trade("E2", "open-1", None, "13911112222")).await;
        let orders = youzan.orders(&app).await;
        assert!(orders.len() == 2 && orders.iter().all(|order| order["customer_id"] == json!(customer)), "{orders:?}");
    }

    async fn what_nobody_vouches_for_joins_nobody(app: TestApp) {
        let tenant = app.tenant().await;
        let known = Pushing::new(&app, &tenant, "standard").await;
        known.tells(&app, "", &relayed("known", json!({"phone_verified": true, "email_verified": true}))).await;
        let mut people = BTreeSet::from([known.found(&app, "known").await]);
        let shopify = Pushing::new(&app, &tenant, "shopify").await;
        shopify.tells(&app, "customers/update", &record(7, false)).await;
        shopify.tells(&app, "orders/create", &shopify_order(1, 8, false)).await;
        let woo = Pushing::new(&app, &tenant, "woocommerce").await;
        woo.tells(&app, "order.created", &woo_order(1, 7)).await;
        let customer = json!({"id": 8, "email": MAILBOX, "billing": {"phone": PHONE, "email": MAILBOX}});
        woo.tells(&app, "customer.created", &customer).await;
        let youzan = Pushing::new(&app, &tenant, "youzan").await;
        youzan.tells(&app, "", &trade("E1", "open-1", None, PHONE)).await;
        youzan.tells(&app, "", &trade("E2", "open-2", Some("138****1234"), PHONE)).await;
        youzan.tells(&app, "", &trade("E3", "open-3", Some("13800001234-123"), PHONE)).await;
        let relay = Pushing::new(&app, &tenant, "standard").await;
        relay.tells(&app, "", &relayed("u1", json!({}))).await;
        relay.tells(&app, "", &relayed("u2", json!({"phone_verified": false, "email_verified": false}))).await;
        let douyin = Pushing::new(&app, &tenant, "douyin").await;
        let detail = json!({"order_id": "1", "create_time": 1_762_000_000, "doudian_open_id": "open-1",
            "mask_post_tel": PHONE, "sku_order_list": [{"order_id": "1", "item_num": 1, "pay_amount": 900}]});
        douyin.tells(&app, "", &json!([{"tag": "101", "msg_id": "1", "data": detail}])).await;
        for (shop, ids) in [
            (&shopify, &["7", "8"][..]), (&woo, &["7", "8"]), (&youzan, &["open-1", "open-2", "open-3"]),
            (&relay, &["u1", "u2"]), (&douyin, &["open-1"]),
        ] {
            for id in ids {
                assert!(people.insert(shop.found(&app, id).await), "{} {id} is somebody else", shop.platform);
            }
        }
        assert_eq!(people.len(), 11);
    }

    async fn the_policy_stands_above_what_platforms_vouch_for(app: TestApp) {
        let tenant = app.tenant().await;
        set(&app, &tenant, &json!({"identity_policy": {"match_verified_email": false}})).await;
        let (one, other) = (Pushing::new(&app, &tenant, "shopify").await, Pushing::new(&app, &tenant, "shopify").await);
        one.tells(&app, "customers/update", &record(7, true)).await;
        other.tells(&app, "customers/update", &record(8, true)).await;
        assert_ne!(one.found(&app, "7").await, other.found(&app, "8").await);
    }

    async fn what_was_pushed_before_a_match_comes_along_with_it(app: TestApp) {
        let tenant = app.tenant().await;
        let (one, other) = (Pushing::new(&app, &tenant, "shopify").await, Pushing::new(&app, &tenant, "shopify").await);
        one.tells(&app, "orders/create", &shopify_order(1, 7, true)).await;
        other.tells(&app, "orders/create", &shopify_order(2, 8, false)).await;
        assert_ne!(one.found(&app, "7").await, other.found(&app, "8").await);
        // The customer clicks the link in the shop's mail, and the platform says so.
        other.tells(&app, "customers/update", &record(8, true)).await;
        let customer = one.found(&app, "7").await;
        assert_eq!(other.found(&app, "8").await, customer);
        let token = app.token(&tenant, "customers:read");
        let profile = app.get(&format!("/v1/customers/{customer}/profile")).bearer_auth(token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 2, "{profile:?}");
    }
}
