use serde_json::json;

use super::Desk;
use crate::support::{Send, on_both};

on_both! {
    async fn a_tag_is_made_read_changed_and_deleted(app: TestApp) {
        let desk = Desk::open(&app).await;
        let body = json!({"name": "VIP", "description": "Served by the owner", "color": "#c0392b"});
        let made = desk.post(&app, "/v1/tags", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("/v1/tags/{}", made.text("id"));
        assert_eq!(made.header("location"), path);
        let read = desk.get(&app, &path).await;
        assert_eq!((&read.body, read.header("etag")), (&made.body, made.header("etag")));

        let change = json!({"name": "Vip", "description": null});
        let changed = app.patch(&path).bearer_auth(&desk.token).json(&change).answer().await;
        assert_eq!((changed.status, changed.text("name")), (200, "Vip".into()));
        assert_eq!((changed.at("description"), changed.at("color")), (&json!(null), &json!("#c0392b")));
        let stale = app.delete(&path).bearer_auth(&desk.token).header("if-match", made.header("etag"));
        stale.answer().await.assert_problem(412, "precondition_failed");
        assert_eq!(app.delete(&path).bearer_auth(&desk.token).answer().await.status, 204);
        app.get(&path).bearer_auth(&desk.token).answer().await.assert_problem(404, "not_found");
    }

    async fn one_name_is_one_tag_in_whatever_letter_case(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.tag(&app, "Größe L").await;
        let other = desk.tag(&app, "other").await;
        desk.post(&app, "/v1/tags", &json!({"name": "GRÖSSE l"})).await;
        desk.post(&app, "/v1/tags", &json!({"name": "GRÖßE l"})).await.assert_problem(409, "tag_exists");
        let request = app.patch(&format!("/v1/tags/{other}")).bearer_auth(&desk.token);
        request.json(&json!({"name": "größe L"})).answer().await.assert_problem(409, "tag_exists");
        let stranger = Desk::open(&app).await;
        stranger.tag(&app, "größe l").await;
    }

    async fn tags_are_listed_by_name(app: TestApp) {
        let desk = Desk::open(&app).await;
        for name in ["b", "C", "a"] {
            desk.tag(&app, name).await;
        }
        let first = desk.get(&app, "/v1/tags?limit=2&count=exact").await;
        assert_eq!((first.text("/data/0/name"), first.text("/data/1/name")), ("a".into(), "b".into()));
        assert_eq!(first.at("total"), 3);
        let second = desk.get(&app, &format!("/v1/tags?limit=2&cursor={}", first.text("next_cursor"))).await;
        assert_eq!((second.text("/data/0/name"), second.at("has_more")), ("C".into(), &json!(false)));
    }

    async fn what_is_no_tag_is_refused_with_the_place(app: TestApp) {
        let desk = Desk::open(&app).await;
        for (body, pointer, code) in [
            (json!({}), "/name", "required"),
            (json!({"name": " "}), "/name", "empty"),
            (json!({"name": " a"}), "/name", "invalid_value"),
            (json!({"name": "tag_01jd7zk3v8e4qbm2n5r9x6t0wy"}), "/name", "invalid_value"),
            (json!({"name": "a", "color": "red"}), "/color", "invalid_value"),
            (json!({"name": "a", "colour": "#000000"}), "/colour", "unknown_field"),
        ] {
            let answer = desk.post(&app, "/v1/tags", &body).await;
            assert_eq!((answer.status, answer.errors()), (422, vec![(pointer.into(), code.into())]), "{body}");
        }
    }
}
