use huitou::db::{DbError, snapshot};
use serde_json::json;

use super::{Market, SCOPES};
use crate::support::{Send, on_both};

on_both! {
    async fn a_segment_is_saved_in_both_forms_and_changed_by_its_revision(app: TestApp) {
        let market = Market::open(&app).await;
        let made = market.post("/v1/segments", json!({"name": "Asleep", "filter": {"field": "stage", "op": "=", "value": "dormant"}})).await;
        assert_eq!((made.status, made.text("query")), (201, "stage = 'dormant'".into()));
        let path = format!("/v1/segments/{}", made.text("id"));
        let token = app.token(&market.tenant, SCOPES);
        let change = json!({"query": "stage = 'lost'", "description": "gone"});
        let request = app.patch(&path).bearer_auth(&token).header("if-match", "\"1\"").json(&change);
        let changed = request.answer().await;
        assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{changed:?}");
        let late = app.patch(&path).bearer_auth(&token).header("if-match", "\"1\"").json(&change).answer().await;
        late.assert_problem(412, "precondition_failed");
        assert_eq!(market.get(&path).await.at("/filter/value"), "lost");
        market.post("/v1/segments", json!({"name": "Asleep", "query": ""})).await.assert_problem(409, "name_taken");
        assert_eq!(market.get("/v1/segments?count=exact").await.at("total"), 1);
    }

    async fn the_count_is_the_number_of_members_paged_through(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let id = market.save("All", "number_of_orders >= 1").await;
        let count = market.get(&format!("/v1/segments/{id}/count")).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = market.get(&format!("/v1/segments/{id}/members?limit=2&count=exact{cursor}")).await;
            assert_eq!(page.at("total"), count.at("count"));
            seen.extend(page.at("data").as_array().unwrap().iter().map(|customer| customer["id"].to_string()));
            match page.at("next_cursor").as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (5, 5));
    }

    async fn segments_may_name_others_but_not_in_a_circle(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let first = market.save("First", "number_of_orders >= 2").await;
        let second = market.save("Second", "IN SEGMENT 'First' AND NOT stage = 'dormant'").await;
        assert_eq!(market.count("IN SEGMENT 'Second'").await, 2);
        assert_eq!(market.count(&format!("NOT IN SEGMENT '{second}'")).await, 3);
        let read = market.get(&format!("/v1/segments/{second}")).await;
        assert!(read.text("query").contains(&first), "{read:?}");
        let token = app.token(&market.tenant, SCOPES);
        for query in ["IN SEGMENT 'Second'", "IN SEGMENT 'First'"] {
            let request = app.patch(&format!("/v1/segments/{first}")).bearer_auth(&token);
            let answer = request.json(&json!({"query": query})).answer().await;
            assert_eq!((answer.status, answer.text("/errors/0/code")), (422, "cycle".into()), "{answer:?}");
        }
        let refused = app.delete(&format!("/v1/segments/{first}")).bearer_auth(&token).answer().await;
        refused.assert_problem(409, "segment_in_use");
        assert!(refused.text("detail").contains(&second), "{refused:?}");
        for id in [second, first] {
            let gone = app.delete(&format!("/v1/segments/{id}")).bearer_auth(&token).answer().await;
            assert_eq!(gone.status, 204, "{gone:?}");
        }
    }

    async fn segments_are_put_together_and_compared(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let often = market.save("Often", "number_of_orders >= 2").await;
        let asleep = market.save("Asleep", "last_order_date < -90d").await;
        for (operation, count) in [("union", 4), ("intersection", 1), ("difference", 2)] {
            let body = json!({"operation": operation, "segment_ids": [&often, &asleep]});
            let answer = market.post("/v1/segments/combine", body).await;
            assert_eq!(answer.at("count"), count, "{operation}: {answer:?}");
            assert_eq!(market.count(&answer.text("query")).await, count);
        }
        let answer = market.post("/v1/segments/overlap", json!({"segment_ids": [&often, &asleep]})).await;
        assert_eq!(answer.at("matrix"), &json!([[3, 1], [1, 2]]));
        let answer = market.post("/v1/segments/overlap", json!({"segment_ids": [&often, &often]})).await;
        assert_eq!(answer.status, 422);
    }

    async fn a_segment_is_broken_down(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let id = market.save("All", "").await;
        let answer = market.get(&format!("/v1/segments/{id}/profile")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.at("count"), 5);
        assert_eq!(answer.at("cities"), &json!([{"value": "上海", "customers": 3}, {"value": "杭州", "customers": 2}]));
        assert_eq!(answer.at("/shops/0/customers"), 5);
        assert_eq!(answer.at("categories").as_array().unwrap().len(), 3);
        let spend: i64 = answer.at("spend").as_array().unwrap().iter().map(|band| band["customers"].as_i64().unwrap()).sum();
        assert_eq!(spend, 5);
    }

    async fn what_takes_too_long_is_stopped_and_frees_its_connection(app: TestApp) {
        // The deadline is what is tested, not a query that is slow by chance.
        let mut connection = app.config.database.target.connect(true).unwrap();
        let slow = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)
             SELECT COUNT(*) AS count FROM n";
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let outcome = snapshot(&mut connection, std::time::Duration::from_millis(200), |connection| {
            Ok::<_, DbError>(huitou::sql!(slow).first::<Row>(connection)?.map(|row| row.count))
        });
        assert!(matches!(outcome, Err(DbError::TooSlow(_))), "{outcome:?}");
        let outcome = snapshot(&mut connection, std::time::Duration::from_secs(5), |connection| {
            Ok::<_, DbError>(huitou::sql!("SELECT CAST(7 AS bigint) AS count").first::<Row>(connection)?.map(|row| row.count))
        });
        assert!(matches!(outcome, Ok(Some(7))), "{outcome:?}");
    }
}
