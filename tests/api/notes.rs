//! `/v1/customers/{id}/notes`.

use serde_json::json;

use crate::customers::Shop;
use crate::support::{Send, on_both};

on_both! {
    async fn a_note_is_written_read_and_deleted(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let path = format!("/v1/customers/{id}/notes");
        for text in ["first", "second: call 13911112222"] {
            let answer = app.post(&path).bearer_auth(&shop.token).json(&json!({"text": text})).answer().await;
            assert_eq!(answer.status, 201, "{answer:?}");
            assert_eq!((answer.text("text"), answer.text("author")), (text.into(), "tester".into()));
        }
        let list = app.get(&format!("{path}?count=exact")).bearer_auth(&shop.token).answer().await;
        assert_eq!((list.at("total"), list.at("/data/1/text")), (&json!(2), &json!("first")));
        let blind = app.get(&path).bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!((blind.at("/data/0/text"), blind.at("/data/0/author")), (&json!("***"), &json!("tester")));
        let profile = app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!(profile.at("/recent_notes/0/text"), "***");

        let note = format!("/v1/notes/{}", list.text("/data/0/id"));
        let stranger = Shop::open(&app).await;
        app.delete(&note).bearer_auth(&stranger.token).answer().await.assert_problem(404, "not_found");
        assert_eq!(app.delete(&note).bearer_auth(&shop.token).answer().await.status, 204);
        app.delete(&note).bearer_auth(&shop.token).answer().await.assert_problem(404, "not_found");
        let list = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("data").as_array().unwrap().len(), 1);
    }

    async fn a_note_that_is_sent_again_with_its_key_is_one(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let path = format!("/v1/customers/{id}/notes");
        let send = || app.post(&path).bearer_auth(&shop.token).header("idempotency-key", "n1").json(&json!({"text": "x"})).answer();
        let (first, again) = (send().await, send().await);
        assert_eq!((again.header("idempotent-replayed"), again.text("id")), ("true", first.text("id")));
    }

    async fn empty_notes_and_unknown_customers_are_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        let post = |id: &str, text: String| {
            let path = format!("/v1/customers/{id}/notes");
            app.post(&path).bearer_auth(&shop.token).json(&json!({"text": text})).answer()
        };
        post(&id, " ".into()).await.assert_problem(422, "invalid_input");
        post(&id, "x".repeat(5_001)).await.assert_problem(422, "invalid_input");
        post("cus_01jd7zk3v8e4qbm2n5r9x6t0wy", "x".into()).await.assert_problem(404, "not_found");
    }
}
