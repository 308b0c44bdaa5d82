use serde_json::json;

use super::*;
use crate::orders::OrderStatus;

fn sent(topic: &str, body: &Value) -> Sent {
    let headers = [
        ("X-WC-Webhook-Topic", topic),
        ("X-WC-Webhook-Source", "https://shop.example.com/"),
        ("X-WC-Webhook-ID", "10"),
        ("X-WC-Webhook-Delivery-ID", "511ba7a3ddbd4e3e802a9fc2d6c0f0fd"),
    ];
    Sent::new("woocommerce", &headers, body.to_string())
}

fn base() -> Value {
    json(&fixture("woocommerce/order.json"))
}

fn changed(changes: Value) -> Value {
    let mut order = base();
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

fn updated(changes: Value) -> OrderDocument {
    sent("order.updated", &changed(changes)).order().1
}

#[test]
fn an_order_is_read_field_by_field() {
    let (id, document) = sent("order.created", &base()).order();
    assert_eq!(id, "728");
    let guest = document.customer.as_ref().unwrap().external_id.clone().unwrap();
    assert!(guest.starts_with("guest-") && !guest.contains('@'));
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "version": "2026-11-10T16:03:10Z",
            "status": "paid", "ordered_at": "2026-11-10T16:01:02Z", "paid_at": "2026-11-10T16:03:00Z",
            "currency": "USD", "total_amount": 61645, "discount_amount": 200, "shipping_amount": 1000,
            "source": "checkout",
            "customer": {
                "external_id": guest, "name": "Ann Lee", "phone": "(555) 555-5555", "email": "Ann@Example.com",
                "address": {"country": "US", "province": "CA", "city": "Testville", "line": "1 Bill Road", "postcode": "94103"}
            },
            "lines": [
                {
                    "external_id": "316", "sku": "Bar3", "product_external_id": "22",
                    "title": "Ship Your Idea – Color: Black & White",
                    "attributes": {"Color": "Black & White", "尺码": "xxxxl"},
                    "quantity": 2, "unit_amount": 1100, "total_amount": 2000
                },
                {"external_id": "317", "title": "Old line", "quantity": 1, "unit_amount": 58645, "total_amount": 58645}
            ],
            "coupon_codes": ["old8"], "note": "Leave at the door", "attributes": {"order_number": "WEB-728"}
        })
    );
}

#[test]
fn a_state_is_what_it_says_and_one_of_the_sites_own_is_what_the_dates_say() {
    use OrderStatus::*;
    let status = |changes| updated(changes).status;
    assert_eq!(status(json!({"status": "pending", "date_paid_gmt": null})), Some(Created));
    assert_eq!(status(json!({"status": "on-hold", "date_paid_gmt": null})), Some(Created));
    assert_eq!(
        status(json!({"status": "processing", "date_paid_gmt": null})),
        Some(Created),
        "cash on delivery"
    );
    assert_eq!(status(json!({"status": "processing"})), Some(Paid));
    assert_eq!(status(json!({"status": "completed"})), Some(Completed));
    assert_eq!(status(json!({"status": "cancelled"})), Some(Closed));
    assert_eq!(status(json!({"status": "failed"})), Some(Closed));
    assert_eq!(status(json!({"status": "trash"})), Some(Closed));
    assert_eq!(status(json!({"status": "refunded"})), Some(Refunded));
    assert_eq!(status(json!({"status": "wc-packing"})), Some(Paid));
    assert_eq!(status(json!({"status": "wc-packing", "date_paid_gmt": null})), None);
    let refunds = json!([{"id": 1, "total": "-10.00"}, {"id": 2, "total": "-9.00"}]);
    assert_eq!(status(json!({"status": "completed", "refunds": refunds})), Some(PartiallyRefunded));
    assert_eq!(status(json!({"refunds": [{"id": 1, "total": "-616.45"}]})), Some(Refunded));
}

#[test]
fn refunds_have_no_dates_and_are_told_as_a_total() {
    let document = updated(json!({"refunds": [{"id": 1, "total": "-10.00"}, {"id": 2, "total": "-9.00"}]}));
    assert_eq!((document.refunded_amount, document.refunds), (Some(1900), None));
    assert_eq!(updated(json!({})).refunded_amount, None);
}

#[test]
fn an_order_completed_without_a_date_of_payment_was_paid_by_then() {
    let document = updated(json!({
        "status": "completed", "date_paid": null, "date_paid_gmt": null, "date_completed_gmt": "2026-11-12T08:00:00"
    }));
    assert_eq!(document.paid_at, Some(at("2026-11-12T08:00:00Z")));
    assert_eq!(document.completed_at, document.paid_at);
}

