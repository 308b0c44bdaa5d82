//! Whatever order the messages about an order arrive in, and however often: the same is known in the end.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ids::{OrderId, ShopId};
use crate::ingest::order::{MergeState, Order, Told};
use crate::orders::OrderStatus;

fn merged(mut base: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Object(_) if base[key].is_object() => base[key] = merged(base[key].take(), value.clone()),
            _ => base[key] = value.clone(),
        }
    }
    base
}

fn shopify_flow() -> Vec<Sent> {
    let order = |topic: &str, changes: Value| {
        let body = merged(json(&fixture("shopify/order.json")), changes);
        Sent::new("shopify", &[("X-Shopify-Topic", topic)], body.to_string())
    };
    let other =
        |topic: &str, body: Value| Sent::new("shopify", &[("X-Shopify-Topic", topic)], body.to_string());
    let id = 820_982_911_946_154_508u64;
    let parcel = json!([{"status": "success", "created_at": "2026-11-12T00:00:00Z", "updated_at": "2026-11-12T00:00:00Z"}]);
    let refund = json!({"id": 1, "order_id": id, "processed_at": "2026-11-15T00:00:00Z",
        "transactions": [{"kind": "refund", "status": "success", "amount": "13.45", "currency": "USD"}]});
    vec![
        order("orders/create", json!({"financial_status": "pending"})),
        // In the same second as the creation.
        order("orders/updated", json!({"financial_status": "pending", "note": "Please do not ring"})),
        order("orders/paid", json!({"updated_at": "2026-11-11T08:00:00+08:00"})),
        order("orders/updated", json!({"updated_at": "2026-11-11T08:00:01+08:00"})),
        other(
            "fulfillments/create",
            json!({"order_id": id, "status": "success", "created_at": "2026-11-12T00:00:00Z",
            "updated_at": "2026-11-12T00:00:00Z"}),
        ),
        order(
            "orders/fulfilled",
            json!({"updated_at": "2026-11-12T00:00:01Z", "fulfillment_status": "fulfilled",
            "fulfillments": parcel}),
        ),
        other(
            "fulfillments/update",
            json!({"order_id": id, "status": "success", "shipment_status": "delivered",
            "created_at": "2026-11-12T00:00:00Z", "updated_at": "2026-11-14T00:00:00Z"}),
        ),
        other("refunds/create", refund.clone()),
        order(
            "orders/updated",
            json!({"updated_at": "2026-11-15T00:00:01Z", "financial_status": "partially_refunded",
            "fulfillment_status": "fulfilled", "fulfillments": parcel, "refunds": [refund]}),
        ),
    ]
}

fn woocommerce_flow() -> Vec<Sent> {
    let order = |topic: &str, changes: Value| {
        let body = merged(json(&fixture("woocommerce/order.json")), changes);
        Sent::new("woocommerce", &[("X-WC-Webhook-Topic", topic)], body.to_string())
    };
    let unpaid =
        json!({"status": "pending", "date_paid_gmt": null, "date_modified_gmt": "2026-11-10T16:01:02"});
    let done = json!({"status": "completed", "date_modified_gmt": "2026-11-13T00:00:00",
        "date_completed_gmt": "2026-11-13T00:00:00"});
    let refunded = |total: &str, at: &str| {
        merged(done.clone(), json!({"date_modified_gmt": at, "refunds": [{"id": 1, "total": total}]}))
    };
    vec![
        order("order.created", unpaid.clone()),
        order("order.updated", unpaid),
        order("order.updated", json!({})),
        order("order.updated", done.clone()),
        order("order.updated", refunded("-10.00", "2026-11-14T00:00:00")),
        order("order.updated", refunded("-616.45", "2026-11-15T00:00:00")),
    ]
}

