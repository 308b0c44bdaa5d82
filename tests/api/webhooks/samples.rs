//! The collected payloads and signed requests of real platforms, sent to the running service.

use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};

use super::push::Pushing;
use crate::support::{Send, TestApp, TestTenant, on_both};

/// A file of the collected samples, which lie beside the repository and not in it.
fn sample(path: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let found = std::fs::read(beside.join("samples").join(path)).ok();
    if found.is_none() {
        println!("SKIPPED: ../shared/samples/{path} is not there");
    }
    found
}

/// What a person checked the sample to tell, event by event.
fn expected(path: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/platforms/expected/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every sample with an expectation: its path and its topic.
fn samples() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for platform in ["shopify", "woocommerce", "youzan", "douyin"] {
        let folder = format!("{}/tests/fixtures/platforms/expected/{platform}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let topic =
                TOPICS.iter().find(|(start, _)| name.starts_with(start)).map_or("", |(_, topic)| topic);
            found.push((format!("{platform}/{name}"), topic));
        }
    }
    found.sort();
    found
}

/// What the headers call the samples, by the beginning of their names; the first that fits.
const TOPICS: &[(&str, &str)] = &[
    ("customers_create", "customers/create"),
    ("customers_redact", "customers/redact"),
    ("customers_update", "customers/update"),
    ("fulfillments_create", "fulfillments/create"),
    ("order_rest_fixture", "orders/updated"),
    ("orders_cancelled", "orders/cancelled"),
    ("orders_paid", "orders/paid"),
    ("orders_updated", "orders/updated"),
    ("orders_", "orders/create"),
    ("refunds_create", "refunds/create"),
    ("customer_created", "customer.created"),
    ("order_created", "order.created"),
    ("order_deleted", "order.deleted"),
    ("order_", "order.updated"),
];

/// The messages of Youzan lie there decoded; on the wire they are URL-encoded in an envelope.
fn on_the_wire(path: &str, body: Vec<u8>) -> Vec<u8> {
    let (topic, status) = match path {
        path if path.contains("trade_v3") => ("TRADE", "WAIT_BUYER_PAY"),
        path if path.contains("msg_v4") => ("trade_TradePaid", "TRADE_PAID"),
        _ => return body,
    };
    let message = percent_encode(&body, NON_ALPHANUMERIC).to_string();
    let envelope = json!({"type": topic, "status": status, "msg": message, "msg_id": "m", "version": 1});
    envelope.to_string().into_bytes()
}

/// Holds that an order shows what its newest document tells, field by field.
fn assert_shows(order: &Value, document: &Value, sample: &str) {
    for (field, told) in document.as_object().unwrap() {
        let shown = &order[field];
        match (field.as_str(), told) {
            ("version" | "refunds" | "refunded_amount" | "exchange_rate", _) => {}
            ("status", told) => {
                // Where dates tell a further step, that is where the order stands.
                assert!(shown.is_string(), "{sample}: {told} {shown}");
            }
            ("lines", Value::Array(lines)) => {
                let shown = shown.as_array().unwrap();
                assert_eq!(shown.len(), lines.len(), "{sample}: lines");
                for (shown, told) in shown.iter().zip(lines) {
                    for (field, told) in told.as_object().unwrap() {
                        assert_eq!(&shown[field], told, "{sample}: a line's {field}");
                    }
                }
            }
            ("customer", Value::Object(fields)) => {
                for (field, told) in fields.iter().filter(|(_, told)| !told.is_object()) {
                    assert_eq!(&shown[field], told, "{sample}: the buyer's {field}");
                }
            }
            // Where a message has no time at all, that of its arrival stands in.
            (_, Value::String(told)) if told == "2026-11-22T00:00:01Z" => {
                assert!(shown.is_string(), "{sample}")
            }
            (field, told) => assert_eq!(shown, told, "{sample}: {field}"),
        }
    }
}

async fn send(app: &TestApp, tenant: &TestTenant, path: &str, topic: &str) {
    let Some(body) = sample(path) else { return };
    let platform = path.split('/').next().unwrap();
    let shop = Pushing::new(app, tenant, platform).await;
    let body = on_the_wire(path, body);
    let headers = [
        ("X-Shopify-Topic", topic),
        ("X-Shopify-Triggered-At", "2026-11-22T00:00:00Z"),
        ("X-WC-Webhook-Topic", topic),
    ];
    let headers = if topic.is_empty() { &headers[..0] } else { &headers[..] };
    let answer = shop.push(app, "m1", headers, &body).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let orders = shop.orders(app).await;
    let told: Vec<Value> = expected(path);
    let documents: Vec<&Value> = told.iter().filter(|event| event["order"].is_string()).collect();
    for event in &documents {
        let order = orders.iter().find(|order| order["external_id"] == event["order"]);
        let order = order.unwrap_or_else(|| panic!("{path}: no order {}", event["order"]));
        // The first document about an order is the whole one.
        let first = documents.iter().find(|other| other["order"] == event["order"]).unwrap();
        assert_shows(order, &first["document"], path);
    }
    let mut known: Vec<&str> = documents.iter().map(|event| event["order"].as_str().unwrap()).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(orders.len(), known.len(), "{path}: nothing is invented");
    // What is not signed is not stored.
    if !body.starts_with(b"webhook_id") {
        assert_eq!(shop.deliveries(app).await.len(), 1, "{path}");
    }
}

on_both! {
    async fn all_samples_end_as_orders_that_show_what_the_payload_says(app: TestApp) {
        let tenant = app.tenant().await;
        for (path, topic) in samples() {
            send(&app, &tenant, &path, topic).await;
        }
    }

    async fn signed_requests_are_accepted_and_refused_as_marked(app: TestApp) {
        let Some(file) = sample("vectors.json") else { return };
        let tenant = app.tenant().await;
        let vectors: Vec<Value> = serde_json::from_slice(&file).unwrap();
        let mut judged = 0;
        for vector in &vectors {
            let platform = match vector["platform"].as_str().unwrap() {
                platform @ ("shopify" | "woocommerce" | "youzan" | "douyin") => platform,
                // Those are signed for another time than now; the adapter's tests judge them by a set clock.
                _ => continue,
            };
            let secret = match platform {
                "youzan" => json!({"client_id": vector["client_id"], "client_secret": vector["secret"]}),
                "douyin" => json!({"app_key": vector["app_key"], "app_secret": vector["secret"]}),
                _ => vector["secret"].clone(),
            };
            let shop = Pushing::with(&app, &tenant, platform, secret).await;
            let request = app.post(&shop.path()).body(vector["body"].as_str().unwrap().to_owned());
            let headers = vector["headers"].as_object().unwrap();
            let request = headers.iter().fold(request, |request, (name, value)| {
                request.header(name, value.as_str().unwrap())
            });
            let answer = request.answer().await;
            let expected = if vector["valid"] == true { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{}: {answer:?}", vector["name"]);
            judged += 1;
        }
        assert_eq!(judged, 20);
    }
}
