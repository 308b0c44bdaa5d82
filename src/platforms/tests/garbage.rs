//! Whatever arrives: an answer, never a panic, in linear time, and no order beyond the limits.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::validation::Report;

const PLATFORMS: [&str; 5] = ["standard", "shopify", "woocommerce", "youzan", "douyin"];

/// Words that the adapters look for, so that chance finds its way in.
const WORDS: [&str; 60] = [
    "id",
    "type",
    "data",
    "tag",
    "msg",
    "status",
    "version",
    "orders",
    "external_id",
    "order_id",
    "updated_at",
    "created_at",
    "processed_at",
    "currency",
    "total_price",
    "line_items",
    "price",
    "quantity",
    "refunds",
    "transactions",
    "customer",
    "shipping_address",
    "fulfillments",
    "variant_title",
    "total",
    "date_modified_gmt",
    "date_paid_gmt",
    "billing",
    "meta_data",
    "key",
    "value",
    "full_order_info",
    "order_info",
    "pay_info",
    "payment",
    "sku_properties_name",
    "k",
    "v",
    "trade",
    "update_time",
    "refund_order",
    "p_id",
    "create_time",
    "pay_amount",
    "sku_order_list",
    "spec",
    "name",
    "orders/create",
    "order.updated",
    "customers/redact",
    "trade_TradePaid",
    "USD",
    "CNY",
    "2026-11-11T00:00:00Z",
    "2026-11-11 00:00:00",
    "12.50",
    "-3",
    "paid",
    "&amp;<b>",
    "%E9%A2%9C",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![3 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,40}"]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn topics() -> impl Strategy<Value = String> {
    let known = [
        "orders/create",
        "orders/paid",
        "orders/delete",
        "refunds/create",
        "fulfillments/update",
        "customers/update",
        "customers/redact",
        "customers/data_request",
        "shop/redact",
        "customers_marketing_consent/update",
        "order.updated",
        "order.deleted",
        "customer.created",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,20}"]
}

/// Sends a body to every platform, signed with nonsense, and holds what must hold of every answer.
fn survives(topic: &str, signature: &str, body: &[u8]) {
    let names = [
        "X-Shopify-Topic",
        "X-WC-Webhook-Topic",
        "X-Shopify-Hmac-Sha256",
        "X-WC-Webhook-Signature",
        "Event-Sign",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "X-Shopify-Webhook-Id",
        "X-Shopify-Triggered-At",
    ];
    let headers = names.map(|name| (name, if name.ends_with("Topic") { topic } else { signature }));
    let secrets = [
        secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        fields([("client_id", "a"), ("client_secret", "b"), ("app_key", "a"), ("app_secret", "b")]),
    ];
    for platform in PLATFORMS {
        let sent = Sent::new(platform, &headers, body);
        assert!(sent.verify(&secrets, context().received_at).is_err(), "{platform}");
        let Ok(delivery) = sent.try_parse() else { continue };
        assert!((1..=200).contains(&delivery.delivery_key.len()), "{platform}");
        for (id, document) in orders(delivery) {
            assert!(!id.is_empty());
            assert_eq!(Report::of(&document), [], "{platform}");
        }
    }
}

/// Replaces the leaf that the steps lead to.
fn replace(value: &mut Value, steps: &[prop::sample::Index], with: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = with.clone();
        return;
    };
    match value {
        Value::Array(entries) if !entries.is_empty() => {
            let index = step.index(entries.len());
            replace(&mut entries[index], rest, with);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let index = step.index(fields.len());
            if let Some(field) = fields.values_mut().nth(index) {
                replace(field, rest, with);
            }
        }
        _ => *value = with.clone(),
    }
}

fn fixtures() -> Vec<(&'static str, Value)> {
    let youzan = |name: &str| json!({"type": "TRADE", "version": 1, "msg": json(&fixture(name)).to_string()});
    let detail = json(&fixture("douyin/detail.json"));
    vec![
        ("orders/updated", json(&fixture("shopify/order.json"))),
        ("order.updated", json(&fixture("woocommerce/order.json"))),
        ("", youzan("youzan/trade_v4.json")),
        ("", youzan("youzan/trade_v3.json")),
        ("", json!([{"tag": "101", "data": detail}])),
    ]
}

proptest! {
    #[test]
    fn bytes(topic in topics(), signature in ".{0,60}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&topic, &signature, &body);
    }

    #[test]
    fn json_of_any_shape(topic in topics(), body in values()) {
        survives(&topic, "1790000000", body.to_string().as_bytes());
    }

    #[test]
    fn real_bodies_with_one_place_replaced(
        which in 0..5usize,
        steps in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        with in values(),
    ) {
        let (topic, mut body) = fixtures().swap_remove(which);
        replace(&mut body, &steps, &with);
        survives(topic, "x", body.to_string().as_bytes());
    }

    #[test]
    fn truncated_bodies(which in 0..5usize, at in any::<prop::sample::Index>()) {
        let (topic, body) = fixtures().swap_remove(which);
        let body = body.to_string();
        survives(topic, "x", &body.as_bytes()[..at.index(body.len())]);
    }
}

#[test]
fn a_megabyte_of_anything_takes_no_more_than_linear_time() {
    let million = 1_000_000;
    let woo = |text: String| json!({"id": 1, "line_items": [{"name": text, "total": "1"}]});
    let codes: Vec<Value> = (0..100_000).map(|index| json!({"code": index.to_string()})).collect();
    let properties: Vec<Value> =
        (0..50_000).map(|index| json!({"name": index.to_string(), "value": 1})).collect();
    let messages: Vec<Value> =
        (0..20_000).map(|index| json!({"tag": "100", "data": {"p_id": index + 1}})).collect();
    let pairs = "a:b;".repeat(million / 4);
    let bodies = [
        ("order.updated", woo("<".repeat(million))),
        ("order.updated", woo("&".repeat(million))),
        ("order.updated", woo("<a".repeat(million / 2))),
        ("orders/create", json!({"id": 1, "discount_codes": codes, "note_attributes": properties})),
        ("orders/create", json!({"id": 1, "total_price": "1".repeat(million)})),
        ("", json!({"type": "TRADE", "id": "E1", "msg": "%".repeat(million)})),
        (
            "",
            json!({"type": "TRADE", "id": "E1", "msg": json!({"orders": [{"sku_properties_name": pairs}]}).to_string()}),
        ),
        ("", Value::from(messages)),
    ];
    for (topic, body) in bodies {
        let body = body.to_string();
        let started = Instant::now();
        survives(topic, "x", body.as_bytes());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{took:?} for {}", &body[..60]);
    }
    survives("orders/create", "x", "[".repeat(million).as_bytes());
    survives("orders/create", &"v1,AAAA ".repeat(10_000), b"{}");
}
