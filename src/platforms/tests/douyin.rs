use serde_json::json;

use super::*;
use crate::orders::OrderStatus;

/// One message as it is pushed: in a list, the data as a text.
fn sent(tag: &str, data: &Value) -> Sent {
    Sent::new("douyin", &[], json!([message(tag, data)]).to_string())
}

fn message(tag: &str, data: &Value) -> Value {
    json!({"tag": tag, "msg_id": format!("1::{tag}"), "data": data.to_string()})
}

fn told(tag: &str, data: Value) -> Value {
    serde_json::to_value(sent(tag, &data).order().1).unwrap()
}

#[test]
fn each_thin_message_tells_its_part_and_no_more() {
    let with = |more: Value| {
        let mut data = json!({"p_id": 12345, "s_ids": [12345], "shop_id": 1, "order_type": 0, "biz": 2});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    assert_eq!(
        told("100", with(json!({"order_status": 1, "create_time": 1_618_990_587}))),
        json!({"version": "2021-04-21T07:36:27Z", "status": "created", "ordered_at": "2021-04-21T07:36:27Z"})
    );
    assert_eq!(
        told(
            "101",
            with(json!({"order_status": 2, "pay_type": 1, "pay_time": 1_618_990_587, "pay_amount": 2990}))
        ),
        json!({"version": "2021-04-21T07:36:27Z", "status": "paid", "paid_at": "2021-04-21T07:36:27Z",
            "currency": "CNY", "total_amount": 2990})
    );
    assert_eq!(
        told("102", with(json!({"order_status": 3, "update_time": 1_618_990_587}))),
        json!({"version": "2021-04-21T07:36:27Z", "status": "shipped", "shipped_at": "2021-04-21T07:36:27Z"})
    );
    assert_eq!(
        told("103", with(json!({"order_status": 5, "complete_time": 1_618_990_587}))),
        json!({"version": "2021-04-21T07:36:27Z", "status": "completed", "completed_at": "2021-04-21T07:36:27Z"})
    );
    assert_eq!(
        told("106", with(json!({"order_status": 1, "cancel_time": 1_618_990_587}))),
        json!({"version": "2021-04-21T07:36:27Z", "status": "closed", "closed_at": "2021-04-21T07:36:27Z"})
    );
    assert_eq!(
        told(
            "109",
            with(
                json!({"order_status": 1, "modify_time": 1_618_990_587, "total_amount": "53800", "post_amount": 0})
            )
        ),
        json!({"version": "2021-04-21T07:36:27Z", "status": "created", "currency": "CNY", "total_amount": 53800,
            "shipping_amount": 0})
    );
}

#[test]
fn cash_on_delivery_is_confirmed_and_not_paid() {
    let document =
        sent("101", &json!({"p_id": 1, "order_status": 2, "pay_type": 0, "pay_time": 0, "update_time": 5}))
            .order()
            .1;
    assert_eq!((document.status, document.paid_at), (Some(OrderStatus::Created), None));
}

#[test]
fn a_message_without_a_date_goes_by_the_one_in_its_id_and_else_does_not_say_where_the_order_stands() {
    let pending = |id: &str| {
        let body = json!([{"tag": "110", "msg_id": id, "data": "{\"p_id\":1,\"order_status\":2}"}]);
        serde_json::to_value(Sent::new("douyin", &[], body.to_string()).order().1).unwrap()
    };
    let expected = json!({"version": "2021-04-21T07:36:27Z", "status": "paid"});
    assert_eq!(pending("0428800000009348874::110:1618990587:6837374400000009128"), expected);
    assert_eq!(pending("1"), json!({"version": context().received_at}));
}

#[test]
fn whom_a_parcel_is_for_is_a_contact_and_no_identity() {
    let address = json!({"province": {"name": "浙江省", "id": "330000"}, "city": {"name": "杭州市"}, "detail": "松岭路888号"});
    let expected = json!({"name": "周一", "phone": "13000000000",
        "address": {"province": "浙江省", "city": "杭州市", "line": "松岭路888号"}});
    for addr in [address.clone(), json!([address]), json!(address.to_string())] {
        let data = json!({"p_id": 1, "update_time": 1_618_990_587,
            "receiver_msg": {"name": "周一", "tel": "13000000000", "addr": addr}});
        assert_eq!(told("102", data)["customer"], expected);
    }
    let masked = json!({"p_id": 1, "update_time": 1_618_990_587,
        "receiver_msg": {"name": "周*", "tel": "#d2LYu#", "addr": "松岭路***"}});
    assert_eq!(sent("108", &masked).order().1.customer, None);
}

#[test]
fn a_refund_is_money_when_it_succeeded_and_none_when_it_was_closed() {
    let case = |more: Value| {
        let mut data = json!({"p_id": 4705288465508532862i64, "aftersale_id": 7, "refund_amount": 13200});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    assert_eq!(
        told("206", case(json!({"success_time": 1_618_991_959}))),
        json!({"version": "2021-04-21T07:59:19Z",
            "refunds": [{"external_id": "7", "refunded_at": "2021-04-21T07:59:19Z", "amount": 13200}]})
    );
    let closed = sent("207", &case(json!({"close_time": 1_618_991_959}))).order().1;
    assert_eq!(closed.refunds.unwrap()[0].amount, 0);
    for (tag, time) in [("200", "apply_time"), ("201", "agree_time"), ("204", "update_time")] {
        assert_eq!(
            told(tag, case(json!({time: 1_618_991_959}))),
            json!({"version": "2021-04-21T07:59:19Z"}),
            "{tag}"
        );
    }
}

#[test]
fn an_id_is_the_same_as_number_and_as_text() {
    let number = sent("100", &json!({"p_id": 4705288465508532862i64, "create_time": 1})).order().0;
    let text = sent("100", &json!({"p_id": "4705288465508532862", "create_time": "1"})).order().0;
    assert_eq!((number.as_str(), text.as_str()), ("4705288465508532862", "4705288465508532862"));
}

#[test]
fn the_detail_that_a_relay_adds_is_read_field_by_field() {
    let detail = json(&fixture("douyin/detail.json"));
    let (id, document) = sent("101", &detail).order();
    assert_eq!(id, "4705288465508532862");
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "version": "2021-04-21T07:38:20Z", "status": "paid",
            "ordered_at": "2021-04-21T07:36:27Z", "paid_at": "2021-04-21T07:36:40Z",
            "currency": "CNY", "total_amount": 25800, "discount_amount": 2000, "shipping_amount": 0,
            "source": "抖音", "promotions": ["限时特卖", "满减"], "coupon_codes": ["7130000000000000001"],
            "customer": {
                "external_id": "1@#Ab+cd==",
                "address": {"province": "浙江省", "city": "杭州市", "district": "滨江区"}
            },
            "lines": [{
                "external_id": "4705288465508532862", "sku": "DC-XXXXL-RED", "product_external_id": "3473196049974326153",
                "title": "羽绒服", "attributes": {"颜色": "红色", "尺码": "XXXXL"},
                "quantity": 1, "unit_amount": 27800, "total_amount": 25800
            }],
            "note": "请快点"
        })
    );
}

