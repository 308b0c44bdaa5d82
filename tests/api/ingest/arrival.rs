//! The order of arrival does not matter: shuffled, repeated, split, and through two instances at once.

use std::collections::BTreeSet;

use huitou::db::Db;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::archive::{Archive, open};
use super::histories::{Event, history, incoming};

/// A history, a second arrival of it (shuffled, with repetitions) and the sizes of its batches.
fn arrivals() -> impl Strategy<Value = (Vec<Event>, Vec<Event>, Vec<usize>)> {
    history().prop_flat_map(|events| {
        let repeated = proptest::collection::vec(proptest::sample::select(events.clone()), 0..6);
        let shuffled = (Just(events.clone()), repeated)
            .prop_map(|(events, repeated)| [events, repeated].concat())
            .prop_shuffle();
        (Just(events), shuffled, proptest::collection::vec(1..6usize, 1..6))
    })
}

/// The archive after the events came one by one in the order of their versions.
fn in_order(db: &Db, events: &[Event]) -> Archive {
    let archive = Archive::new(db);
    let mut events = events.to_vec();
    events.sort_by_key(|(_, _, document)| document.version);
    for item in incoming(archive.shops, &events) {
        archive.apply(std::slice::from_ref(&item));
    }
    archive
}

fn batches<'e>(events: &'e [Event], sizes: &[usize]) -> Vec<&'e [Event]> {
    let mut rest = events;
    let mut batches = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (batch, others) = rest.split_at((*size).min(rest.len()));
        batches.push(batch);
        rest = others;
    }
    batches
}

fn shuffled(db: &Db, events: &[Event], sizes: &[usize]) -> BTreeSet<String> {
    let archive = Archive::new(db);
    for batch in batches(events, sizes) {
        archive.apply(&incoming(archive.shops, batch));
    }
    archive.dump()
}

/// Two instances of the service, each with its own connections, take turns as the machine likes.
fn from_two_instances(db: &Db, other: &Db, events: &[Event], sizes: &[usize]) -> BTreeSet<String> {
    let archive = Archive::new(db);
    let batches = batches(events, sizes);
    let instance = |db: &Db, parity: usize| {
        let own = Archive {
            db: db.clone(),
            tenant: archive.tenant,
            shops: archive.shops,
            clock: archive.clock.clone(),
            ids: archive.ids.clone(),
        };
        for (_, batch) in batches.iter().enumerate().filter(|(number, _)| number % 2 == parity) {
            own.apply(&incoming(own.shops, batch));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| instance(db, 0));
        scope.spawn(|| instance(other, 1));
        // Facts may be rebuilt while orders come in.
        scope.spawn(|| archive.rebuild());
    });
    archive.dump()
}

fn arrival_does_not_matter(url: &str, cases: u32) {
    let (db, other) = (open(url), open(url));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&arrivals(), |(events, arrival, sizes)| {
            let archive = in_order(&db, &events);
            let expected = archive.dump();
            prop_assert_eq!(&shuffled(&db, &arrival, &sizes), &expected, "shuffled and repeated");
            prop_assert_eq!(&from_two_instances(&db, &other, &arrival, &sizes), &expected, "two instances");
            archive.rebuild();
            prop_assert_eq!(&archive.dump(), &expected, "facts rebuilt from nothing");
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_archive_does_not_depend_on_the_order_of_arrival_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    arrival_does_not_matter(&format!("sqlite://{}", directory.path().join("a.db").display()), 32);
}

#[test]
fn the_archive_does_not_depend_on_the_order_of_arrival_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    arrival_does_not_matter(&url, 32);
}
