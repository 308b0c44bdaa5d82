use serde_json::json;

use crate::support::{Send, TestApp, on_both};

const JSON: &str = "application/json";

async fn refused(app: &TestApp, body: impl Into<reqwest::Body>) -> crate::support::response::Response {
    let tenant = app.tenant().await;
    let request = app.post("/v1/shops").bearer_auth(app.token(&tenant, "settings:write"));
    request.header("content-type", JSON).body(body).answer().await
}

/// Sends pieces of a request as they are and reads how the answer begins.
fn first_line(app: &TestApp, pieces: &[&str]) -> String {
    use std::io::{BufRead, BufReader, Write};

    let address = app.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("the service listens");
    for piece in pieces {
        // The service may answer, and stop listening, before all is sent.
        let _ = stream.write_all(piece.as_bytes());
    }
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    line
}

on_both! {
    async fn a_body_that_is_too_large_is_refused(app: TestApp) {
        let limit = app.config.limits.body_bytes;
        let announced = refused(&app, vec![b' '; limit + 1]).await;
        announced.assert_problem(413, "body_too_large");
        let tenant = app.tenant().await;
        let head = format!(
            "POST /v1/shops HTTP/1.1\r\nhost: localhost\r\ncontent-type: {JSON}\r\nauthorization: Bearer {}\r\n\
             transfer-encoding: chunked\r\n\r\n",
            app.token(&tenant, "settings:write"),
        );
        let chunk = format!("{:x}\r\n{}\r\n", limit, " ".repeat(limit));
        assert!(first_line(&app, &[&head, &chunk, &chunk]).contains("413"));
    }

    async fn a_body_that_is_too_deep_is_refused(app: TestApp) {
        let deep = format!("{}{}", r#"{"a":"#.repeat(5_000), "1");
        refused(&app, deep).await.assert_problem(400, "too_deep");
    }

    async fn a_body_that_ends_too_early_is_refused_with_the_place(app: TestApp) {
        let answer = refused(&app, "{\n\"name\": \"A").await;
        answer.assert_problem(400, "malformed_json");
        assert!(answer.text("detail").contains("line 2"), "{answer:?}");
    }

    async fn a_body_that_is_not_utf8_is_refused(app: TestApp) {
        refused(&app, b"{\"name\": \"\xff\"}".to_vec()).await.assert_problem(400, "not_utf8");
    }

    async fn a_nul_character_is_refused_with_its_place(app: TestApp) {
        let answer = refused(&app, r#"{"name":"a\u0000b","platform":"other","external_id":"e"}"#).await;
        answer.assert_problem(400, "nul_character");
        assert_eq!(answer.errors(), [("/name".into(), "nul_character".into())]);
    }

    async fn a_value_of_another_type_is_refused_with_its_place(app: TestApp) {
        let answer = refused(&app, r#"{"name":5,"platform":"other","external_id":"e"}"#).await;
        answer.assert_problem(422, "invalid_input");
        assert_eq!(answer.errors(), [("/name".into(), "invalid_type".into())]);
    }

    async fn an_unknown_field_is_refused_and_the_nearest_is_named(app: TestApp) {
        let body = r#"{"name":"a","platform":"other","external_id":"e","timezon":"UTC"}"#;
        let answer = refused(&app, body).await;
        assert_eq!(answer.errors(), [("/timezon".into(), "unknown_field".into())]);
        assert!(answer.text("/errors/0/detail").contains("`timezone`"), "{answer:?}");
    }

    async fn all_that_is_wrong_is_told_at_once(app: TestApp) {
        let body = json!({
            "name": "", "platform": "youzan", "external_id": "e", "timezone": "Mars/Olympus", "currency": "XYZ",
            "webhook_secrets": ["text"],
        });
        let answer = refused(&app, body.to_string()).await;
        answer.assert_problem(422, "invalid_input");
        let places: Vec<String> = answer.errors().into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, ["/name", "/timezone", "/currency", "/webhook_secrets/0"]);
    }

    async fn a_body_in_another_format_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        for content_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
            let request = app.post("/v1/shops").bearer_auth(app.token(&tenant, "settings:write"));
            let answer = request.header("content-type", content_type).body("{}").answer().await;
            answer.assert_problem(415, "unsupported_media_type");
        }
        let request = app.post("/v1/shops").bearer_auth(app.token(&tenant, "settings:write"));
        request.answer().await.assert_problem(415, "unsupported_media_type");
    }

    async fn a_packed_body_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let request = app.post("/v1/shops").bearer_auth(app.token(&tenant, "settings:write"));
        let request = request.header("content-type", JSON).header("content-encoding", "gzip");
        request.body("{}").answer().await.assert_problem(415, "unsupported_media_type");
    }

    async fn content_types_are_read_in_any_case_and_with_parameters(app: TestApp) {
        let tenant = app.tenant().await;
        let request = app.patch("/v1/settings").bearer_auth(app.token(&tenant, "settings:write"));
        let request = request.header("content-type", "Application/Merge-Patch+JSON; charset=utf-8");
        assert_eq!(request.body("{}").answer().await.status, 200);
    }

    async fn lists_and_scalars_are_no_objects(app: TestApp) {
        for body in ["[]", "null", "\"text\"", "1"] {
            refused(&app, body).await.assert_problem(422, "invalid_input");
        }
    }

    async fn a_date_in_year_10000_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let request = app.patch("/v1/settings").bearer_auth(app.token(&tenant, "settings:write"));
        let rates = json!({"exchange_rates": [{"currency": "USD", "from": "10000-01-01", "rate": "7"}]});
        let answer = request.json(&rates).answer().await;
        assert_eq!(answer.errors(), [("/exchange_rates/0/from".into(), "invalid_date".into())]);
    }
}
