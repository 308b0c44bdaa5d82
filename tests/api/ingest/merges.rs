//! Merges by hand among random orders: what is undone never happened, in whatever order, and no order is lost.

use diesel::prelude::*;
use huitou::clock::Clock;
use huitou::customers::merging::service::Asker;
use huitou::db::DbError;
use huitou::db::schema::{identities, notes};
use huitou::error::Error;
use huitou::ids::{CustomerId, MergeId, NoteId};
use huitou::ingest::Incoming;
use huitou::orders::OrderDocument;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::archive::{Archive, now, open};
use super::histories::{Event, history, incoming};

/// One thing that happens; people are chosen by a number among those who are known.
#[derive(Debug, Clone)]
enum Act {
    Orders(Vec<Event>),
    Merge(usize, usize),
    Undo(usize),
    Note(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => history().prop_map(Act::Orders),
        3 => (0..16usize, 0..16usize).prop_map(|(into, from)| Act::Merge(into, from)),
        2 => (0..8usize).prop_map(Act::Undo),
        1 => (0..16usize).prop_map(Act::Note),
    ];
    (history(), proptest::collection::vec(act, 1..14))
        .prop_map(|(first, acts)| std::iter::once(Act::Orders(first)).chain(acts).collect())
}

impl Archive {
    /// The customers as they were first known, in the order of what they are known by, and under whom they are found.
    fn known(&self) -> Vec<(CustomerId, CustomerId)> {
        let found = self.db.read_blocking(|c| -> Result<Vec<(Option<CustomerId>, CustomerId)>, DbError> {
            Ok(identities::table
                .filter(identities::tenant_id.eq(self.tenant))
                .order((identities::kind, identities::scope, identities::value))
                .select((identities::origin_id, identities::customer_id))
                .load(c)?)
        });
        found.unwrap().into_iter().map(|(origin, customer)| (origin.unwrap(), customer)).collect()
    }

    fn merge(&self, into: CustomerId, from: CustomerId) -> Result<MergeId, Error> {
        let asker = self.asker();
        self.db.write_blocking(|c| asker.merge(c, into, from)).map(|entry| entry.id)
    }

    fn undo(&self, merge: MergeId) -> Result<(), Error> {
        let asker = self.asker();
        self.db.write_blocking(|c| asker.undo(c, merge)).map(drop)
    }

    fn asker(&self) -> Asker<'_> {
        Asker { tenant: self.tenant, subject: "tester", now: self.clock.now(), ids: &*self.ids }
    }

    fn note(&self, customer: CustomerId, body: &str) {
        let id: NoteId = self.ids.id(now());
        self.db
            .write_blocking(|c| -> Result<usize, DbError> {
                Ok(diesel::insert_into(notes::table)
                    .values((
                        (notes::tenant_id.eq(self.tenant), notes::id.eq(id), notes::body.eq(body)),
                        (notes::customer_id.eq(customer), notes::origin_id.eq(customer)),
                        (notes::author.eq("tester"), notes::created_at.eq(now())),
                    ))
                    .execute(c)?)
            })
            .unwrap();
    }
}

/// Tries again while somebody else is in the way.
fn insist<T>(work: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match work() {
            Err(Error::Conflict { code: "conflict", .. } | Error::Unavailable { .. }) => {}
            outcome => return outcome,
        }
    }
}

fn what_is_undone_never_happened(url: &str, cases: u32) {
    let db = open(url);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&acts(), |acts| {
            let (archive, plain) = (Archive::new(&db), Archive::new(&db));
            let mut merges: Vec<MergeId> = Vec::new();
            for (number, act) in acts.iter().enumerate() {
                let known = archive.known();
                let choose = |place: usize| known.get(place % known.len().max(1)).copied();
                match act {
                    Act::Orders(events) => {
                        archive.apply(&incoming(archive.shops, events));
                        plain.apply(&incoming(plain.shops, events));
                    }
                    Act::Merge(into, from) => {
                        if let Some(((into, _), (from, _))) = choose(*into).zip(choose(*from)) {
                            merges.extend(archive.merge(into, from).ok());
                        }
                    }
                    Act::Undo(place) if !merges.is_empty() => {
                        archive.undo(merges.remove(place % merges.len())).unwrap();
                    }
                    Act::Undo(_) => {}
                    Act::Note(place) => {
                        if let Some((_, customer)) = choose(*place) {
                            archive.note(customer, &number.to_string());
                            let origins: Vec<CustomerId> = known.iter().map(|(origin, _)| *origin).collect();
                            let alike = origins.iter().position(|origin| *origin == customer).unwrap();
                            plain.note(plain.known()[alike].1, &number.to_string());
                        }
                    }
                }
                let kept = archive.dump();
                archive.rebuild();
                prop_assert_eq!(&archive.dump(), &kept, "facts rebuilt from nothing");
            }
            // In another order than they were made.
            merges.sort_by_key(|merge| merge.to_string().chars().rev().collect::<String>());
            for merge in merges {
                archive.undo(merge).unwrap();
            }
            prop_assert_eq!(archive.dump(), plain.dump());
            Ok(())
        })
        .unwrap();
}

