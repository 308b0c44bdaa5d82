use std::sync::mpsc;
use std::time::Duration;

use huitou::clock::{Clock, RandomIds, SystemClock};
use huitou::db::{DbError, transaction};
use huitou::ingest::{Incoming, apply};
use serde_json::json;

use crate::orders::order;
use crate::support::{On, Send, TestApp, on_both};

const READ_WRITE: &str = "settings:read settings:write";

on_both! {
    async fn a_shop_is_made_read_changed_and_deleted(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, READ_WRITE);
        let body = json!({"name": "Till 1", "platform": "pos", "external_id": "t1", "currency": "EUR"});
        let made = app.post("/v1/shops").bearer_auth(&token).json(&body).answer().await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("/v1/shops/{}", made.text("id"));
        assert_eq!(made.header("location"), path);
        assert_eq!((made.text("currency"), made.text("timezone")), ("EUR".into(), "Asia/Shanghai".into()));

        let read = app.get(&path).bearer_auth(&token).answer().await;
        assert_eq!((&read.body, read.header("etag")), (&made.body, made.header("etag")));

        let change = json!({"name": "Till 2", "dormant_after_days": 100, "timezone": "Europe/Berlin"});
        let changed = app.patch(&path).bearer_auth(&token).json(&change).answer().await;
        assert_eq!((changed.text("name"), changed.at("dormant_after_days")), ("Till 2".into(), &json!(100)));
        let cleared = json!({"dormant_after_days": null});
        let changed = app.patch(&path).bearer_auth(&token).json(&cleared).answer().await;
        assert!(changed.at("dormant_after_days").is_null());

        let stale = app.delete(&path).bearer_auth(&token).header("if-match", made.header("etag"));
        stale.answer().await.assert_problem(412, "precondition_failed");
        assert_eq!(app.delete(&path).bearer_auth(&token).answer().await.status, 204);
        app.get(&path).bearer_auth(&token).answer().await.assert_problem(404, "not_found");
        app.delete(&path).bearer_auth(&token).answer().await.assert_problem(404, "not_found");
    }

    async fn a_shop_is_not_deleted_while_its_first_order_arrives(app: TestApp) {
        let tenant = app.tenant().await;
        let shop = app.shop(&tenant, "a").await;
        let target = app.config.database.target.clone();
        let owner = tenant.id.parse().expect("the tenant has an id");
        let first = Incoming {
            shop_id: shop.parse().expect("the shop has an id"),
            external_id: "1".into(),
            document: serde_json::from_value(order(json!({}))).expect("a canonical order"),
        };
        let (sender, receiver) = mpsc::channel();
        let arrival = std::thread::spawn(move || {
            let mut connection = target.connect(true).expect("the database answers");
            transaction(&mut connection, |connection| -> Result<(), DbError> {
                let outcomes = apply(connection, owner, &[first], SystemClock.now(), &RandomIds::default())?;
                assert!(outcomes[0].is_ok(), "{outcomes:?}");
                sender.send(()).expect("the test waits");
                std::thread::sleep(Duration::from_millis(500));
                Ok(())
            })
        });
        receiver.recv().expect("the order is written, and not committed yet");
        let deletion = app.delete(&format!("/v1/shops/{shop}")).bearer_auth(app.token(&tenant, READ_WRITE));
        deletion.answer().await.assert_problem(409, "shop_in_use");
        arrival.join().expect("the writer ends").expect("the order is committed");
    }

    async fn one_shop_has_one_name_on_its_platform(app: TestApp) {
        let tenant = app.tenant().await;
        let first = app.shop(&tenant, "a").await;
        let second = app.shop(&tenant, "b").await;
        let token = app.token(&tenant, READ_WRITE);
        let body = json!({"name": "Again", "platform": "other", "external_id": "a"});
        let answer = app.post("/v1/shops").bearer_auth(&token).json(&body).answer().await;
        answer.assert_problem(409, "shop_exists");
        let request = app.patch(&format!("/v1/shops/{second}")).bearer_auth(&token);
        request.json(&json!({"external_id": "a"})).answer().await.assert_problem(409, "shop_exists");
        let read = app.get(&format!("/v1/shops/{first}")).bearer_auth(&token).answer().await;
        assert_eq!(read.text("external_id"), "a");
    }

    async fn webhook_secrets_are_kept_and_never_shown(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, READ_WRITE);
        let body = json!({
            "name": "Shop", "platform": "douyin", "external_id": "d",
            "webhook_secrets": [{"app_key": "visible-key", "app_secret": "hush-hush"}],
        });
        let made = app.post("/v1/shops").bearer_auth(&token).json(&body).answer().await;
        assert_eq!(made.at("webhook_secret_count"), 1, "{made:?}");
        assert!(!made.body.to_string().contains("hush"));
        let path = format!("/v1/shops/{}", made.text("id"));
        let two = json!({"webhook_secrets": [{"app_key": "a", "app_secret": "b"}, {"app_key": "c", "app_secret": "d"}]});
        let changed = app.patch(&path).bearer_auth(&token).json(&two).answer().await;
        assert_eq!(changed.at("webhook_secret_count"), 2, "{changed:?}");
        let wrong = app.patch(&path).bearer_auth(&token).json(&json!({"webhook_secrets": ["text"]}));
        assert_eq!(wrong.answer().await.errors(), [("/webhook_secrets/0".into(), "invalid_type".into())]);
    }

    async fn a_threshold_that_the_tenants_passed_bars_no_other_change(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, READ_WRITE);
        let path = format!("/v1/shops/{}", app.shop(&tenant, "a").await);
        let patch = |path: &str, body| app.patch(path).bearer_auth(&token).json(&body).answer();
        assert_eq!(patch(&path, json!({"lost_after_days": 100})).await.status, 200);
        assert_eq!(patch("/v1/settings", json!({"dormant_after_days": 200})).await.status, 200);
        assert_eq!(patch(&path, json!({"name": "New"})).await.text("name"), "New");
        let refused = patch(&path, json!({"lost_after_days": 110})).await;
        assert_eq!(refused.errors(), [("/lost_after_days".into(), "out_of_order".into())]);
    }

    async fn an_unknown_platform_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let body = json!({"name": "Shop", "platform": "ebay", "external_id": "e"});
        let request = app.post("/v1/shops").bearer_auth(app.token(&tenant, READ_WRITE));
        let answer = request.json(&body).answer().await;
        assert_eq!(answer.errors(), [("/platform".into(), "invalid_value".into())]);
        assert!(answer.text("/errors/0/detail").contains("woocommerce"));
    }

    async fn another_tenants_shop_is_not_found_and_stays_as_it_is(app: TestApp) {
        let (owner, stranger) = (app.tenant().await, app.tenant().await);
        let path = format!("/v1/shops/{}", app.shop(&owner, "a").await);
        let token = app.token(&stranger, READ_WRITE);
        app.get(&path).bearer_auth(&token).answer().await.assert_problem(404, "not_found");
        let change = app.patch(&path).bearer_auth(&token).json(&json!({"name": "Mine"}));
        change.answer().await.assert_problem(404, "not_found");
        app.delete(&path).bearer_auth(&token).answer().await.assert_problem(404, "not_found");
        let read = app.get(&path).bearer_auth(app.token(&owner, READ_WRITE)).answer().await;
        assert_eq!(read.text("name"), "A shop");
    }
}

#[test]
fn without_a_key_no_secret_is_stored() {
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(On::Sqlite, |config| config.secrets_key = None);
        let app = app.expect("SQLite is always there");
        let tenant = app.tenant().await;
        let token = app.token(&tenant, READ_WRITE);
        let body =
            json!({"name": "Shop", "platform": "shopify", "external_id": "s", "webhook_secrets": ["hush"]});
        let answer = app.post("/v1/shops").bearer_auth(&token).json(&body).answer().await;
        answer.assert_problem(409, "secrets_key_missing");
        let list = app.get("/v1/shops").bearer_auth(&token).answer().await;
        assert_eq!(list.at("data"), &json!([]));
    });
}
