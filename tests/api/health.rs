use crate::support::cluster::{Cluster, connect, create_migrated};
use crate::support::{Send, TestApp, on_both};

on_both! {
    async fn a_service_with_its_database_is_alive_and_ready(app: TestApp) {
        assert_eq!(app.get("/livez").answer().await.text("status"), "ok");
        let ready = app.get("/readyz").answer().await;
        assert_eq!((ready.status, ready.text("status").as_str()), (200, "ok"));
        assert_eq!((ready.text("database").as_str(), ready.text("migrations").as_str()), ("ok", "ok"));
    }

    async fn a_service_whose_database_lacks_migrations_says_so(app: TestApp) {
        let mut connection = app.config.database.target.connect(true).expect("the database answers");
        huitou::db::migrate::down(&mut connection).expect("a migration can be taken back");
        let ready = app.get("/readyz").answer().await;
        assert_eq!((ready.status, ready.text("migrations").as_str()), (503, "outdated"), "{ready:?}");
        assert_eq!(app.get("/livez").answer().await.status, 200);
    }

    async fn metrics_tell_requests_and_connections(app: TestApp) {
        app.get("/livez").answer().await;
        let metrics = app.get("/metrics").answer().await;
        let text = String::from_utf8_lossy(&metrics.bytes).into_owned();
        assert!(metrics.header("content-type").starts_with("text/plain"));
        for line in [
            r#"http_requests_total{method="GET",route="/livez",status="200"}"#,
            r#"http_request_duration_seconds_bucket{method="GET",route="/livez",status="200",le="0.01"}"#,
            r#"huitou_db_connections{state="open"}"#,
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
    }

    async fn methods_that_are_made_up_are_counted_together(app: TestApp) {
        for method in ["MADEUP1", "MADEUP2"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).expect("any word is a method");
            app.request(method, "/livez").answer().await;
        }
        let metrics = app.get("/metrics").answer().await;
        let text = String::from_utf8_lossy(&metrics.bytes).into_owned();
        assert!(text.contains(r#"http_requests_total{method="other""#) && !text.contains("MADEUP"), "{text}");
    }

    async fn the_description_and_its_page_are_served(app: TestApp) {
        let document = app.get("/openapi.json").answer().await;
        assert_eq!(document.at("openapi").as_str().map(|version| &version[..3]), Some("3.1"));
        if cfg!(feature = "docs") {
            let page = app.get("/docs/").answer().await;
            let text = String::from_utf8_lossy(&page.bytes).into_owned();
            assert_eq!(page.status, 200);
            assert!(!text.contains("https://") || !text.contains("cdn"), "the page works offline");
        }
    }
}

#[test]
fn a_lost_database_is_told_and_found_again_by_itself() {
    let Some(cluster) = Cluster::start("") else { return };
    let url = cluster.url("lost");
    create_migrated(&mut connect(&cluster.url("postgres")), "lost", &url);
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_at(&url);
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read");
        let list = || app.get("/v1/shops").bearer_auth(&token).answer();
        assert_eq!(list().await.status, 200);

        cluster.control(&["stop", "--wait", "--mode=fast"]);
        let lost = list().await;
        lost.assert_problem(503, "unavailable");
        assert!(!lost.header("retry-after").is_empty() && !lost.body.to_string().contains("socket"));
        let ready = app.get("/readyz").answer().await;
        assert_eq!((ready.status, ready.text("database").as_str()), (503, "unreachable"));
        assert_eq!(app.get("/livez").answer().await.status, 200);

        cluster.control(&["start", "--wait", "--timeout=60", "--log=server.log"]);
        let mut found = list().await;
        for _ in 0..20 {
            if found.status == 200 {
                break;
            }
            found.assert_problem(503, "unavailable");
            found = list().await;
        }
        assert_eq!(found.status, 200);
    });
}
