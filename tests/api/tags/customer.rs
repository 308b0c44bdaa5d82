use serde_json::json;

use super::Desk;
use crate::support::{Send, on_both};

on_both! {
    async fn a_customer_gets_and_loses_a_tag_by_name_or_id(app: TestApp) {
        let desk = Desk::open(&app).await;
        let customer = desk.customer(&app, "1").await;
        let path = |tag: &str| format!("/v1/customers/{customer}/tags/{tag}");
        let put = async |tag: &str| app.put(&path(tag)).bearer_auth(&desk.token).answer().await;
        let made = put("%E5%A4%A7%E7%A0%81").await;
        assert_eq!((made.status, made.text("name")), (201, "大码".into()));
        assert_eq!(made.at("by"), &json!(["hand"]));
        let again = put(&made.text("id")).await;
        assert_eq!((again.status, &again.body), (200, &made.body));
        assert_eq!(put("vip").await.status, 201);
        assert_eq!(put("VIP").await.text("name"), "vip");
        assert_eq!(desk.tags_of(&app, &customer).await, ["vip", "大码"]);

        let delete = async |tag: &str| app.delete(&path(tag)).bearer_auth(&desk.token).answer().await;
        assert_eq!(delete("Vip").await.status, 204);
        assert_eq!(delete("Vip").await.status, 204, "whether or not they have it");
        delete("unknown").await.assert_problem(404, "not_found");
        assert_eq!(desk.tags_of(&app, &customer).await, ["大码"]);
        put("tag_01jd7zk3v8e4qbm2n5r9x6t0wy").await.assert_problem(404, "not_found");
        let blank = put("%20x").await;
        assert_eq!((blank.status, blank.errors()), (422, vec![("tag".into(), "invalid_value".into())]));
    }

    async fn customers_are_found_by_their_tag(app: TestApp) {
        let desk = Desk::open(&app).await;
        let (first, second) = (desk.customer(&app, "1").await, desk.customer(&app, "2").await);
        for customer in [&first, &second] {
            app.put(&format!("/v1/customers/{customer}/tags/vip")).bearer_auth(&desk.token).answer().await;
        }
        let list = desk.get(&app, &format!("/v1/customers?tag=VIP&shop_id={}", desk.shop)).await;
        assert_eq!((list.text("/data/0/id"), list.text("/data/1/id")), (second, first));
        assert_eq!(desk.get(&app, "/v1/customers?tag=none").await.at("data"), &json!([]));
        let stranger = Desk::open(&app).await;
        assert_eq!(desk.holders(&app, "vip").await, 2);
        assert_eq!(stranger.holders(&app, "vip").await, 0);
    }

    async fn a_deleted_tag_is_gone_from_every_file(app: TestApp) {
        let desk = Desk::open(&app).await;
        let customer = desk.customer(&app, "1").await;
        let put = app.put(&format!("/v1/customers/{customer}/tags/vip")).bearer_auth(&desk.token).answer().await;
        let tag = put.text("id");
        assert_eq!(app.delete(&format!("/v1/tags/{tag}")).bearer_auth(&desk.token).answer().await.status, 204);
        assert_eq!(desk.tags_of(&app, &customer).await, Vec::<String>::new());
        desk.tag(&app, "vip").await;
        assert_eq!(desk.holders(&app, "vip").await, 0);
    }

    async fn the_timeline_tells_of_tags_that_came_and_went(app: TestApp) {
        let desk = Desk::open(&app).await;
        let customer = desk.customer(&app, "1").await;
        let path = format!("/v1/customers/{customer}/tags/vip");
        app.put(&path).bearer_auth(&desk.token).answer().await;
        app.delete(&path).bearer_auth(&desk.token).answer().await;
        for limit in [1, 50] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = desk.get(&app, &format!("/v1/customers/{customer}/timeline?limit={limit}{cursor}")).await;
                seen.extend(page.at("data").as_array().unwrap().clone());
                if page.at("has_more") != true {
                    break;
                }
                cursor = format!("&cursor={}", page.text("next_cursor"));
            }
            let kinds: Vec<_> = seen.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["tag_lost", "tag_gained", "customer_created"], "in pages of {limit}");
            assert_eq!(seen[0]["tag"]["name"], "vip");
            assert_eq!((&seen[0]["tag"]["by"], &seen[0]["tag"]["actor"]), (&json!("hand"), &json!("tester")));
        }
    }
}
