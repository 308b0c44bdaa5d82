use crate::support::{On, Send, TestApp, on_both};

on_both! {
    async fn a_request_id_is_taken_when_it_is_sane_and_made_otherwise(app: TestApp) {
        let told = app.get("/livez").header("x-request-id", "trace-1").answer().await;
        assert_eq!(told.header("x-request-id"), "trace-1");
        let made = app.get("/livez").answer().await;
        assert!(made.header("x-request-id").len() >= 32, "{made:?}");
        let long = app.get("/livez").header("x-request-id", "x".repeat(129)).answer().await;
        assert_ne!(long.header("x-request-id").len(), 129);
    }

    async fn an_unknown_path_is_a_problem_and_a_wrong_verb_names_the_right_ones(app: TestApp) {
        app.get("/v1/nothing").answer().await.assert_problem(404, "no_such_route");
        app.get("/").answer().await.assert_problem(404, "no_such_route");
        let answer = app.put("/v1/shops").answer().await;
        answer.assert_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, POST");
    }

    async fn head_answers_like_get_without_a_body(app: TestApp) {
        let answer = app.request(reqwest::Method::HEAD, "/livez").answer().await;
        assert_eq!((answer.status, answer.bytes.len()), (200, 0));
    }

    async fn what_cannot_be_an_id_is_not_found(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read");
        for id in ["1", "cus_01jd7zk3v8e4qbm2n5r9x6t0wy", "shp_", "%00", "%FF", "shp_%C3%28"] {
            let answer = app.get(&format!("/v1/shops/{id}")).bearer_auth(&token).answer().await;
            answer.assert_problem(404, "not_found");
        }
    }

    async fn answers_are_compressed_when_asked(app: TestApp) {
        for encoding in ["gzip", "br", "zstd"] {
            let request = app.get("/openapi.json").header("accept-encoding", encoding);
            let answer = request.send().await.expect("the service answers");
            assert_eq!(answer.headers()["content-encoding"], encoding);
        }
        let plain = app.get("/openapi.json").header("accept-encoding", "identity").answer().await;
        assert_eq!(plain.header("content-encoding"), "");
    }
}

#[test]
fn browsers_may_call_only_from_configured_origins() {
    let change = |config: &mut huitou::config::Config| {
        config.server.cors_origins = vec!["https://shop.example".into()];
    };
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(On::Sqlite, change).expect("SQLite is always there");
        let from = |origin: &str| app.get("/livez").header("origin", origin);
        let welcome = from("https://shop.example").answer().await;
        assert_eq!(welcome.header("access-control-allow-origin"), "https://shop.example");
        let stranger = from("https://evil.example").answer().await;
        assert_eq!(stranger.header("access-control-allow-origin"), "");
    });
}
