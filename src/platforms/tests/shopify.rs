use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::orders::OrderStatus;

fn sent(topic: &str, body: &Value) -> Sent {
    let headers = [
        ("X-Shopify-Topic", topic),
        ("X-Shopify-Webhook-Id", "b54557e4"),
        ("X-Shopify-Event-Id", "98880550"),
        ("X-Shopify-Triggered-At", "2026-11-11T00:03:11.123456789Z"),
    ];
    Sent::new("shopify", &headers, body.to_string())
}

fn base() -> Value {
    json(&fixture("shopify/order.json"))
}

/// The fixture with some fields changed.
fn changed(changes: Value) -> Value {
    let mut order = base();
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    order
}

fn status(changes: Value) -> OrderStatus {
    sent("orders/updated", &changed(changes)).order().1.status.unwrap()
}

#[test]
fn an_order_is_read_field_by_field() {
    let (id, document) = sent("orders/create", &base()).order();
    assert_eq!(id, "820982911946154508", "beyond what a double can hold");
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "version": "2026-11-10T16:03:10Z",
            "status": "paid",
            "ordered_at": "2026-11-10T16:01:02Z",
            "currency": "USD", "total_amount": 11345, "discount_amount": 2200, "shipping_amount": 800,
            "source": "web", "promotions": ["Double Eleven"],
            "customer": {
                "external_id": "115310627314723954", "name": "Ann Lee", "phone": "+85200000000",
                "email": "buyer@example.com", "email_verified": true,
                "address": {"country": "HK", "city": "Hong Kong", "line": "1 Test Road, Flat 2"}
            },
            "lines": [
                {
                    "external_id": "866550311766439020", "sku": "DC-XXXXL-RED", "product_external_id": "632910392",
                    "title": "Down coat", "quantity": 2, "unit_amount": 5995, "total_amount": 10190,
                    "attributes": {"variant": "Red / XXXXL", "option1": "Red", "option2": "XXXXL", "Engraving": "Ann"}
                },
                {
                    "external_id": "866550311766439021", "product_external_id": "632910393", "title": "Sticker",
                    "quantity": 1, "unit_amount": 555, "total_amount": 355
                }
            ],
            "coupon_codes": ["OLD8"], "note": "Please ring twice",
            "attributes": {"order_name": "#1001", "gift": "yes"}
        })
    );
}

#[test]
fn an_order_stands_where_its_money_and_goods_stand() {
    use OrderStatus::*;
    assert_eq!(status(json!({"financial_status": "pending"})), Created);
    assert_eq!(status(json!({"financial_status": "authorized"})), Created);
    assert_eq!(status(json!({"financial_status": "partially_paid"})), Created);
    assert_eq!(status(json!({"financial_status": null})), Created);
    assert_eq!(status(json!({})), Paid);
    assert_eq!(status(json!({"fulfillment_status": "fulfilled"})), Shipped);
    assert_eq!(status(json!({"fulfillment_status": "partial"})), Shipped);
    assert_eq!(status(json!({"financial_status": "pending", "fulfillment_status": "fulfilled"})), Shipped);
    assert_eq!(status(json!({"fulfillment_status": "restocked"})), Paid);
    assert_eq!(status(json!({"closed_at": "2026-11-12T00:00:00Z"})), Completed);
    assert_eq!(status(json!({"financial_status": "partially_refunded"})), PartiallyRefunded);
    assert_eq!(status(json!({"financial_status": "refunded"})), Refunded);
    assert_eq!(status(json!({"financial_status": "voided"})), Closed);
    assert_eq!(status(json!({"cancelled_at": "2026-11-12T00:00:00Z"})), Closed);
    let refunded = json!({"financial_status": "refunded", "cancelled_at": "2026-11-12T00:00:00Z"});
    assert_eq!(status(refunded), Refunded);
}

#[test]
fn closed_is_archived_and_cancelled_is_closed() {
    let archived = sent("orders/updated", &changed(json!({"closed_at": "2026-11-12T00:00:00Z"}))).order().1;
    assert_eq!((archived.completed_at, archived.closed_at), (Some(at("2026-11-12T00:00:00Z")), None));
    let both = json!({"closed_at": "2026-11-12T00:00:00Z", "cancelled_at": "2026-11-12T00:00:01Z"});
    let cancelled = sent("orders/cancelled", &changed(both)).order().1;
    assert_eq!((cancelled.completed_at, cancelled.closed_at), (None, Some(at("2026-11-12T00:00:01Z"))));
}

