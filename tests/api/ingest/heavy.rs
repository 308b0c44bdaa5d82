//! A customer with very many orders costs no more per order than another.

use huitou::ingest::Incoming;
use huitou::orders::OrderDocument;

use super::archive::{Archive, now, open};

fn sale(archive: &Archive, number: i64) -> Incoming {
    let paid_at = now().plus_seconds(-60 * number);
    let document: OrderDocument = serde_json::from_value(serde_json::json!({
        "version": paid_at, "status": "paid", "paid_at": paid_at, "ordered_at": paid_at,
        "currency": "CNY", "total_amount": 100, "customer": {"external_id": "walk-in"}, "lines": []
    }))
    .unwrap();
    Incoming { shop_id: archive.shops[0], external_id: format!("sale-{number}"), document }
}

fn a_heavy_customer_adds_up(url: &str) {
    let archive = Archive::new(&open(url));
    let sales: Vec<Incoming> = (0..20_000).map(|number| sale(&archive, number)).collect();
    for batch in sales.chunks(1_000) {
        let outcomes = archive.apply(batch);
        assert!(outcomes.iter().all(|outcome| outcome.applied && outcome.created));
    }
    let kept = archive.dump();
    assert!(
        kept.iter().any(|row| row.starts_with("facts Some(\"0:walk-in\") (20000, 20000,")),
        "20,000 orders kept"
    );
    archive.rebuild();
    assert_eq!(archive.dump(), kept);
}

#[test]
fn a_customer_with_20_000_orders_has_facts_equal_to_a_rebuild_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    a_heavy_customer_adds_up(&format!("sqlite://{}", directory.path().join("h.db").display()));
}

#[test]
fn a_customer_with_20_000_orders_has_facts_equal_to_a_rebuild_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    a_heavy_customer_adds_up(&url);
}
