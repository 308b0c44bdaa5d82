//! Random histories of orders: few keys and small versions, so that events collide, tie and contradict.

use huitou::ids::ShopId;
use huitou::ingest::Incoming;
use huitou::orders::OrderStatus;
use huitou::orders::document::{Address, BuyerDocument, LineDocument, OrderDocument, RefundDocument};
use huitou::time::Timestamp;
use proptest::prelude::*;

fn at(minute: i64) -> Timestamp {
    let noon: Timestamp = "2026-06-30T12:00:00Z".parse().unwrap();
    noon.plus_seconds(60 * minute)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0i64..2_000).prop_map(at)
}

fn maybe_moment() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::weighted(0.4, moment())
}

fn buyer() -> impl Strategy<Value = BuyerDocument> {
    let id = proptest::option::weighted(0.8, (0..4u8).prop_map(|number| format!("buyer-{number}")));
    let name = proptest::option::of(prop_oneof![Just("李雷"), Just("Han Meimei"), Just("李**")]);
    let phone = proptest::option::of(prop_oneof![
        Just("13800001234"),
        Just("138****1234"),
        Just("+44 20 7946 0018"),
        Just("+86 138-0000-5678"),
    ]);
    let email = proptest::option::of(prop_oneof![
        Just("Lei@Example.com"),
        Just("l***@example.com"),
        Just("meimei@example.com"),
    ]);
    let verified = (proptest::bool::weighted(0.3), proptest::bool::weighted(0.3));
    let city = proptest::option::of(prop_oneof![Just("杭州"), Just("Leeds")]);
    let line = proptest::option::of(prop_oneof![Just("文三路 1 号"), Just("***")]);
    (id, name, phone, email, city, line, verified).prop_map(
        |(external_id, name, phone, email, city, line, (phone_verified, email_verified))| BuyerDocument {
            external_id,
            name: name.map(Into::into),
            phone: phone.map(Into::into),
            phone_verified,
            email: email.map(Into::into),
            email_verified,
            address: city.map(|city| Address {
                city: Some(city.into()),
                line: line.map(Into::into),
                ..Address::default()
            }),
        },
    )
}

fn line() -> impl Strategy<Value = LineDocument> {
    (0..3u8, 1..4i64, 0..5_000i64).prop_map(|(sku, quantity, total_amount)| LineDocument {
        external_id: None,
        sku: Some(format!("sku-{sku}")),
        product_external_id: None,
        title: Some("羽绒服".into()),
        category: None,
        attributes: [("尺码".to_owned(), "XXXXL".into())].into(),
        quantity,
        unit_amount: None,
        total_amount,
    })
}

fn refund() -> impl Strategy<Value = RefundDocument> {
    (0..2u8, moment(), 0..6_000i64).prop_map(|(id, refunded_at, amount)| RefundDocument {
        external_id: format!("r{id}"),
        refunded_at,
        amount,
    })
}

/// One or two refunds with an id of their own each.
fn refunds() -> impl Strategy<Value = Vec<RefundDocument>> {
    proptest::collection::vec(refund(), 1..3).prop_map(|mut refunds| {
        refunds.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        refunds.dedup_by(|a, b| a.external_id == b.external_id);
        refunds
    })
}

fn document() -> impl Strategy<Value = OrderDocument> {
    let status = proptest::option::weighted(0.8, proptest::sample::select(&OrderStatus::ALL[..]));
    let dates =
        (maybe_moment(), maybe_moment(), maybe_moment(), maybe_moment(), maybe_moment(), maybe_moment());
    let currency = proptest::option::of(prop_oneof![Just("CNY"), Just("USD"), Just("GBP")]);
    let amounts =
        (proptest::option::weighted(0.7, 0..10_000i64), currency, proptest::option::of(Just("6.5")));
    let refunds = (proptest::option::weighted(0.3, refunds()), proptest::option::weighted(0.3, 0..8_000i64));
    let rest = (
        proptest::option::weighted(0.7, buyer()),
        proptest::option::weighted(0.5, proptest::collection::vec(line(), 0..3)),
        proptest::option::weighted(0.3, proptest::collection::vec(Just("双十一".to_owned()), 0..2)),
        proptest::option::weighted(0.3, prop_oneof![Just("app".to_owned()), Just("web".to_owned())]),
        proptest::option::weighted(0.3, proptest::collection::vec(Just("OLD8".to_owned()), 0..2)),
        proptest::option::weighted(0.3, (0..2u8).prop_map(|number| format!("note {number}"))),
        proptest::option::weighted(0.3, (0..2u8).prop_map(|gift| [("gift".to_owned(), gift.into())].into())),
    );
    ((0i64..8), status, dates, amounts, refunds, rest).prop_map(
        |(version, status, dates, (total_amount, currency, rate), (refunds, refunded_amount), rest)| {
            OrderDocument {
                version: at(3_000 + version),
                status,
                ordered_at: dates.0,
                paid_at: dates.1,
                shipped_at: dates.2,
                delivered_at: dates.5,
                completed_at: dates.3,
                closed_at: dates.4,
                currency: currency.map(Into::into),
                total_amount,
                discount_amount: total_amount.map(|total| total / 10),
                shipping_amount: total_amount.map(|_| 0),
                exchange_rate: rate.map(Into::into),
                refunds,
                refunded_amount,
                source: rest.3,
                promotions: rest.2,
                customer: rest.0,
                lines: rest.1,
                coupon_codes: rest.4,
                note: rest.5,
                attributes: rest.6,
            }
        },
    )
}

/// One event: which shop (0 or 1), which order, what it tells.
pub type Event = (usize, u8, OrderDocument);

/// What happened to a few orders, in any order.
pub fn history() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec((0..2usize, 0..4u8, document()), 1..24)
}

/// The events as a batch for the door.
pub fn incoming(shops: [ShopId; 2], events: &[Event]) -> Vec<Incoming> {
    events
        .iter()
        .map(|(shop, order, document)| Incoming {
            shop_id: shops[*shop],
            external_id: format!("order-{order}"),
            document: document.clone(),
        })
        .collect()
}