#[test]
fn the_moment_of_payment_is_what_orders_paid_tells_and_else_when_the_order_was_processed() {
    let paid = sent("orders/paid", &base()).orders();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0].1.paid_at, Some(paid[0].1.version));
    let updated = sent("orders/updated", &base()).orders();
    assert_eq!(updated[0].1.paid_at, None);
    assert_eq!(updated[1].1.paid_at, Some(at("2026-11-10T16:01:01Z")));
    assert!(updated[1].1.version < paid[0].1.version, "so that what orders/paid tells wins");
    assert_eq!(sent("orders/updated", &changed(json!({"financial_status": "pending"}))).orders().len(), 1);
}

#[test]
fn a_refund_is_the_money_of_its_successful_transactions() {
    let refund = json!({
        "id": 509562969, "order_id": 820982911946154508u64, "created_at": "2026-11-13T00:00:00Z",
        "refund_line_items": [{"subtotal": 586.45, "total_tax": 0}],
        "order_adjustments": [{"kind": "shipping_refund", "amount": "-30.00"}],
        "transactions": [
            {"kind": "refund", "status": "success", "amount": "600.10", "currency": "USD"},
            {"kind": "refund", "status": "failure", "amount": "1.00", "currency": "USD"},
            {"kind": "void", "status": "success", "amount": "2.00", "currency": "USD"}
        ]
    });
    let (id, document) = sent("refunds/create", &refund).order();
    assert_eq!(id, "820982911946154508");
    let expected = json!({
        "version": "2026-11-13T00:00:00Z",
        "refunds": [{"external_id": "509562969", "refunded_at": "2026-11-13T00:00:00Z", "amount": 60010}]
    });
    assert_eq!(serde_json::to_value(document).unwrap(), expected);
}

#[test]
fn a_refund_whose_transactions_are_withheld_is_the_sum_of_its_json_numbers() {
    let refund = json!({
        "id": 1, "order_id": 2, "processed_at": "2026-11-13T00:00:00Z",
        "refund_line_items": [{"subtotal": 586.45, "total_tax": 0}, {"subtotal": 1189.93, "total_tax": 0.29}],
        "order_adjustments": [{"kind": "shipping_refund", "amount": "-30.00"}]
    });
    let document = sent("refunds/create", &refund).order().1;
    assert_eq!(document.refunds.unwrap()[0].amount, 58645 + 118_993 + 29 + 3000);
}

#[test]
fn a_refund_without_money_is_a_refund_of_nothing() {
    let refund =
        json!({"id": 1, "order_id": 2, "refund_line_items": [{"subtotal": 199}], "transactions": []});
    let document = sent("refunds/create", &refund).order().1;
    assert_eq!(document.refunds.unwrap()[0].amount, 0);
    assert_eq!(document.version, at("2026-11-11T00:03:11.123456Z"), "the trigger's time, where it has none");
}

#[test]
fn a_parcel_tells_its_dates_and_not_where_the_order_stands() {
    let parcel = json!({
        "id": 1, "order_id": 2, "status": "success", "shipment_status": "delivered",
        "created_at": "2026-11-12T00:00:00Z", "updated_at": "2026-11-14T00:00:00Z"
    });
    let orders = sent("fulfillments/update", &parcel).orders();
    let shipped = json!({"version": "2026-11-12T00:00:00Z", "shipped_at": "2026-11-12T00:00:00Z"});
    let delivered = json!({"version": "2026-11-14T00:00:00Z", "delivered_at": "2026-11-14T00:00:00Z"});
    assert_eq!(serde_json::to_value(&orders[0].1).unwrap(), shipped);
    assert_eq!(serde_json::to_value(&orders[1].1).unwrap(), delivered);
    let failed = json!({"id": 1, "order_id": 2, "status": "failure", "created_at": "2026-11-12T00:00:00Z"});
    assert_eq!(sent("fulfillments/create", &failed).order().1.shipped_at, None);
}

