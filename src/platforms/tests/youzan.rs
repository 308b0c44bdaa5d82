use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::json;

use super::*;
use crate::orders::OrderStatus;

/// An envelope as it is pushed: the message encoded as a form value, with `+` for spaces.
fn envelope(topic: &str, status: Value, message: &Value) -> Value {
    let encoded = percent_encode(message.to_string().as_bytes(), NON_ALPHANUMERIC).to_string();
    json!({
        "app_id": "1", "client_id": "c", "id": "E20261111000102047400001", "kdt_id": 63077, "mode": "1",
        "msg": encoded.replace("%20", "+"), "msg_id": format!("{topic}-1"), "sendCount": 0, "status": status,
        "test": false, "type": topic, "version": 1_608_186_739
    })
}

fn sent(topic: &str, status: &str, message: &Value) -> Sent {
    Sent::new("youzan", &[], envelope(topic, json!(status), message).to_string())
}

fn v4() -> Value {
    json(&fixture("youzan/trade_v4.json"))
}

/// Version 4 with some fields of `order_info` changed.
fn with_info(changes: Value) -> Value {
    let mut trade = v4();
    for (key, value) in changes.as_object().unwrap() {
        trade["full_order_info"]["order_info"][key] = value.clone();
    }
    trade
}

#[test]
fn version_4_is_read_field_by_field() {
    let (id, document) = sent("trade_TradePaid", "TRADE_PAID", &v4()).order();
    assert_eq!(id, "E20261111000102047400001");
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "version": "2026-11-10T16:03:10Z", "status": "paid",
            "ordered_at": "2026-11-10T16:01:02Z", "paid_at": "2026-11-10T16:01:40Z",
            "currency": "CNY", "total_amount": 26600, "discount_amount": 2000, "shipping_amount": 800,
            "source": "wx", "promotions": ["满减", "会员折扣"], "coupon_codes": ["2592102628"],
            "customer": {
                "external_id": "LnhGm4rh576452722916618240", "phone": "13700000000", "phone_verified": true,
                "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "postcode": "330106"}
            },
            "lines": [
                {
                    "external_id": "1539322365320644179", "sku": "DC-XXXXL-RED", "product_external_id": "500818021",
                    "title": "羽绒服", "attributes": {"颜色": "红色", "尺码": "XXXXL", "温度": "热"},
                    "quantity": 2, "unit_amount": 13900, "total_amount": 25800
                },
                {
                    "external_id": "1539322365320644180", "product_external_id": "500818022", "title": "赠品",
                    "quantity": 1, "unit_amount": 500, "total_amount": 0
                }
            ],
            "note": "请快点发货"
        })
    );
}

#[test]
fn version_3_is_read_field_by_field() {
    let trade = json(&fixture("youzan/trade_v3.json"));
    let (id, document) = sent("TRADE", "WAIT_BUYER_CONFIRM_GOODS", &trade).order();
    assert_eq!(id, "E20180711161536053400009");
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "version": "2018-07-12T01:00:00Z", "status": "shipped",
            "ordered_at": "2018-07-11T08:15:36Z", "paid_at": "2018-07-11T08:16:00Z", "shipped_at": "2018-07-12T00:59:00Z",
            "currency": "CNY", "total_amount": 8_000_400, "discount_amount": 150, "shipping_amount": 0,
            "source": "ALIPAY", "promotions": ["限时折扣"], "coupon_codes": ["77"],
            "customer": {
                "external_id": "882670102", "name": "测试乙", "phone": "13000000002",
                "address": {"province": "湖南省", "city": "湘潭市", "district": "湘乡市", "line": "测试路1号", "postcode": "411110"}
            },
            "lines": [{
                "external_id": "18637584", "sku": "10005", "product_external_id": "424019023", "title": "触发广告",
                "attributes": {"套餐": "1000台", "颜色": "深 蓝:夜"},
                "quantity": 1, "unit_amount": 8_000_000, "total_amount": 8_000_000
            }],
            "note": "VIP"
        })
    );
}