fn youzan_flow() -> Vec<Sent> {
    let sent = |topic: &str, status: Value, version: i64, message: Value| {
        let msg = percent_encode(message.to_string().as_bytes(), NON_ALPHANUMERIC).to_string();
        let body = json!({"type": topic, "id": "E20261111000102047400001", "status": status, "version": version, "msg": msg});
        Sent::new("youzan", &[], body.to_string())
    };
    let trade = |changes: Value| {
        merged(json(&fixture("youzan/trade_v4.json")), json!({"full_order_info": {"order_info": changes}}))
    };
    let shipped = json!({"status": "WAIT_BUYER_CONFIRM_GOODS", "update_time": "2026-11-12 08:00:00", "consign_time": "2026-11-12 08:00:00"});
    let note = |at: &str| json!({"tid": "E20261111000102047400001", "refund_id": "r1", "refunded_fee": "20.00", "update_time": at});
    vec![
        // The versions of the envelopes run against the dates, as between types they may.
        sent(
            "trade_TradeCreate",
            json!("WAIT_BUYER_PAY"),
            1_999_999_999,
            trade(json!({"status": "WAIT_BUYER_PAY", "update_time": "2026-11-11 00:01:02", "pay_time": ""})),
        ),
        sent(
            "trade_TradePaid",
            json!("TRADE_PAID"),
            1_900_000_000_000,
            trade(json!({"status": "TRADE_PAID", "update_time": "2026-11-11 00:01:40"})),
        ),
        sent("trade_TradePartlySellerShip", Value::Null, 1_794_355_200, Value::Null),
        sent(
            "trade_TradeSellerShip",
            json!("WAIT_BUYER_CONFIRM_GOODS"),
            1_700_000_000,
            trade(shipped.clone()),
        ),
        sent("trade_refund_BuyerCreated", json!(""), 1_600_000_000, note("2026-11-13 00:00:00")),
        sent("trade_refund_RefundSuccess", json!(""), 1_600_000_000, note("2026-11-14 00:00:00")),
        sent(
            "trade_TradeSuccess",
            json!("TRADE_SUCCESS"),
            1_500_000_000,
            trade(merged(
                shipped,
                json!({"status": "TRADE_SUCCESS", "update_time": "2026-11-20 08:00:00", "success_time": "2026-11-20 08:00:00"}),
            )),
        ),
    ]
}

fn douyin_flow() -> Vec<Sent> {
    let sent = |tag: &str, data: Value| {
        let data = merged(json!({"p_id": "4705288465508532862"}), data);
        Sent::new(
            "douyin",
            &[],
            json!([{"tag": tag, "msg_id": format!("1::{tag}:1618990599:2"), "data": data.to_string()}])
                .to_string(),
        )
    };
    vec![
        sent("100", json!({"order_status": 1, "create_time": 1_618_990_587})),
        sent(
            "109",
            json!({"order_status": 1, "modify_time": 1_618_990_590, "total_amount": 26000, "post_amount": 200}),
        ),
        // Created and paid within one second of each other is usual.
        sent("110", json!({"order_status": 2})),
        sent("101", json!({"order_status": 2, "pay_time": 1_618_990_600, "pay_amount": 25800})),
        sent("101", json(&fixture("douyin/detail.json"))),
        sent("108", json!({"order_status": 101, "update_time": 1_618_991_000})),
        sent("102", json!({"order_status": 3, "update_time": 1_618_992_000})),
        sent("200", json!({"aftersale_id": 7, "apply_time": 1_618_993_000, "refund_amount": 5000})),
        sent("206", json!({"aftersale_id": 7, "success_time": 1_618_994_000, "refund_amount": 5000})),
        sent("103", json!({"order_status": 5, "complete_time": 1_618_995_000})),
    ]
}