#[test]
fn local_times_count_in_the_shops_zone_only_where_there_is_no_utc() {
    assert_eq!(updated(json!({})).ordered_at, Some(at("2026-11-10T16:01:02Z")));
    let mut old = base();
    for field in ["date_created_gmt", "date_modified_gmt", "date_paid_gmt", "date_completed_gmt"] {
        old.as_object_mut().unwrap().remove(field);
    }
    old["date_created"] = json!("2026-11-11T09:00:00");
    let document = sent("order.updated", &old).order().1;
    assert_eq!(document.ordered_at, Some(at("2026-11-11T01:00:00Z")), "Asia/Shanghai");
}

#[test]
fn a_guest_is_one_person_by_address_and_a_registered_buyer_by_id() {
    let buyer = |changes| updated(changes).customer?.external_id;
    let mut lower = base()["billing"].clone();
    lower["email"] = json!("ann@example.com");
    lower["phone"] = json!("other");
    assert_eq!(buyer(json!({})), buyer(json!({"billing": lower})));
    assert_eq!(buyer(json!({"customer_id": 26})).as_deref(), Some("26"));
    assert_eq!(buyer(json!({"customer_id": "26"})).as_deref(), Some("26"));
    let by_phone = |phone: &str| buyer(json!({"billing": {"phone": phone}}));
    assert_eq!(by_phone("138-0000-1234"), by_phone("13800001234"));
    assert_ne!(by_phone("13800001234"), by_phone("13800001235"));
    assert_eq!(by_phone("138****1234"), None, "nobody to know them by");
}

#[test]
fn escapes_of_wordpress_are_read() {
    let body = r#"{"id":1,"status":"pending","currency":"USD","total":"1.00","date_modified_gmt":"2026-11-10T16:03:10",
        "billing":{"first_name":"Jo\u00e3o","last_name":"Silva","email":"a\/b@example.com"}}"#;
    let headers = [("X-WC-Webhook-Topic", "order.created")];
    let buyer = Sent::new("woocommerce", &headers, body).order().1.customer.unwrap();
    assert_eq!(buyer.name.as_deref(), Some("João Silva"));
    assert_eq!(buyer.email.as_deref(), Some("a/b@example.com"));
}

#[test]
fn the_delivery_id_that_two_orders_share_does_not_make_one_of_them() {
    let one = sent("order.created", &base()).parse();
    let other = sent("order.created", &changed(json!({"id": 729}))).parse();
    assert_ne!(one.delivery_key, other.delivery_key);
    assert_eq!(one.delivery_key, sent("order.created", &base()).parse().delivery_key);
    assert!(one.delivery_key.len() <= 200);
}

#[test]
fn the_unsigned_ping_is_answered_and_tells_nothing() {
    let ping = Sent::new("woocommerce", &[], "webhook_id=10");
    let now = at("2026-11-22T00:00:00Z");
    assert_eq!(ping.verify(&[secret("s")], now), Ok(Authenticity::UnsignedPing));
    assert_eq!(ping.parse().events, [Event::Ping]);
    // Anything else without a signature is refused, and a ping with a wrong one too.
    for body in ["webhook_id=10&id=1", "{\"id\":727}", ""] {
        assert!(Sent::new("woocommerce", &[], body).verify(&[secret("s")], now).is_err(), "{body}");
    }
    let signed = Sent::new("woocommerce", &[("X-WC-Webhook-Signature", "AAAA")], "webhook_id=10");
    assert_eq!(signed.verify(&[secret("s")], now), Err(VerifyError::Mismatch));
}

#[test]
fn a_secret_with_entities_signs_decoded() {
    // printf '{"id":727}' | openssl dgst -sha256 -hmac 'a & "b"' -binary | base64
    let signature = "E52uO4aq5jCPJD6d+PG9AWtnCvAnnzYrJ0mhmyxX7ZE=";
    let sent = Sent::new("woocommerce", &[("X-WC-Webhook-Signature", signature)], r#"{"id":727}"#);
    let now = at("2026-11-22T00:00:00Z");
    assert!(sent.verify(&[secret("a &amp; &quot;b&quot;")], now).is_ok());
    assert!(sent.verify(&[secret("a & \"b\"")], now).is_ok());
    assert_eq!(sent.verify(&[secret("a")], now), Err(VerifyError::Mismatch));
}

#[test]
fn a_deleted_order_is_closed_and_other_topics_are_ignored() {
    let document = sent("order.deleted", &json!({"id": 727})).order().1;
    assert_eq!((document.status, document.version), (Some(OrderStatus::Closed), context().received_at));
    for topic in ["product.updated", "coupon.created", "action.woocommerce_add_to_cart", "customer.deleted"] {
        let delivery = sent(topic, &json!({"id": 1, "action": "x", "arg": 1})).parse();
        assert!(matches!(&delivery.events[..], [Event::Ignored { .. }]), "{topic}");
    }
    let draft = sent("order.updated", &changed(json!({"status": "checkout-draft"}))).parse();
    assert!(matches!(&draft.events[..], [Event::Ignored { .. }]));
}
