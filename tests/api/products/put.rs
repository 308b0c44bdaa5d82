use serde_json::{Value, json};

use super::{Shop, coat};
use crate::support::{Send, on_both};

on_both! {
    async fn a_product_is_made_told_again_and_replaced(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = |document: Value| app.put(&shop.path("p-9")).bearer_auth(&shop.token).json(&document).answer();
        let made = tell(coat()).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("/v1/products/{}", made.text("id"));
        assert_eq!(made.header("location"), path);
        assert_eq!((made.text("currency"), made.text("status")), ("CNY".into(), "active".into()));
        for field in ["title", "category", "tags", "attributes", "price_amount"] {
            assert_eq!(made.at(field), &coat()[field], "{field}");
        }
        assert_eq!(made.at("/variants/1/price_amount"), 27900);

        let again = tell(coat()).await;
        assert_eq!((again.status, again.header("etag")), (200, made.header("etag")));
        assert_eq!(again.at("updated_at"), made.at("updated_at"));

        let replaced = tell(json!({"title": "短款羽绒服", "status": "archived"})).await;
        assert_eq!((replaced.status, replaced.text("id")), (200, made.text("id")));
        assert_ne!(replaced.header("etag"), made.header("etag"));
        assert_eq!((replaced.at("brand"), replaced.at("variants")), (&json!(null), &json!([])));
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((&read.body, read.header("etag")), (&replaced.body, replaced.header("etag")));
    }

    async fn what_is_wrong_with_a_product_is_told_with_its_place(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (changes, place, code) in [
            (json!({"title": ""}), "/title", "empty"),
            (json!({"currency": "XXY"}), "/currency", "unknown_currency"),
            (json!({"price_amount": i64::MAX}), "/price_amount", "out_of_range"),
            (json!({"url": "javascript:alert(1)"}), "/url", "invalid_url"),
            (json!({"status": "sold"}), "/status", "invalid_value"),
            (json!({"variants": [{"sku": "A"}, {"sku": "A"}]}), "/variants", "duplicate"),
            (json!({"variants": [{"sku": "A", "cost_amount": -1}]}), "/variants/0/cost_amount", "out_of_range"),
            (json!({"variants": [{"price_amount": 1}]}), "/variants/0/sku", "required"),
            (json!({"tags": ["a", " "]}), "/tags/1", "empty"),
        ] {
            let mut document = coat();
            document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let answer = app.put(&shop.path("p")).bearer_auth(&shop.token).json(&document).answer().await;
            assert_eq!((answer.status, answer.errors()), (422, vec![(place.into(), code.into())]), "{changes}");
        }
    }

    async fn another_tenants_shop_and_products_are_not_found(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let id = shop.tell(&app, "p", &coat()).await;
        let request = app.put(&shop.path("p")).bearer_auth(&stranger.token).json(&json!({"title": "x"}));
        request.answer().await.assert_problem(404, "not_found");
        let path = format!("/v1/products/{id}");
        app.get(&path).bearer_auth(&stranger.token).answer().await.assert_problem(404, "not_found");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.at("title"), &coat()["title"]);
    }
}
