use serde_json::json;

use super::{READ_WRITE, Shop, order};
use crate::support::{On, Send, TestApp, on_both};

on_both! {
    async fn an_order_is_made_told_again_and_moved_on(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |document| app.put(&shop.path("1")).bearer_auth(&shop.token).json(&document).answer();
        let made = tell(order(json!({}))).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.header("location"), format!("/v1/orders/{}", made.text("id")));
        assert_eq!((made.at("created"), made.at("applied")), (&json!(true), &json!(true)));
        assert_eq!((made.text("status"), made.text("external_id")), ("paid".into(), "1".into()));
        assert!(made.text("customer_id").starts_with("cus_"));

        let again = tell(order(json!({}))).await;
        assert_eq!(again.status, 200);
        assert_eq!((again.at("created"), again.at("applied")), (&json!(false), &json!(false)));
        assert_eq!(again.header("etag"), made.header("etag"));

        let moved = tell(json!({
            "version": "2026-11-12T00:00:00Z", "status": "shipped", "shipped_at": "2026-11-11T23:00:00Z"
        })).await;
        assert_eq!((moved.text("status"), moved.at("applied")), ("shipped".into(), &json!(true)));
        assert_eq!((moved.text("id"), moved.text("customer_id")), (made.text("id"), made.text("customer_id")));
        assert_ne!(moved.header("etag"), made.header("etag"));
    }

    async fn an_older_document_changes_nothing_that_a_newer_one_told(app: TestApp) {
        let shop = Shop::open(&app).await;
        let newer = order(json!({"version": "2026-11-20T00:00:00Z", "status": "completed"}));
        shop.tell(&app, "1", &newer).await;
        let older = order(json!({"version": "2026-11-12T00:00:00Z", "status": "completed", "total_amount": 1}));
        let answer = app.put(&shop.path("1")).bearer_auth(&shop.token).json(&older).answer().await;
        assert_eq!((answer.status, answer.text("status")), (200, "completed".into()));
    }

    async fn if_match_plays_no_part(app: TestApp) {
        let shop = Shop::open(&app).await;
        shop.tell(&app, "1", &order(json!({}))).await;
        let request = app.put(&shop.path("1")).bearer_auth(&shop.token).header("if-match", "\"99\"");
        assert_eq!(request.json(&order(json!({}))).answer().await.status, 200);
    }

    async fn guests_orders_and_orders_without_lines_are_welcome(app: TestApp) {
        let shop = Shop::open(&app).await;
        let guest = json!({"version": "2026-11-11T00:00:00Z", "status": "paid", "total_amount": 100, "lines": []});
        let answer = app.put(&shop.path("g")).bearer_auth(&shop.token).json(&guest).answer().await;
        assert_eq!((answer.status, answer.at("customer_id")), (201, &json!(null)), "{answer:?}");
        let bare = json!({"version": "2026-11-11T00:00:00Z"});
        let answer = app.put(&shop.path("b")).bearer_auth(&shop.token).json(&bare).answer().await;
        assert_eq!((answer.status, answer.text("status")), (201, "created".into()), "{answer:?}");
    }

    async fn an_external_id_may_have_any_characters(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (path, external_id) in [("a%2Fb%20c", "a/b c"), ("%E8%AE%A2%E5%8D%95", "订单"), ("1%2B1%25", "1+1%")] {
            let id = shop.tell(&app, path, &order(json!({}))).await;
            let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
            assert_eq!(read.text("external_id"), external_id);
        }
    }

    async fn another_tenants_shop_is_not_found(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let request = app.put(&shop.path("1")).bearer_auth(&stranger.token).json(&order(json!({})));
        request.answer().await.assert_problem(404, "not_found");
        let list = app.get("/v1/orders").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("data"), &json!([]));
    }

    async fn writing_needs_its_scope(app: TestApp) {
        let shop = Shop::open(&app).await;
        let token = app.token(&shop.tenant, "orders:read pii:read");
        let request = app.put(&shop.path("1")).bearer_auth(token).json(&order(json!({})));
        request.answer().await.assert_problem(403, "insufficient_scope");
    }

    async fn orders_that_wait_together_are_written_together(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |number: usize| {
            let request = app.put(&shop.path(&number.to_string())).bearer_auth(&shop.token);
            request.json(&order(json!({}))).answer()
        };
        let answers = futures_util::future::join_all((0..50).map(tell)).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        let list = app.get("/v1/orders?limit=1&count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 50);
    }
}

#[test]
fn past_the_bound_of_waiting_orders_callers_are_sent_away() {
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(On::Sqlite, |config| config.batch.queue = 0);
        let app = app.expect("SQLite is always there");
        let tenant = app.tenant().await;
        let path = format!("/v1/shops/{}/orders/1", app.shop(&tenant, "a").await);
        let request = app.put(&path).bearer_auth(app.token(&tenant, READ_WRITE)).json(&order(json!({})));
        let answer = request.answer().await;
        answer.assert_problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    });
}