#[test]
fn merges_that_are_undone_never_happened_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    what_is_undone_never_happened(&format!("sqlite://{}", directory.path().join("m.db").display()), 48);
}

#[test]
fn merges_that_are_undone_never_happened_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    what_is_undone_never_happened(&url, 48);
}

fn order(archive: &Archive, number: usize, buyer: &str) -> Incoming {
    let paid_at = now().plus_seconds(-60 * number as i64);
    let document: OrderDocument = serde_json::from_value(serde_json::json!({
        "version": paid_at, "status": "paid", "paid_at": paid_at, "ordered_at": paid_at,
        "currency": "CNY", "total_amount": 100, "customer": {"external_id": buyer, "name": buyer},
        "lines": [{"sku": "a", "quantity": 1, "total_amount": 60}, {"sku": "b", "quantity": 1, "total_amount": 40}]
    }))
    .unwrap();
    Incoming { shop_id: archive.shops[0], external_id: format!("o-{number}"), document }
}

/// Orders of three customers come in over one instance while another merges and parts them.
fn no_order_is_lost(url: &str) {
    let (db, other) = (open(url), open(url));
    let archive = Archive::new(&db);
    let orders: Vec<Incoming> =
        (0..300).map(|number| order(&archive, number, ["a", "b", "c"][number % 3])).collect();
    archive.apply(&orders[..3]);
    let people: Vec<CustomerId> = archive.known().into_iter().map(|(origin, _)| origin).collect();
    let merging = Archive {
        db: other,
        tenant: archive.tenant,
        shops: archive.shops,
        clock: archive.clock.clone(),
        ids: archive.ids.clone(),
    };
    let merges = std::thread::scope(|scope| {
        let orders = scope.spawn(|| orders[3..].chunks(4).for_each(|batch| drop(archive.apply(batch))));
        let mut round = 0;
        let mut standing: Vec<MergeId> = Vec::new();
        while !orders.is_finished() || standing.is_empty() {
            let (into, from) = (people[round % 3], people[(round / 3 + round + 1) % 3]);
            standing.extend(insist(|| merging.merge(into, from)).ok());
            if round % 3 == 2 {
                let merge = standing.remove(round % standing.len());
                insist(|| merging.undo(merge)).unwrap();
            }
            round += 1;
            // SQLite lets nobody write who comes while another holds on.
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        standing
    });
    let merged = archive.dump();
    archive.rebuild();
    assert_eq!(archive.dump(), merged, "facts are right while customers are merged");
    for merge in merges {
        archive.undo(merge).unwrap();
    }
    let found = archive.dump();
    assert_eq!(found.iter().filter(|row| row.starts_with("order ")).count(), 300);
    for buyer in ["0:a", "0:b", "0:c"] {
        let facts = format!("facts Some({buyer:?}) (100, 100,");
        assert!(found.iter().any(|row| row.starts_with(&facts)), "{buyer}: {found:#?}");
        let lines =
            found.iter().filter(|row| row.starts_with("line ") && row.contains(&format!("Some({buyer:?})")));
        assert_eq!(lines.count(), 200);
    }
}

#[test]
fn no_order_is_lost_while_customers_are_merged_and_parted_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    no_order_is_lost(&format!("sqlite://{}", directory.path().join("m.db").display()));
}

#[test]
fn no_order_is_lost_while_customers_are_merged_and_parted_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    no_order_is_lost(&url);
}

fn a_heavy_customer_merges(url: &str) {
    let archive = Archive::new(&open(url));
    let orders: Vec<Incoming> = (0..20_000).map(|number| order(&archive, number, "heavy")).collect();
    for batch in orders.chunks(1_000) {
        archive.apply(batch);
    }
    archive.apply(&[order(&archive, 20_000, "light")]);
    let apart = archive.dump();
    let known = archive.known();
    let started = std::time::Instant::now();
    let merge = archive.merge(known[1].0, known[0].0).unwrap();
    eprintln!("20,000 orders were merged in {:?}", started.elapsed());
    let facts = "facts Some(\"0:heavy+0:light\") (20001, 20001,";
    assert!(archive.dump().iter().any(|row| row.starts_with(facts)));
    let started = std::time::Instant::now();
    archive.undo(merge).unwrap();
    eprintln!("and parted in {:?}", started.elapsed());
    assert_eq!(archive.dump(), apart);
}

#[test]
fn a_customer_with_20_000_orders_merges_and_comes_back_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    a_heavy_customer_merges(&format!("sqlite://{}", directory.path().join("m.db").display()));
}

#[test]
fn a_customer_with_20_000_orders_merges_and_comes_back_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    a_heavy_customer_merges(&url);
}
