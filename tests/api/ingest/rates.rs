//! Exchange rates that become known after the orders that need them.

use huitou::ingest::Incoming;
use huitou::orders::OrderDocument;
use serde_json::json;

use super::archive::{Archive, open};

fn order(archive: &Archive, id: &str, more: serde_json::Value) -> Incoming {
    let mut document = json!({
        "version": "2026-08-01T08:00:00Z", "status": "paid", "paid_at": "2026-08-01T08:00:00Z",
        "currency": "GBP", "total_amount": 10_000, "customer": {"external_id": "b"}
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document: OrderDocument = serde_json::from_value(document).unwrap();
    Incoming { shop_id: archive.shops[0], external_id: id.into(), document }
}

fn facts(archive: &Archive) -> String {
    archive.dump().into_iter().find(|row| row.starts_with("facts") && !row.contains(" in ")).unwrap()
}

fn a_late_rate_changes_facts_as_a_rebuild_would(url: &str) {
    let archive = Archive::new(&open(url));
    archive.apply(&[order(&archive, "1", json!({})), order(&archive, "2", json!({}))]);
    assert!(facts(&archive).contains("(2, 2, 2, 0, 0, 0, 0, 0, 0,"), "not converted: {}", facts(&archive));

    archive.set_rates(json!([{"currency": "GBP", "from": "2026-01-01", "rate": "9"}]));
    let shipped = json!({"version": "2026-08-02T08:00:00Z", "status": "shipped", "refunded_amount": 1_000});
    archive.apply(&[order(&archive, "1", shipped)]);
    let first = "(2, 2, 1, 1, 0, 90000, 9000, 81000, 0,";
    assert!(facts(&archive).contains(first), "the one told again is converted: {}", facts(&archive));

    assert_eq!(archive.rebuild(), 1, "the other is converted by a rebuild");
    let both = "(2, 2, 0, 1, 0, 180000, 9000, 171000, 0,";
    assert!(facts(&archive).contains(both), "{}", facts(&archive));
    let settled = archive.dump();
    assert_eq!(archive.rebuild(), 0);
    assert_eq!(archive.dump(), settled);

    archive.set_rates(json!([{"currency": "GBP", "from": "2026-01-01", "rate": "8"}]));
    let completed = json!({"version": "2026-08-03T08:00:00Z", "status": "completed"});
    archive.apply(&[order(&archive, "2", completed)]);
    assert!(facts(&archive).contains(both), "an order keeps its rate: {}", facts(&archive));
}

#[test]
fn a_rate_that_becomes_known_late_changes_facts_as_a_rebuild_would_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    a_late_rate_changes_facts_as_a_rebuild_would(&format!(
        "sqlite://{}",
        directory.path().join("r.db").display()
    ));
}

#[test]
fn a_rate_that_becomes_known_late_changes_facts_as_a_rebuild_would_on_postgres() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    a_late_rate_changes_facts_as_a_rebuild_would(&url);
}
