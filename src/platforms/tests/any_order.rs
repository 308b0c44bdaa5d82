//! Whatever order the messages about an order arrive in, and however often: the same is known in the end.

use proptest::prelude::*;

use super::*;
use crate::ids::{OrderId, ShopId};
use crate::ingest::order::{MergeState, Order, Told};
use crate::orders::OrderStatus;

/// The deliveries about one order, in the order in which they happen. Among them: Shopify's `updated` in the second of
/// its `create`, Youzan's versions that run against the dates, a Douyin order that is created and paid in one second.
fn flow(platform: &str) -> Vec<Sent> {
    let sent = json(&fixture(&format!("flows/{platform}.json")));
    let each = sent.as_array().unwrap().iter().map(|sent| {
        let headers: Vec<(&str, &str)> = sent["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        Sent::new(platform, &headers, sent["body"].as_str().unwrap())
    });
    each.collect()
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
    holds(flow("shopify"), |told| {
        assert_eq!(told.status, Some(OrderStatus::PartiallyRefunded));
        assert_eq!(told.paid_at, Some(at("2026-11-11T00:00:00Z")), "when orders/paid was sent");
        assert_eq!(told.shipped_at, Some(at("2026-11-12T00:00:00Z")));
        assert_eq!(told.delivered_at, Some(at("2026-11-14T00:00:00Z")));
    });
}

#[test]
fn woocommerce() {
    holds(flow("woocommerce"), |told| {
        assert_eq!(told.status, Some(OrderStatus::Refunded));
        assert_eq!(told.paid_at, Some(at("2026-11-10T16:03:00Z")));
        assert_eq!(told.completed_at, Some(at("2026-11-13T00:00:00Z")));
    });
}

#[test]
fn youzan() {
    holds(flow("youzan"), |told| {
        assert_eq!(told.status, Some(OrderStatus::Completed));
        assert_eq!(told.paid_at, Some(at("2026-11-10T16:01:40Z")));
        assert_eq!(told.shipped_at, Some(at("2026-11-12T00:00:00Z")));
        assert_eq!(told.completed_at, Some(at("2026-11-20T00:00:00Z")));
    });
}

#[test]
fn douyin() {
    holds(flow("douyin"), |told| {
        assert_eq!(told.status, Some(OrderStatus::Completed));
        assert_eq!(told.completed_at, Some(at("2021-04-21T08:50:00Z")));
        assert_eq!(told.shipped_at, Some(at("2021-04-21T08:00:00Z")));
        assert_eq!(told.amounts.as_ref().unwrap().total, 25800);
        assert_eq!(told.buyer_id.as_deref(), Some("1@#Ab+cd=="));
    });
}

#[test]
fn standard() {
    holds(flow("standard"), |told| {
        assert_eq!(told.status, Some(OrderStatus::PartiallyRefunded));
        assert_eq!(told.amounts.as_ref().unwrap().total, 90, "a tie goes to the further step");
    });
}