#[test]
fn a_list_has_several_messages_and_a_broken_one_spoils_no_other() {
    let body = json!([
        message("100", &json!({"p_id": 1, "create_time": 1_618_990_587})),
        {"tag": "101", "msg_id": "2", "data": "{not json"},
        message("109", &json!({"p_id": 2, "total_amount": "12.50"})),
        {"tag": 103, "msgId": "3", "data": {"p_id": "1", "complete_time": 1_618_990_599}},
        message("300", &json!({"product_id": 5}))
    ]);
    let delivery = Sent::new("douyin", &[], body.to_string()).parse();
    assert!(matches!(
        &delivery.events[..],
        [
            Event::Order { .. },
            Event::Refused { .. },
            Event::Refused { .. },
            Event::Order { .. },
            Event::Ignored { .. }
        ]
    ));
    assert_eq!(delivery.topic, "100,101,109,103,300");
    assert_eq!(delivery.event_time, Some(at("2021-04-21T07:36:39Z")));
    // One message that is in no list.
    let single = message("103", &json!({"p_id": 1, "complete_time": 1_618_990_599}));
    assert_eq!(Sent::new("douyin", &[], single.to_string()).order().1.status, Some(OrderStatus::Completed));
}

#[test]
fn the_console_s_trial_has_tag_zero() {
    let body = r#"[{"tag":"0","msg_id":"0","data":"2021-06-15T20:47:23+08:00"}]"#;
    assert_eq!(Sent::new("douyin", &[], body).parse().events, [Event::Ping]);
    assert_eq!(sent("0", &json!({"p_id": "x"})).parse().events, [Event::Ping]);
    let number = json!([{"tag": 0, "data": {}}]);
    assert_eq!(Sent::new("douyin", &[], number.to_string()).parse().events, [Event::Ping]);
}

#[test]
fn messages_of_one_id_and_different_content_are_different_deliveries() {
    let key = |tag: &str, p_id: i64| {
        let body = json!([{"tag": tag, "msg_id": "same", "data": json!({"p_id": p_id}).to_string()}]);
        Sent::new("douyin", &[], body.to_string()).parse().delivery_key
    };
    assert_eq!(key("100", 1), key("100", 1));
    assert_ne!(key("100", 1), key("101", 1));
    assert_ne!(key("100", 1), key("100", 2));
}

#[test]
fn the_sign_is_accepted_in_either_case() {
    // printf '123[{"tag":"0"}]sec' | openssl md5
    let sign = "204a4fd553e64661beb39c9aff125466";
    let secrets = [fields([("app_key", "123"), ("app_secret", "sec")])];
    let now = at("2026-11-22T00:00:00Z");
    for sign in [sign.to_owned(), sign.to_uppercase()] {
        let sent = Sent::new("douyin", &[("Event-Sign", &sign)], r#"[{"tag":"0"}]"#);
        assert_eq!(sent.verify(&secrets, now), Ok(Authenticity::Signed));
    }
    let tampered = Sent::new("douyin", &[("event-sign", sign)], r#"[{"tag":"1"}]"#);
    assert_eq!(tampered.verify(&secrets, now), Err(VerifyError::Mismatch));
}