fn standard_flow() -> Vec<Sent> {
    let sent = |changes: Value| {
        let body = merged(json!({"external_id": "1"}), changes);
        Sent::new("standard", &[], json!({"type": "order.updated", "data": body}).to_string())
    };
    vec![
        sent(json!({"version": "2026-11-11T00:00:00Z", "status": "created", "total_amount": 100})),
        sent(
            json!({"version": "2026-11-11T00:00:00Z", "status": "paid", "paid_at": "2026-11-11T00:00:00Z", "total_amount": 90}),
        ),
        sent(json!({"version": "2026-11-12T00:00:00Z", "shipped_at": "2026-11-12T00:00:00Z"})),
        sent(json!({"version": "2026-11-13T00:00:00Z", "refunded_amount": 30})),
        sent(
            json!({"version": "2026-11-14T00:00:00Z", "status": "partially_refunded", "refunded_amount": 40}),
        ),
    ]
}

fn folded<'a>(documents: impl IntoIterator<Item = &'a OrderDocument>) -> (Timestamp, Told, MergeState) {
    let mut order = Order::unknown(OrderId::nil(), ShopId::nil(), "1");
    for document in documents {
        order.tell(document, "CNY", None);
    }
    (order.version, order.told, order.merge)
}

fn documents(flow: Vec<Sent>) -> Vec<OrderDocument> {
    flow.iter().flat_map(Sent::orders).map(|(_, document)| document).collect()
}

/// Every document at least once, some again, in any order.
fn arrivals(documents: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..documents, 0..documents).prop_flat_map(move |again| {
        let all: Vec<usize> = (0..documents).chain(again).collect();
        Just(all).prop_shuffle()
    })
}

fn holds(flow: Vec<Sent>, check: impl Fn(&Told)) {
    let documents = documents(flow);
    let expected = folded(&documents);
    check(&expected.1);
    let mut runner = proptest::test_runner::TestRunner::default();
    let arrived = runner.run(&arrivals(documents.len()), |arrival| {
        prop_assert_eq!(&folded(arrival.iter().map(|&index| &documents[index])), &expected);
        Ok(())
    });
    arrived.unwrap();
}

#[test]
fn shopify() {
    holds(shopify_flow(), |told| {
        assert_eq!(told.status, Some(OrderStatus::PartiallyRefunded));
        assert_eq!(told.paid_at, Some(at("2026-11-11T00:00:00Z")), "when orders/paid was sent");
        assert_eq!(told.shipped_at, Some(at("2026-11-12T00:00:00Z")));
        assert_eq!(told.delivered_at, Some(at("2026-11-14T00:00:00Z")));
    });
}

#[test]
fn woocommerce() {
    holds(woocommerce_flow(), |told| {
        assert_eq!(told.status, Some(OrderStatus::Refunded));
        assert_eq!(told.paid_at, Some(at("2026-11-10T16:03:00Z")));
        assert_eq!(told.completed_at, Some(at("2026-11-13T00:00:00Z")));
    });
}

#[test]
fn youzan() {
    holds(youzan_flow(), |told| {
        assert_eq!(told.status, Some(OrderStatus::Completed));
        assert_eq!(told.paid_at, Some(at("2026-11-10T16:01:40Z")));
        assert_eq!(told.shipped_at, Some(at("2026-11-12T00:00:00Z")));
        assert_eq!(told.completed_at, Some(at("2026-11-20T00:00:00Z")));
    });
}

#[test]
fn douyin() {
    holds(douyin_flow(), |told| {
        assert_eq!(told.status, Some(OrderStatus::Completed));
        assert_eq!(told.completed_at, Some(at("2021-04-21T08:50:00Z")));
        assert_eq!(told.shipped_at, Some(at("2021-04-21T08:00:00Z")));
        assert_eq!(told.amounts.as_ref().unwrap().total, 25800);
        assert_eq!(told.buyer_id.as_deref(), Some("1@#Ab+cd=="));
    });
}

#[test]
fn standard() {
    holds(standard_flow(), |told| {
        assert_eq!(told.status, Some(OrderStatus::PartiallyRefunded));
        assert_eq!(told.amounts.as_ref().unwrap().total, 90, "a tie goes to the further step");
    });
}