#[test]
fn an_order_of_a_till_may_have_no_buyer_and_no_personal_data() {
    let mut order = base();
    for field in ["customer", "email", "phone", "shipping_address", "billing_address"] {
        order.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(sent("orders/create", &order).order().1.customer, None);
    let redacted = changed(json!({"customer": {"id": 7}, "email": "", "shipping_address": null}));
    let buyer = sent("orders/create", &redacted).order().1.customer.unwrap();
    assert_eq!(buyer.external_id.as_deref(), Some("7"));
    assert_eq!((buyer.phone, buyer.email), (None, None));
}

#[test]
fn a_typed_phone_that_is_no_number_is_no_contact() {
    let order = changed(json!({"customer": {"id": 7, "phone": null}}));
    let buyer = sent("orders/create", &order).order().1.customer.unwrap();
    assert_eq!(buyer.phone, None, "555-555-SHIP");
    assert!(!buyer.email_verified, "the address was only typed");
}

#[test]
fn amounts_follow_the_decimals_of_the_currency() {
    let yen =
        changed(json!({"currency": "JPY", "total_price": "1980", "total_discounts": "0", "line_items": [],
        "shipping_lines": [], "total_shipping_price_set": null}));
    assert_eq!(sent("orders/create", &yen).order().1.total_amount, Some(1980));
    let dinar = changed(json!({"currency": "KWD", "total_price": "1.980", "line_items": []}));
    assert_eq!(sent("orders/create", &dinar).order().1.total_amount, Some(1980));
}

#[test]
fn deliveries_are_told_apart_by_topic_and_webhook_id_and_not_by_the_event() {
    let (created, paid) = (sent("orders/create", &base()).parse(), sent("orders/paid", &base()).parse());
    assert_eq!(created.delivery_key, "orders/create:b54557e4");
    assert_ne!(created.delivery_key, paid.delivery_key);
    assert_eq!(created.event_time, Some(at("2026-11-11T00:03:11.123456Z")));
}

#[test]
fn customers_and_their_consents_are_read() {
    let customer = json!({
        "id": 706405506930370084u64, "updated_at": "2026-11-11T00:00:00Z", "first_name": "Ann", "last_name": "Lee",
        "email": "ann@example.com", "verified_email": true, "phone": "+85200000000", "tags": "VIP, 老客",
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-11-10T00:00:00Z"},
        "sms_marketing_consent": {"state": "unsubscribed", "consent_updated_at": null},
        "default_address": {"country_code": "HK", "address1": "1 Test Road"}
    });
    let delivery = sent("customers/update", &customer).parse();
    let [Event::Customer(update)] = &delivery.events[..] else { panic!("{delivery:?}") };
    let expected = json!({
        "external_id": "706405506930370084", "version": "2026-11-11T00:00:00Z", "name": "Ann Lee",
        "phone": "+85200000000", "phone_verified": false, "email": "ann@example.com", "email_verified": true,
        "address": {"country": "HK", "line": "1 Test Road"}, "tags": ["VIP", "老客"],
        "consents": [
            {"channel": "email", "granted": true, "at": "2026-11-10T00:00:00Z"},
            {"channel": "sms", "granted": false}
        ]
    });
    assert_eq!(serde_json::to_value(update).unwrap(), expected);
}

#[test]
fn tags_that_are_not_told_are_not_taken_and_those_that_are_told_one_by_one_are_read() {
    let told = |topic: &str, body: Value| {
        let delivery = sent(topic, &body).parse();
        let [Event::Customer(update)] = &delivery.events[..] else { panic!("{delivery:?}") };
        let (added, removed) = (update.tags_added.clone(), update.tags_removed.clone());
        (update.external_id.clone(), update.version, update.tags.clone(), added, removed)
    };
    let customer = |tags: Value| json!({"id": 7, "updated_at": "2026-11-11T00:00:00Z", "tags": tags});
    assert_eq!(told("customers/update", json!({"id": 7})).2, None, "API 2025-01 and later");
    assert_eq!(told("customers/update", customer(json!(""))).2, Some(vec![]));
    let many: Vec<String> = (0..250).map(|number| format!("t{number}")).collect();
    assert_eq!(told("customers/update", customer(json!(many.join(", ")))).2, Some(many));
    let change = json!({"customerId": "gid://shopify/Customer/706405506930370084", "tags": ["VIP", "老客"],
        "occurredAt": "2026-11-12T00:00:00Z"});
    let (id, version, vip) =
        ("706405506930370084".to_owned(), at("2026-11-12T00:00:00Z"), ["VIP", "老客"].map(str::to_owned));
    let added = (id.clone(), version, None, vip.to_vec(), vec![]);
    assert_eq!(told("customer.tags_added", change.clone()), added);
    let removed = (id, version, None, vec![], vip.to_vec());
    assert_eq!(told("customer.tags_removed", change), removed);
    assert_eq!(
        sent("customer.tags_added", &json!({"tags": []})).try_parse(),
        Err(ParseError::Missing("customerId"))
    );
}

#[test]
fn a_change_of_consent_alone_is_read() {
    let body = json!({"customer_id": 7, "email_address": "a@b.c", "email_marketing_consent": {"state": "unsubscribed"}});
    let delivery = sent("customers_email_marketing_consent/update", &body).parse();
    let [Event::Customer(update)] = &delivery.events[..] else { panic!("{delivery:?}") };
    assert_eq!(update.external_id, "7");
    assert_eq!(update.consents.len(), 1);
    assert!(!update.consents[0].granted);
}

#[test]
fn privacy_requests_are_read_by_whatever_key_they_have() {
    let by_mail = json!({"shop_id": 1, "shop_domain": "a.myshopify.com", "customer": {"email": "a@b.c"},
        "orders_to_redact": [820982911946154508u64, "2"]});
    let delivery = sent("customers/redact", &by_mail).parse();
    let [Event::CustomerRedact(request)] = &delivery.events[..] else { panic!("{delivery:?}") };
    assert_eq!(request.email.as_deref(), Some("a@b.c"));
    assert_eq!(request.orders, ["820982911946154508", "2"]);
    let data = json!({"shop_domain": "a.myshopify.com", "customer": {"id": 7}, "orders_requested": [1],
        "data_request": {"id": 9999}});
    let delivery = sent("customers/data_request", &data).parse();
    let [Event::CustomerDataRequest(request)] = &delivery.events[..] else { panic!("{delivery:?}") };
    assert_eq!((request.external_id.as_deref(), request.request_id.as_deref()), (Some("7"), Some("9999")));
    let shop = json!({"shop_id": 1, "shop_domain": "a.myshopify.com"});
    assert_eq!(sent("shop/redact", &shop).parse().events, [Event::ShopRedact]);
}

#[test]
fn an_order_sent_again_as_a_privacy_request_erases_nobody() {
    for topic in ["customers/redact", "customers/data_request", "shop/redact"] {
        let replayed = sent(topic, &base()).try_parse();
        assert_eq!(replayed, Err(ParseError::Missing("shop_domain")), "{topic}");
    }
}

#[test]
fn a_deleted_order_is_closed_and_an_unknown_topic_ignored() {
    let document = sent("orders/delete", &json!({"id": 5})).order().1;
    assert_eq!(document.status, Some(OrderStatus::Closed));
    for topic in ["app/uninstalled", "products/update", "orders/edited", "customers/delete"] {
        let delivery = sent(topic, &json!({"id": 5})).parse();
        assert!(matches!(&delivery.events[..], [Event::Ignored { .. }]), "{topic}");
    }
}

#[test]
fn a_broken_amount_or_date_is_an_error_that_names_the_place() {
    let broken = sent("orders/create", &changed(json!({"total_price": "1,000.00"}))).try_parse();
    assert_eq!(broken, Err(ParseError::Malformed("total_price")));
    let broken = sent("orders/create", &changed(json!({"updated_at": "yesterday"}))).try_parse();
    assert_eq!(broken, Err(ParseError::Malformed("updated_at")));
    let Err(ParseError::Invalid(report)) =
        sent("orders/create", &changed(json!({"currency": "XQQ"}))).try_parse()
    else {
        panic!()
    };
    assert_eq!(report[0].pointer, "/currency");
}

#[test]
fn the_signature_is_over_the_raw_bytes_and_any_of_the_secrets_may_fit() {
    let body = b"{\"id\": 1}\xff not even text";
    let mut mac = Hmac::<Sha256>::new_from_slice(b"new").unwrap();
    mac.update(body);
    let signature =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, mac.finalize().into_bytes());
    let signed = |name: &str, signature: &str| Sent::new("shopify", &[(name, signature)], *body);
    let now = at("2026-11-22T00:00:00Z");
    let secrets = [secret("old"), secret("new")];
    for name in ["X-Shopify-Hmac-Sha256", "x-shopify-hmac-sha256", "shopify-hmac-sha256"] {
        assert_eq!(signed(name, &signature).verify(&secrets, now), Ok(Authenticity::Signed), "{name}");
    }
    let sent = signed("X-Shopify-Hmac-Sha256", &signature);
    assert_eq!(sent.verify(&secrets[..1], now), Err(VerifyError::Mismatch));
    assert_eq!(sent.verify(&[], now), Err(VerifyError::NoSecret));
    assert_eq!(sent.verify(&[secret("")], now), Err(VerifyError::NoSecret));
    let header = "X-Shopify-Hmac-Sha256";
    assert_eq!(signed(header, "%").verify(&secrets, now), Err(VerifyError::MalformedHeader(header)));
    assert_eq!(signed(header, "").verify(&secrets, now), Err(VerifyError::MissingHeader(header)));
    assert_eq!(signed(header, &signature[..20]).verify(&secrets, now), Err(VerifyError::Mismatch));
}
