//! All that is held on a person is told, and no table is forgotten.

use std::collections::BTreeSet;

use huitou::privacy::holdings::{HOLDINGS, IMPERSONAL, Told};
use serde_json::json;

use crate::customers::{Shop, hong};
use crate::schema::declared;
use crate::support::{Send, on_both};

#[test]
fn every_table_says_what_it_holds_on_people() {
    let declared: BTreeSet<String> = declared::primary_keys().into_keys().collect();
    let named = HOLDINGS.iter().map(|holding| holding.table).chain(IMPERSONAL.iter().copied());
    let mut seen = BTreeSet::new();
    for table in named {
        assert!(declared.contains(table), "there is no table {table}");
        assert!(seen.insert(table.to_string()), "{table} is named twice");
    }
    let missing: Vec<_> = declared.difference(&seen).collect();
    assert!(missing.is_empty(), "src/privacy/holdings.rs does not say what an erasure makes of {missing:?}");
    let columns = declared::names();
    for (table, column) in &columns {
        let about_people = matches!(column.as_str(), "customer_id" | "origin_id" | "merged_into");
        let named = HOLDINGS.iter().any(|holding| holding.table == table);
        assert!(
            !about_people || named,
            "{table}.{column} names customers, but {table} holds nothing on people"
        );
    }
    for holding in HOLDINGS {
        for column in holding.by {
            let there = columns.contains(&(holding.table.to_string(), column.to_string()));
            assert!(there, "{} has no column {column}", holding.table);
        }
    }
}

on_both! {
    async fn an_export_tells_everything_and_is_written_down(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", hong()).await;
        let path = format!("/v1/customers/{id}");
        for number in 0..3 {
            shop.order(&app, &format!("o{number}"), json!({"version": "2026-10-01T00:00:00Z", "status": "paid",
                "ordered_at": "2026-10-01T00:00:00Z", "total_amount": 100, "note": "leave it with 王五",
                "customer": {"external_id": "ouid-1"},
                "lines": [{"sku": "S", "quantity": 1, "total_amount": 100}]})).await;
        }
        app.put(&format!("{path}/consents/sms")).bearer_auth(&shop.token).json(&json!({"granted": true})).answer().await;
        app.post(&format!("{path}/notes")).bearer_auth(&shop.token).json(&json!({"text": "likes red"})).answer().await;
        let event = json!({"customer_id": id, "type": "review", "properties": {"text": "warm"}});
        app.post("/v1/events").bearer_auth(&shop.token).json(&event).answer().await;

        let export = app.get(&format!("{path}/export")).bearer_auth(&shop.token).answer().await;
        assert_eq!(export.status, 200, "{export:?}");
        assert_eq!((export.text("/customer/phone"), export.text("/identities/0/value")), ("13800001234".into(), "ouid-1".into()));
        assert_eq!(export.at("orders").as_array().unwrap().len(), 3);
        assert_eq!((export.text("/orders/0/note"), export.text("/orders/0/lines/0/sku")), ("leave it with 王五".into(), "S".into()));
        assert_eq!((export.text("/consents/0/channel"), export.text("/notes/0/text")), ("sms".into(), "likes red".into()));
        assert_eq!(export.text("/events/0/properties/text"), "warm");
        for holding in HOLDINGS {
            if let Told::In(section) = holding.told {
                assert!(export.body.get(section).is_some(), "{} is told nowhere", holding.table);
            }
        }

        let log = app.get("/v1/audit-log").bearer_auth(app.token(&shop.tenant, "settings:read")).answer().await;
        assert_eq!((log.text("/data/0/action"), log.text("/data/0/object"), log.text("/data/0/actor")),
            ("customer_exported".into(), id, "tester".into()));
    }

    async fn an_export_needs_the_right_to_read_personal_data(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", hong()).await;
        let path = format!("/v1/customers/{id}/export");
        app.get(&path).bearer_auth(shop.blind(&app)).answer().await.assert_problem(403, "insufficient_scope");
        let unknown = "/v1/customers/cus_01jd7zk3v8e4qbm2n5r9x6t0wy/export";
        app.get(unknown).bearer_auth(&shop.token).answer().await.assert_problem(404, "not_found");
    }

    async fn long_histories_are_told_whole(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let events: Vec<String> = (0..1_234)
            .map(|number| json!({"customer_id": id, "type": "view", "properties": {"number": number}}).to_string()).collect();
        let answer = app.post("/v1/events").bearer_auth(&shop.token).header("content-type", "application/x-ndjson")
            .body(events.join("\n")).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let export = app.get(&format!("/v1/customers/{id}/export")).bearer_auth(&shop.token).answer().await;
        let numbers: BTreeSet<i64> = export.at("events").as_array().unwrap().iter()
            .map(|event| event["properties"]["number"].as_i64().unwrap()).collect();
        assert_eq!((numbers.len(), numbers.first(), numbers.last()), (1_234, Some(&0), Some(&1_233)));
    }
}