#[test]
fn an_order_stands_where_its_status_says_and_its_refunds() {
    use OrderStatus::*;
    let status = |info| sent("trade_TradeUpdated", "", &with_info(info)).order().1.status;
    for (word, expected) in [
        ("WAIT_BUYER_PAY", Created),
        ("TRADE_PAID", Paid),
        ("WAIT_CONFIRM", Paid),
        ("WAIT_SELLER_SEND_GOODS", Paid),
        ("WAIT_BUYER_CONFIRM_GOODS", Shipped),
        ("TRADE_SUCCESS", Completed),
        ("TRADE_CLOSED", Closed),
    ] {
        assert_eq!(status(json!({"status": word})), Some(expected), "{word}");
    }
    assert_eq!(status(json!({"refund_state": 2})), Some(PartiallyRefunded));
    assert_eq!(status(json!({"refund_state": "12", "status": "TRADE_CLOSED"})), Some(Refunded));
    assert_eq!(status(json!({"refund_state": 1})), Some(Paid), "a passing state");
    assert_eq!(status(json!({"status": "SOMETHING_NEW"})), None);
    assert_eq!(status(json!({"pay_type_str": "CODPAY", "pay_time": ""})), Some(Created), "cash on delivery");
}

#[test]
fn the_versions_of_two_types_are_not_compared_but_their_dates() {
    let paid = sent("trade_TradePaid", "TRADE_PAID", &v4());
    let mut late = envelope(
        "trade_TradeCreate",
        json!("WAIT_BUYER_PAY"),
        &with_info(json!({
            "status": "WAIT_BUYER_PAY", "update_time": "2026-11-11 00:01:02", "pay_time": ""
        })),
    );
    late["version"] = json!(1_999_999_999_999i64);
    let created = Sent::new("youzan", &[], late.to_string());
    assert!(created.order().1.version < paid.order().1.version);
}

#[test]
fn an_envelope_whose_message_cannot_be_read_still_tells_where_the_order_stands() {
    let mut body = envelope("trade_TradePartlySellerShip", Value::Null, &Value::Null);
    body["msg"] = json!("%7Bnot json");
    let delivery = Sent::new("youzan", &[], body.to_string()).parse();
    assert!(matches!(&delivery.events[..], [Event::Order { .. }, Event::Refused { .. }]), "{delivery:?}");
    let document = orders(delivery).remove(0).1;
    assert_eq!(document.status, Some(OrderStatus::Shipped), "something has left the shop");
    assert_eq!(document.version, at("2020-12-17T06:32:19Z"));
}

#[test]
fn a_closing_note_tells_when() {
    let note = json!({"tid": "E1", "update_time": "2026-11-12 00:00:00", "close_reason": "买家取消"});
    let (id, document) = sent("trade_TradeClose", "TRADE_CLOSED", &note).order();
    let expected =
        json!({"version": "2026-11-11T16:00:00Z", "status": "closed", "closed_at": "2026-11-11T16:00:00Z"});
    assert_eq!((id.as_str(), serde_json::to_value(document).unwrap()), ("E1", expected));
}

#[test]
fn only_a_refund_that_succeeded_is_money() {
    let note = |fee: Value| {
        json!({"tid": "E1", "oids": "1", "refund_id": "201908211503250000020803", "refunded_fee": fee,
            "update_time": "2026-11-13 00:00:00"})
    };
    let refunds = |topic: &str, fee: Value| sent(topic, "", &note(fee)).order().1.refunds;
    let succeeded = refunds("trade_refund_RefundSuccess", json!("50.00")).unwrap();
    assert_eq!(succeeded, refunds("trade_refund_RefundSuccess", json!(50.0)).unwrap());
    assert_eq!((succeeded[0].amount, succeeded[0].refunded_at), (5000, at("2026-11-12T16:00:00Z")));
    assert_eq!(refunds("trade_refund_RefundClosed", json!("50.00")).unwrap()[0].amount, 0);
    for topic in ["trade_refund_BuyerCreated", "trade_refund_RefundSellerAgree"] {
        assert_eq!(refunds(topic, json!("50.00")), None, "{topic}");
    }
}

