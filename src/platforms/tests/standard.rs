use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::orders::document::order_example;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: i64 = 1_614_265_330;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const BODY: &str = r#"{"test": 2432232314}"#;

fn vector(signature: &str) -> Sent {
    let headers = [("webhook-id", ID), ("webhook-timestamp", "1614265330"), ("webhook-signature", signature)];
    Sent::new("standard", &headers, BODY)
}

fn clock(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn body(value: &Value) -> Sent {
    Sent::new("standard", &[("webhook-id", "msg_1")], value.to_string())
}

/// The example of the documentation with an external id.
fn order(external_id: &str) -> Value {
    let mut order = order_example();
    order["external_id"] = json!(external_id);
    order
}

#[test]
fn the_vector_of_the_specification_is_accepted() {
    for signature in [
        SIGNATURE.to_owned(),
        format!("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1a,ignored v2,x {SIGNATURE}"),
    ] {
        assert_eq!(vector(&signature).verify(&[secret(SECRET)], clock(TIME)), Ok(Authenticity::Signed));
    }
}

#[test]
fn a_request_counts_for_five_minutes_both_ways() {
    let at = |seconds| vector(SIGNATURE).verify(&[secret(SECRET)], clock(TIME + seconds));
    assert!(at(300).is_ok() && at(-300).is_ok());
    assert_eq!(at(301), Err(VerifyError::Stale));
    assert_eq!(at(-301), Err(VerifyError::Stale));
}

#[test]
fn a_wrong_signature_id_time_or_secret_is_refused() {
    let secrets = [secret(SECRET)];
    for signature in ["v1,AAAA", "v2,g0hM9SsE", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,"] {
        assert_eq!(
            vector(signature).verify(&secrets, clock(TIME)),
            Err(VerifyError::Mismatch),
            "{signature}"
        );
    }
    for (name, value) in [("webhook-id", "msg_other"), ("webhook-timestamp", "1614265331")] {
        let mut changed = vector(SIGNATURE);
        changed.headers.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.to_owned();
        assert_eq!(changed.verify(&secrets, clock(TIME)), Err(VerifyError::Mismatch), "{name}");
    }
    let mut no_time = vector(SIGNATURE);
    no_time.headers[1].1 = "soon".to_owned();
    let malformed = VerifyError::MalformedHeader("webhook-timestamp");
    assert_eq!(no_time.verify(&secrets, clock(TIME)), Err(malformed));
    assert_eq!(vector(SIGNATURE).verify(&[secret("whsec_AAAA")], clock(TIME)), Err(VerifyError::Mismatch));
    for none in ["whsec_", "whsec_%%%"] {
        assert_eq!(vector(SIGNATURE).verify(&[secret(none)], clock(TIME)), Err(VerifyError::NoSecret));
    }
}

#[test]
fn secrets_count_with_and_without_prefix_and_padding() {
    let key = b"a key of twenty-five byte";
    let padded = STANDARD.encode(key);
    assert!(padded.ends_with('='));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{ID}.{TIME}.{BODY}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    for text in [format!("whsec_{padded}"), padded.clone(), padded.trim_end_matches('=').to_owned()] {
        assert!(vector(&signature).verify(&[secret(&text)], clock(TIME)).is_ok(), "{text}");
    }
}

#[test]
fn the_canonical_order_comes_bare_in_a_list_or_in_an_envelope() {
    let mut expected = order_example();
    let documents = |sent: Sent| -> Vec<Value> {
        let orders = sent.orders().into_iter();
        orders.map(|(id, document)| json!([id, document])).collect()
    };
    expected["version"] = json!("2026-11-11T00:03:10Z");
    let pair = |id: &str| json!([id, expected]);
    assert_eq!(documents(body(&order("a"))), [pair("a")]);
    assert_eq!(documents(body(&json!({"orders": [order("a"), order("b")]}))), [pair("a"), pair("b")]);
    let envelope = json!({"type": "order.updated", "timestamp": "2026-11-11T00:03:11Z", "data": order("a")});
    let delivery = body(&envelope).parse();
    assert_eq!((delivery.topic.as_str(), delivery.delivery_key.as_str()), ("order.updated", "msg_1"));
    assert_eq!(delivery.event_time, Some(at("2026-11-11T00:03:11Z")));
    assert_eq!(documents(body(&envelope)), [pair("a")]);
    let list = json!({"type": "order", "data": [order("a")]});
    assert_eq!(documents(body(&list)), [pair("a")]);
}

#[test]
fn a_bad_order_of_a_list_fails_alone_and_names_the_place_without_the_value() {
    let mut bad = order("b");
    bad["customer"]["phone_verified"] = json!("13800001234");
    let delivery = body(&json!({"orders": [order("a"), bad, {"version": "2026-01-01T00:00:00Z"}]})).parse();
    let [Event::Order { .. }, Event::Refused { error }, Event::Refused { error: missing }] =
        &delivery.events[..]
    else {
        panic!("{delivery:?}")
    };
    let text = error.to_string();
    assert!(text.starts_with("/1/customer.phone_verified: ") && !text.contains("13800001234"), "{text}");
    assert_eq!(*missing, ParseError::Missing("external_id"));
}

#[test]
fn a_number_as_id_is_taken_and_an_order_of_another_shop_is_not() {
    let mut numbered = order("x");
    numbered["external_id"] = json!(820_982_911_946_154_508u64);
    assert_eq!(body(&numbered).order().0, "820982911946154508");
    let mut elsewhere = order("x");
    elsewhere["shop_id"] = json!("shp_1");
    assert!(matches!(body(&elsewhere).try_parse(), Err(ParseError::Shape { .. })));
}

#[test]
fn limits_of_the_canonical_order_hold() {
    let mut negative = order("x");
    negative["total_amount"] = json!(-1);
    let Err(ParseError::Invalid(report)) = body(&negative).try_parse() else { panic!() };
    assert_eq!(report[0].pointer, "/total_amount");
    assert!(body(&order(&"x".repeat(256))).try_parse().is_err());
}

#[test]
fn customers_and_privacy_requests_come_in_envelopes() {
    let envelope = |kind: &str, data: Value| body(&json!({"type": kind, "data": data}));
    let update = json!({"external_id": "c1", "version": "2026-11-11T00:00:00Z", "name": "Ann",
        "consents": [{"channel": "sms", "granted": false}]});
    let events = envelope("customer.updated", update).parse().events;
    assert!(matches!(&events[..], [Event::Customer(update)] if update.consents.len() == 1), "{events:?}");
    let person = json!({"email": "a@b.c", "orders": ["1"]});
    let events = envelope("customer.redact", person.clone()).parse().events;
    assert!(matches!(&events[..], [Event::CustomerRedact(request)] if request.orders == ["1"]));
    let events = envelope("customer.data_request", person).parse().events;
    assert!(matches!(&events[..], [Event::CustomerDataRequest(_)]));
    assert!(envelope("customer.redact", json!({"orders": ["1"]})).try_parse().is_err(), "of whom?");
    assert_eq!(envelope("shop.redact", json!({})).parse().events, [Event::ShopRedact]);
    assert_eq!(envelope("ping", Value::Null).parse().events, [Event::Ping]);
}

#[test]
fn an_unknown_type_is_ignored_and_what_is_no_order_an_error() {
    let events = body(&json!({"type": "invoice.paid", "data": {}})).parse().events;
    assert!(matches!(&events[..], [Event::Ignored { .. }]));
    let events = body(&json!({"type": "orders.x", "data": {}})).parse().events;
    assert!(matches!(&events[..], [Event::Ignored { .. }]));
    assert_eq!(vector(SIGNATURE).try_parse(), Err(ParseError::Missing("external_id")));
    for broken in ["", "{", "[1", "\u{feff}{}"] {
        let error = Sent::new("standard", &[], broken).try_parse();
        assert!(matches!(error, Err(ParseError::NotJson { .. })), "{broken:?}");
    }
}
