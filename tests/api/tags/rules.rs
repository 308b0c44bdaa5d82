use huitou::clock::{Clock, RandomIds, SystemClock};
use huitou::db::Db;
use huitou::tags::rules::catch_up;
use serde_json::json;

use super::Desk;
use crate::support::{Send, TestApp, on_both};

/// A segment of those with this name in an attribute, and its id.
async fn segment(app: &TestApp, desk: &Desk, query: &str) -> String {
    let token = app.token(&desk.tenant, "segments:write pii:read");
    let body = json!({"name": format!("segment {query}"), "query": query});
    let answer = app.post("/v1/segments").bearer_auth(token).json(&body).answer().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text("id")
}

/// Tells a customer with this size.
async fn sized(app: &TestApp, desk: &Desk, external_id: &str, size: &str) -> String {
    let path = format!("/v1/shops/{}/customers/{external_id}", desk.shop);
    let body = json!({"name": external_id, "attributes": {"size": size}});
    let answer = app.put(&path).bearer_auth(&desk.token).json(&body).answer().await;
    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    answer.text("id")
}

on_both! {
    async fn a_tag_follows_its_segment_and_keeps_who_came_and_went(app: TestApp) {
        let desk = Desk::open(&app).await;
        let (one, two) = (sized(&app, &desk, "1", "XL").await, sized(&app, &desk, "2", "S").await);
        let segment = segment(&app, &desk, "attributes.size = 'XL'").await;
        let made = desk.post(&app, "/v1/tags", &json!({"name": "large", "segment_id": segment})).await;
        assert_eq!((made.status, made.text("segment_id")), (201, segment.clone()), "{made:?}");
        let path = format!("/v1/tags/{}", made.text("id"));
        let read = desk.get(&app, &path).await;
        assert_eq!((&read.body, read.header("etag")), (&made.body, made.header("etag")));
        assert_eq!(desk.tags_of(&app, &one).await, ["large"]);
        assert_eq!(desk.tags_of(&app, &two).await, Vec::<String>::new());

        sized(&app, &desk, "1", "M").await;
        sized(&app, &desk, "2", "XL").await;
        let refresh = format!("{path}/refresh");
        let refreshed = app.post(&refresh).bearer_auth(&desk.token).answer().await;
        assert_eq!((refreshed.at("gained"), refreshed.at("lost")), (&json!(1), &json!(1)), "{refreshed:?}");
        assert_eq!(desk.tags_of(&app, &one).await, Vec::<String>::new());
        assert_eq!(desk.tags_of(&app, &two).await, ["large"]);
        let again = app.post(&refresh).bearer_auth(&desk.token).answer().await;
        assert_eq!((again.at("gained"), again.at("lost")), (&json!(0), &json!(0)));
        let mut history = desk.history(&app, &made.text("id")).await;
        history.sort();
        assert_eq!(history, [format!("+{one} rule"), format!("+{two} rule"), format!("-{one} rule")]);

        let by_hand = desk.post(&app, &format!("{path}/assign"), &json!({"customer_ids": [one]})).await;
        by_hand.assert_problem(409, "tag_follows_segment");
        let freed = app.patch(&path).bearer_auth(&desk.token).json(&json!({"segment_id": null})).answer().await;
        assert_eq!((freed.status, freed.at("refreshed_at")), (200, &json!(null)), "{freed:?}");
        assert_eq!(desk.tags_of(&app, &two).await, ["large"], "who has it keeps it");
        app.post(&refresh).bearer_auth(&desk.token).answer().await.assert_problem(409, "tag_follows_nothing");
        let given = desk.post(&app, &format!("{path}/assign"), &json!({"customer_ids": [one]})).await;
        assert_eq!(given.at("changed"), 1);
    }

    async fn a_tag_cannot_follow_what_is_not_there(app: TestApp) {
        let desk = Desk::open(&app).await;
        let body = json!({"name": "a", "segment_id": "seg_01jd7zk3v8e4qbm2n5r9x6t0wy"});
        let answer = desk.post(&app, "/v1/tags", &body).await;
        assert_eq!((answer.status, answer.errors()), (422, vec![("/segment_id".into(), "unknown_segment".into())]));
        assert_eq!(desk.get(&app, "/v1/tags").await.at("data"), &json!([]));
    }

    async fn a_job_brings_tags_in_line_by_themselves(app: TestApp) {
        let desk = Desk::open(&app).await;
        let segment = segment(&app, &desk, "attributes.size = 'XL'").await;
        desk.post(&app, "/v1/tags", &json!({"name": "large", "segment_id": segment})).await;
        let one = sized(&app, &desk, "1", "XL").await;
        let due_at = SystemClock.now();
        let db = Db::new(&app.config.database.target, None, &app.config.database.options).unwrap();
        let catch_up = || {
            let now = SystemClock.now();
            catch_up(&db, desk.tenant.id.parse().unwrap(), due_at, now, &RandomIds::default()).unwrap()
        };
        assert!(catch_up(), "one tag was behind");
        assert!(!catch_up(), "and no other");
        assert_eq!(desk.tags_of(&app, &one).await, ["large"]);
    }

    async fn whom_a_condition_or_a_segment_describes_is_tagged_in_one_call(app: TestApp) {
        let desk = Desk::open(&app).await;
        let (one, two) = (sized(&app, &desk, "1", "XL").await, sized(&app, &desk, "2", "S").await);
        let tag = desk.tag(&app, "winter").await;
        let assign = format!("/v1/tags/{tag}/assign");
        let by_query = desk.post(&app, &assign, &json!({"query": "attributes.size = 'XL'"})).await;
        assert_eq!((by_query.at("customers"), by_query.at("changed")), (&json!(1), &json!(1)), "{by_query:?}");
        let filter = json!({"field": "attributes.size", "op": "=", "value": "S"});
        assert_eq!(desk.post(&app, &assign, &json!({"filter": filter})).await.at("changed"), 1);
        assert_eq!(desk.tags_of(&app, &two).await, ["winter"]);
        let segment = segment(&app, &desk, "customer_tags CONTAINS 'winter' AND attributes.size = 'XL'").await;
        let taken = desk.post(&app, &format!("/v1/tags/{tag}/unassign"), &json!({"segment_id": segment})).await;
        assert_eq!(taken.at("changed"), 1);
        assert_eq!(desk.tags_of(&app, &one).await, Vec::<String>::new());
        for (body, place, code) in [
            (json!({}), "/customer_ids", "required"),
            (json!({"customer_ids": [one], "query": "x = 1"}), "/customer_ids", "ambiguous"),
            (json!({"query": "number_of_orders >=", "segment_id": segment}), "/segment_id", "ambiguous"),
        ] {
            let answer = desk.post(&app, &assign, &body).await;
            assert_eq!((answer.status, answer.errors()), (422, vec![(place.into(), code.into())]), "{body}");
        }
        assert_eq!(desk.post(&app, &assign, &json!({"query": "number_of_orders >="})).await.status, 422);
    }
}