#[test]
fn a_trade_tells_its_refunds_one_by_one_or_that_all_was_given_back() {
    let mut trade = with_info(json!({"refund_state": 12}));
    let document = sent("trade_TradeClose", "TRADE_CLOSED", &trade).order().1;
    assert_eq!((document.refunded_amount, document.refunds), (Some(26600), None));
    trade["refund_order"] = json!([
        {"refund_id": "1", "refund_fee": "266.00", "refund_state": 60, "refund_time": "2026-11-13 00:00:00"},
        {"refund_id": "2", "refund_fee": "1.00", "refund_state": 1, "refund_time": "2026-11-13 00:00:00"},
        {"refund_id": "3", "refund_fee": "1.00", "refund_state": 50, "refund_time": "2026-11-13 00:00:00"}
    ]);
    let document = sent("trade_TradeClose", "TRADE_CLOSED", &trade).order().1;
    let amounts: Vec<i64> = document.refunds.unwrap().iter().map(|refund| refund.amount).collect();
    assert_eq!((document.refunded_amount, amounts), (None, vec![26600, 0]));
}

#[test]
fn a_masked_phone_is_no_phone_and_no_identity() {
    let mut trade = v4();
    trade["full_order_info"]["buyer_info"] = json!({"yz_open_id": "x", "buyer_phone": "137****0000"});
    let buyer = sent("trade_TradePaid", "TRADE_PAID", &trade).order().1.customer.unwrap();
    assert_eq!((buyer.phone, buyer.phone_verified, buyer.name), (None, false, None));
    trade["full_order_info"]["address_info"]["receiver_tel"] = json!("13700000001");
    let buyer = sent("trade_TradePaid", "TRADE_PAID", &trade).order().1.customer.unwrap();
    assert_eq!((buyer.phone.as_deref(), buyer.phone_verified), (Some("13700000001"), false), "the parcel's");
}

#[test]
fn test_messages_are_ignored_and_so_are_other_types() {
    for test in [json!(true), json!("true")] {
        let mut body = envelope("trade_TradePaid", json!("TRADE_PAID"), &v4());
        body["test"] = test;
        let delivery = Sent::new("youzan", &[], body.to_string()).parse();
        assert!(matches!(&delivery.events[..], [Event::Ignored { .. }]));
    }
    let mut body = envelope("trade_TradePaid", json!("TRADE_PAID"), &v4());
    body["test"] = json!("已废弃");
    assert_eq!(Sent::new("youzan", &[], body.to_string()).orders().len(), 1);
    let delivery = sent("item_ItemUpdate", "", &json!({"item_id": 1})).parse();
    assert!(matches!(&delivery.events[..], [Event::Ignored { .. }]));
}

#[test]
fn a_message_is_known_by_its_id_and_one_of_2018_by_its_content() {
    assert_eq!(sent("trade_TradePaid", "", &v4()).parse().delivery_key, "trade_TradePaid-1");
    let mut old = envelope("TRADE", json!("WAIT_BUYER_PAY"), &v4());
    old.as_object_mut().unwrap().remove("msg_id");
    let key = Sent::new("youzan", &[], old.to_string()).parse().delivery_key;
    old["version"] = json!(1);
    assert_ne!(Sent::new("youzan", &[], old.to_string()).parse().delivery_key, key);
}

#[test]
fn the_sign_is_over_id_body_and_secret_as_they_are() {
    // printf '0123{"id":"E1"}fedc' | openssl md5
    let sign = "3c91898c0b8addf7e78f901ca7006c68";
    let sent = |sign: &str| Sent::new("youzan", &[("Event-Sign", sign)], r#"{"id":"E1"}"#);
    let secrets = [
        fields([("client_id", "x"), ("client_secret", "y")]),
        fields([("client_id", "0123"), ("client_secret", "fedc")]),
    ];
    let now = at("2026-11-22T00:00:00Z");
    assert_eq!(sent(sign).verify(&secrets, now), Ok(Authenticity::Signed));
    assert_eq!(sent(&sign.to_uppercase()).verify(&secrets, now), Ok(Authenticity::Signed));
    assert_eq!(sent(sign).verify(&secrets[..1], now), Err(VerifyError::Mismatch));
    let half = [fields([("client_id", "0123"), ("client_secret", "")]), secret("fedc")];
    assert_eq!(sent(sign).verify(&half, now), Err(VerifyError::NoSecret));
    assert_eq!(sent("zz").verify(&secrets, now), Err(VerifyError::MalformedHeader("Event-Sign")));
    let unsigned = Sent::new("youzan", &[], r#"{"id":"E1","sign":"x"}"#);
    assert_eq!(unsigned.verify(&secrets, now), Err(VerifyError::MissingHeader("Event-Sign")));
}
