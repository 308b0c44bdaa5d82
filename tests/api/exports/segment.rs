use serde_json::json;

use super::{Desk, order};
use crate::support::{Send, on_both};

on_both! {
    async fn the_file_the_count_and_the_members_are_the_same(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.customers(&app, 300).await;
        for number in 0..120 {
            desk.order(&app, &number.to_string(), order(&format!("c{}", number % 100), "2026-10-01T08:30:00Z", 900)).await;
        }
        let token = app.token(&desk.tenant, "segments:read segments:write exports:read pii:read");
        for (query, expected) in [
            ("number_of_orders >= 1", 100), ("number_of_orders >= 2 OR email STARTS WITH 'c29'", 31),
            ("number_of_orders = 0", 200), ("number_of_orders > 5", 0),
        ] {
            let body = json!({"name": query, "query": query});
            let made = app.post("/v1/segments").bearer_auth(&token).json(&body).answer().await;
            assert_eq!(made.status, 201, "{made:?}");
            let path = format!("/v1/segments/{}", made.text("id"));
            let (mut members, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = app.get(&format!("{path}/members?limit=70{cursor}")).bearer_auth(&token).answer().await;
                assert_eq!(page.status, 200, "{page:?}");
                members.extend(page.at("data").as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_string()));
                if page.at("has_more") != true {
                    break;
                }
                cursor = format!("&cursor={}", page.text("next_cursor"));
            }
            members.sort();
            let count = app.get(&format!("{path}/count")).bearer_auth(&token).answer().await;
            let file = app.get(&format!("{path}/export?columns=id,orders&format=ndjson")).bearer_auth(&token).answer().await;
            assert_eq!(file.status, 200, "{file:?}");
            let text = String::from_utf8(file.bytes.clone()).unwrap();
            let ids: Vec<String> = text.lines()
                .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().into()).collect();
            assert_eq!((members.len(), count.at("count")), (expected, &json!(expected)), "{query}");
            assert_eq!((file.header("x-total-count"), &ids), (expected.to_string().as_str(), &members), "{query}");
            let unsaved = desk.export(&app, &json!({"query": query, "columns": ["id"]})).await;
            assert_eq!(unsaved.header("x-total-count"), expected.to_string(), "{query}");
        }
    }

    async fn what_cannot_be_exported_is_refused_before_the_first_byte(app: TestApp) {
        let (desk, stranger) = (Desk::open(&app).await, Desk::open(&app).await);
        let wrong = desk.export(&app, &json!({"query": "number_of_ordrs >= 1"})).await;
        assert_eq!(wrong.status, 422, "{wrong:?}");
        let both = desk.export(&app, &json!({"query": "orders >= 1", "filter": {}})).await;
        assert_eq!(both.status, 422, "{both:?}");
        let token = app.token(&stranger.tenant, "segments:write");
        let body = json!({"name": "theirs", "query": "number_of_orders >= 1"});
        let theirs = app.post("/v1/segments").bearer_auth(token).json(&body).answer().await.text("id");
        let answer = app.get(&format!("/v1/segments/{theirs}/export")).bearer_auth(&desk.token).answer().await;
        answer.assert_problem(404, "not_found");
        let blind = app.token(&desk.tenant, "exports:read");
        let oracle = desk.export_as(&app, &blind, &json!({"query": "email = 'c1@example.com'"})).await;
        assert_eq!(oracle.status, 403, "{oracle:?}");
        let path = "/v1/segments/seg_01jd7zk3v8e4qbm2n5r9x6t0wy/export?format=ndjson&bom=true&columns=id,ids";
        assert_eq!(app.get(path).bearer_auth(&desk.token).answer().await.errors(), [("bom".into(), "invalid_value".into())]);
    }
}
