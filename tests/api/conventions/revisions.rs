use serde_json::json;

use crate::support::{Send, on_both};

on_both! {
    async fn a_write_on_an_older_revision_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read settings:write");
        let seen = app.get("/v1/settings").bearer_auth(&token).answer().await;
        let tag = seen.header("etag").to_string();
        assert!(tag.starts_with('"') && tag.len() > 2, "{tag}");
        let change = |name: &str| {
            let request = app.patch("/v1/settings").bearer_auth(&token).header("if-match", &tag);
            request.json(&json!({"name": name})).answer()
        };
        let first = change("First").await;
        assert_eq!(first.status, 200);
        assert_ne!(first.header("etag"), tag);
        change("Second").await.assert_problem(412, "precondition_failed");
        let now = app.get("/v1/settings").bearer_auth(&token).answer().await;
        assert_eq!((now.text("name").as_str(), now.header("etag")), ("First", first.header("etag")));
    }

    async fn a_write_that_changes_nothing_makes_no_revision(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read settings:write");
        let before = app.get("/v1/settings").bearer_auth(&token).answer().await;
        let request = app.patch("/v1/settings").bearer_auth(&token);
        let after = request.json(&json!({"name": before.text("name")})).answer().await;
        assert_eq!(after.header("etag"), before.header("etag"));
        assert_eq!(after.body, before.body);
    }

    async fn what_the_caller_has_is_not_sent_again(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read");
        let seen = app.get("/v1/settings").bearer_auth(&token).answer().await;
        let again = app.get("/v1/settings").bearer_auth(&token).header("if-none-match", seen.header("etag"));
        let again = again.answer().await;
        assert_eq!((again.status, again.bytes.len()), (304, 0));
        assert_eq!(again.header("etag"), seen.header("etag"));
    }

    async fn masked_and_plain_answers_have_tags_of_their_own(app: TestApp) {
        let tenant = app.tenant().await;
        let tag = async |scopes: &str| {
            let answer = app.get("/v1/settings").bearer_auth(app.token(&tenant, scopes)).answer().await;
            answer.header("etag").to_string()
        };
        assert_ne!(tag("settings:read").await, tag("settings:read pii:read").await);
    }
}
