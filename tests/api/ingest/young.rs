//! A table that has just begun to grow.

use diesel::sql_types::BigInt;
use huitou::ingest::Incoming;
use huitou::orders::OrderDocument;
use huitou::sql;

use super::archive::{Archive, now, open};

fn sale(archive: &Archive, number: usize) -> Incoming {
    let document: OrderDocument = serde_json::from_value(serde_json::json!({
        "version": now(), "status": "paid", "paid_at": now(), "total_amount": 100,
        "customer": {"external_id": format!("buyer {number}")}, "lines": []
    }))
    .unwrap();
    Incoming { shop_id: archive.shops[0], external_id: format!("sale-{number}"), document }
}

/// The server's own look comes up to a minute later; until then a statement that was prepared on the empty table reads
/// all orders of the tenant to find one.
#[test]
fn the_planner_knows_a_table_that_grows_before_the_server_looks_at_it_on_postgres() {
    #[derive(diesel::QueryableByName)]
    struct Known {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let Some(url) = crate::support::postgres::database_url() else { return };
    let archive = Archive::new(&open(&url));
    let sales: Vec<Incoming> = (0..2_000).map(|number| sale(&archive, number)).collect();
    sales.chunks(100).for_each(|batch| drop(archive.apply(batch)));
    let mut connection = archive.db.dedicated().unwrap();
    for table in ["orders", "customers", "identities"] {
        let known: Vec<Known> = sql!(
            "SELECT CAST(reltuples AS bigint) AS rows FROM pg_class WHERE oid = CAST({} AS regclass)",
            table
        )
        .load(&mut connection)
        .unwrap();
        assert!(known[0].rows >= 1_000, "{table}: {} rows", known[0].rows);
    }
}
