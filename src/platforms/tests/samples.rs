//! The collected samples of the five platforms, each against the canonical order that a person checked field by field.

use serde_json::json;

use super::*;

/// Reads a sample as its platform and compares the events with the file of the same name among the expectations.
/// `RECORD=1` writes those anew; read what changed before it is kept.
fn expect(path: &str, headers: &[(&str, &str)], wrap: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let Some(body) = sample(path) else { return };
    let platform = path.split('/').next().unwrap();
    let delivery = Sent::new(platform, headers, wrap(body)).parse();
    let told: Vec<Value> = delivery.events.iter().map(shown).collect();
    let expectation = format!("{}/tests/fixtures/platforms/expected/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("RECORD").is_some() {
        std::fs::create_dir_all(std::path::Path::new(&expectation).parent().unwrap()).unwrap();
        std::fs::write(&expectation, serde_json::to_string_pretty(&told).unwrap() + "\n").unwrap();
    }
    let expected = json(&fixture(&format!("expected/{path}")));
    assert_eq!(json!(told), expected, "{path}");
}

fn shown(event: &Event) -> Value {
    match event {
        Event::Order { external_id, document } => json!({"order": external_id, "document": document}),
        Event::Customer(update) => json!({"customer": update}),
        Event::CustomerRedact(request) => json!({"redact": request}),
        Event::Ping => json!("ping"),
        Event::Ignored { reason } => json!({"ignored": reason}),
        Event::Refused { error } => json!({"refused": error.to_string()}),
        other => panic!("{other:?}"),
    }
}

#[test]
fn shopify() {
    for (name, topic) in [
        ("customers_create", "customers/create"),
        ("customers_redact", "customers/redact"),
        ("customers_update_doc_example_2020-04", "customers/update"),
        ("fulfillments_create_doc_example_2020-04", "fulfillments/create"),
        ("order_rest_fixture_note_attributes", "orders/updated"),
        ("orders_cancelled_full_refund_by_customer", "orders/cancelled"),
        ("orders_create_discount_code", "orders/create"),
        ("orders_create_fixed_discount_shipping", "orders/create"),
        ("orders_create_no_discount", "orders/create"),
        ("orders_create_percentage_discount_shipping", "orders/create"),
        ("orders_paid", "orders/paid"),
        ("orders_test_notification_2019", "orders/create"),
        ("orders_updated_doc_example_2020-04", "orders/updated"),
        ("refunds_create", "refunds/create"),
        ("refunds_create_doc_example_2020-04", "refunds/create"),
    ] {
        let headers = [("X-Shopify-Topic", topic), ("X-Shopify-Triggered-At", "2026-11-22T00:00:00Z")];
        expect(&format!("shopify/{name}.json"), &headers, |body| body);
    }
}

#[test]
fn woocommerce() {
    for (name, topic) in [
        ("customer_created", "customer.created"),
        ("order_created_processing", "order.created"),
        ("order_deleted", "order.deleted"),
        ("order_pending_cod", "order.updated"),
        ("order_updated_completed", "order.updated"),
    ] {
        let headers = [("X-WC-Webhook-Topic", topic)];
        expect(&format!("woocommerce/{name}.json"), &headers, |body| body);
    }
    expect("woocommerce/ping_body.txt", &[], |body| body);
}

/// The messages lie there decoded; on the wire they are URL-encoded in an envelope.
fn in_envelope(topic: &str, status: &str) -> impl Fn(Vec<u8>) -> Vec<u8> {
    let (topic, status) = (topic.to_owned(), status.to_owned());
    move |message| {
        let message =
            percent_encoding::percent_encode(&message, percent_encoding::NON_ALPHANUMERIC).to_string();
        let envelope = json!({"type": topic, "status": status, "msg": message, "msg_id": "m", "version": 1});
        envelope.to_string().into_bytes()
    }
}

#[test]
fn youzan() {
    for name in ["1pcs_3", "5pcs_2", "7pcs_0"] {
        let wrap = in_envelope("TRADE", "WAIT_BUYER_PAY");
        expect(&format!("youzan/trade_v3_push_msg_{name}.json"), &[], wrap);
    }
    let wrap = in_envelope("trade_TradePaid", "TRADE_PAID");
    expect("youzan/msg_v4_composed_from_field_docs.json", &[], wrap);
    for name in ["BuyerPay", "Close", "Create", "PartlySellerShip", "Success"] {
        expect(&format!("youzan/envelope_trade_Trade{name}_doc_example.json"), &[], |body| body);
    }
}

#[test]
fn douyin() {
    for name in [
        "RefundClosedEvent",
        "RefundCreatedEvent",
        "RefundSuccessEvent",
        "TradeAmountChangedEvent",
        "TradeCanceledEvent",
        "TradeCreateEvent",
        "TradePaidEvent",
        "TradePartlySellerShipEvent",
        "TradePendingEvent",
        "TradeSuccessEvent",
    ] {
        expect(&format!("douyin/{name}.json"), &[], |body| body);
    }
}
