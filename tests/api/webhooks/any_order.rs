//! Whatever order a platform's deliveries come in, in whatever batches and however often: the archive ends the same.

use std::sync::atomic::AtomicBool;

use huitou::clock::Clock;
use huitou::db::DbError;
use huitou::platforms::{self, Context, Headers, Request};
use huitou::shops::Platform;
use huitou::time::time_zone;
use huitou::webhooks::delivery::DeliveryStatus;
use huitou::webhooks::inbox::{self, Arrival, Reading, Stored};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::ingest::archive::{Archive, now, open};
use crate::support::postgres;

/// The deliveries about one order, as a platform sends them.
fn flow(platform: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/platforms/flows/{platform}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A delivery under a key of its own, so that a repeated one is applied again.
fn arrival(archive: &Archive, platform: &str, sent: &Value, key: String) -> Arrival {
    let headers: Vec<(&str, &[u8])> = sent["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap().as_bytes()))
        .collect();
    let body = sent["body"].as_str().unwrap().as_bytes();
    let request = Request { tail: "", query: "", headers: Headers::new(&headers), body };
    let context = Context {
        time_zone: time_zone("Asia/Shanghai").unwrap(),
        currency: "CNY".into(),
        received_at: now(),
    };
    let parsed = platforms::by_name(platform).unwrap().parse(&request, &context);
    let reading = Reading::new(archive.shops[0], parsed, String::new);
    assert!(reading.told.is_ok(), "{platform}: {:?}", reading.told);
    let stored =
        Stored { headers: Vec::new(), tail: String::new(), query: String::new(), body: body.to_vec().into() };
    Arrival {
        id: archive.ids.id(now()),
        shop_id: archive.shops[0],
        platform: Platform::parse(platform).unwrap(),
        received_at: now(),
        key,
        topic: reading.topic,
        event_at: reading.event_at,
        request: stored,
        told: reading.told,
        appended: AtomicBool::new(false),
    }
}

fn take(archive: &Archive, arrivals: &[&Arrival]) {
    let receipts = archive.db.write_blocking(|connection| {
        let (_, receipts) =
            inbox::take(connection, archive.tenant, arrivals, &[], archive.clock.now(), &*archive.ids)?;
        Ok::<_, DbError>(receipts)
    });
    for receipt in receipts.unwrap() {
        let status = receipt.status.unwrap();
        assert!(matches!(status, DeliveryStatus::Applied | DeliveryStatus::Ignored), "{status:?}");
    }
}

/// Every delivery at least once, some again, in any order, cut into batches.
fn arrivals(deliveries: usize) -> impl Strategy<Value = (Vec<usize>, usize)> {
    let again = prop::collection::vec(0..deliveries, 0..deliveries);
    let order = again.prop_flat_map(move |again| {
        let all: Vec<usize> = (0..deliveries).chain(again).collect();
        Just(all).prop_shuffle()
    });
    (order, 1..=deliveries)
}

fn holds_on(url: &str) {
    let db = open(url);
    let mut runner = TestRunner::deterministic();
    for platform in ["shopify", "woocommerce", "youzan", "douyin", "standard"] {
        let sent = flow(platform);
        let straight = Archive::new(&db);
        for (number, one) in sent.iter().enumerate() {
            take(&straight, &[&arrival(&straight, platform, one, number.to_string())]);
        }
        let expected = straight.dump();
        assert!(expected.iter().any(|row| row.starts_with("order ")), "{platform}");
        for _ in 0..12 {
            let (order, batch) = arrivals(sent.len()).new_tree(&mut runner).unwrap().current();
            let archive = Archive::new(&db);
            let all: Vec<Arrival> = order
                .iter()
                .enumerate()
                .map(|(place, number)| arrival(&archive, platform, &sent[*number], place.to_string()))
                .collect();
            for batch in all.chunks(batch) {
                take(&archive, &batch.iter().collect::<Vec<_>>());
            }
            let ended = archive.dump();
            let differ: Vec<_> = ended.symmetric_difference(&expected).collect();
            assert!(differ.is_empty(), "{platform}, {order:?} by {batch}: {differ:#?}");
        }
    }
}

#[test]
fn sqlite() {
    let directory = tempfile::tempdir().unwrap();
    holds_on(&format!("sqlite://{}/any_order.db", directory.path().display()));
}

#[test]
fn postgres_too() {
    if let Some(url) = postgres::database_url() {
        holds_on(&url);
    }
}
