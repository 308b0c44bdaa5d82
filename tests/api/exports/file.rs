use serde_json::json;

use super::Desk;
use crate::support::{On, Send, TestApp, on_both};

on_both! {
    async fn a_file_has_as_many_rows_as_it_says_and_as_there_are(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.customers(&app, 4_500).await;
        let stranger = Desk::open(&app).await;
        stranger.customers(&app, 3).await;
        let answer = desk.export(&app, &json!({})).await;
        assert_eq!((answer.status, answer.header("x-total-count")), (200, "4500"));
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"customers-"), "{answer:?}");
        let mut reader = csv::Reader::from_reader(answer.bytes.as_slice());
        assert_eq!(reader.headers().unwrap().iter().next(), Some("id"));
        let ids: Vec<String> = reader.records().map(|row| row.unwrap()[0].into()).collect();
        assert!(ids.len() == 4_500 && ids.is_sorted());
        let list = app.get("/v1/customers?limit=1&count=exact").bearer_auth(&desk.token).answer().await;
        assert_eq!(list.at("total"), 4_500);
        let objects = desk.objects(&app, &["id", "email"]).await;
        assert!(objects.iter().map(|object| object["id"].as_str().unwrap()).eq(ids.iter().map(String::as_str)));
    }

    async fn nobody_is_a_file_as_well(app: TestApp) {
        let desk = Desk::open(&app).await;
        let answer = desk.export(&app, &json!({"columns": ["id", "name"], "bom": true})).await;
        assert_eq!(String::from_utf8(answer.bytes).unwrap(), "\u{feff}id,name\r\n");
        for format in ["ndjson", "parquet"] {
            let answer = desk.export(&app, &json!({"format": format})).await;
            assert_eq!((answer.status, answer.headers["x-total-count"].to_str().unwrap()), (200, "0"), "{format}");
        }
    }

    async fn a_file_is_packed_on_request(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.customers(&app, 2_000).await;
        let plain = desk.export(&app, &json!({"format": "ndjson"})).await;
        let request = app.post("/v1/segments/export").bearer_auth(&desk.token).header("accept-encoding", "gzip");
        let packed = request.json(&json!({"format": "ndjson"})).answer().await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert!(packed.bytes.len() * 3 < plain.bytes.len(), "{} of {}", packed.bytes.len(), plain.bytes.len());
    }

    async fn parquet_begins_and_ends_as_parquet_does(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.customers(&app, 100).await;
        let answer = desk.export(&app, &json!({"format": "parquet"})).await;
        assert!(answer.bytes.starts_with(b"PAR1") && answer.bytes.ends_with(b"PAR1"));
    }
}

/// A service that runs one export at a time, and customers whose export is larger than all that buffers on the way hold.
fn crowded<F: Future<Output = ()>>(on: On, test: impl FnOnce(TestApp, Desk, reqwest::Response) -> F) {
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(on, |config| config.database.options.long_reads = 1);
        let Some(app) = app else { return };
        let desk = Desk::open(&app).await;
        let long: serde_json::Map<_, _> = (0..9).map(|key| (format!("note {key}"), json!("x".repeat(900)))).collect();
        let one = |number: usize| {
            json!({"shop_id": desk.shop, "external_id": format!("c{number}"), "attributes": long})
        };
        for start in [0, 1_000] {
            let body = json!({"customers": (start..start + 1_000).map(one).collect::<Vec<_>>()});
            let answer = app.post("/v1/customers/batch").bearer_auth(&desk.token).json(&body).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let body = json!({"format": "ndjson", "columns": ["id", "attributes"]});
        let unread = app.post("/v1/segments/export").bearer_auth(&desk.token).json(&body).send().await;
        test(app, desk, unread.expect("the export begins")).await;
    });
}

async fn past_the_bound(app: TestApp, desk: Desk, first: reqwest::Response) {
    let second = desk.export(&app, &json!({})).await;
    second.assert_problem(503, "unavailable");
    assert_eq!(second.header("retry-after"), "10");
    let bytes = first.bytes().await.unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 2_000);
    assert_eq!(desk.export(&app, &json!({})).await.status, 200);
}

async fn gone(app: TestApp, desk: Desk, first: reqwest::Response) {
    drop(first);
    // The service notices by its next write.
    for _ in 0..100 {
        if desk.export(&app, &json!({})).await.status == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the export of a client who is gone still holds its place");
}

#[test]
fn past_the_bound_callers_are_told_to_come_again_sqlite() {
    crowded(On::Sqlite, past_the_bound);
}

#[test]
fn past_the_bound_callers_are_told_to_come_again_postgres() {
    crowded(On::Postgres, past_the_bound);
}

#[test]
fn a_client_that_goes_away_leaves_its_place_to_the_next_sqlite() {
    crowded(On::Sqlite, gone);
}

#[test]
fn a_client_that_goes_away_leaves_its_place_to_the_next_postgres() {
    crowded(On::Postgres, gone);
}
