use serde_json::{Value, json};

use super::{Shop, coat};
use crate::support::{Send, on_both};

fn item(shop: &str, external_id: &str, title: &str) -> Value {
    let mut item = coat();
    item["shop_id"] = json!(shop);
    item["external_id"] = json!(external_id);
    item["title"] = json!(title);
    item
}

on_both! {
    async fn each_product_of_a_batch_gets_its_own_answer(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let body = json!({"products": [
            item(&shop.id, "1", "Coat"),
            item(&stranger.id, "2", "Coat"),
            item(&shop.id, "3", ""),
            item(&shop.id, "1", "Coat"),
            item(&shop.id, "1", "Longer coat"),
            item(&shop.id, "4", "Hat"),
        ]});
        let send = || {
            let request = app.post("/v1/products/batch").bearer_auth(&shop.token);
            request.header("idempotency-key", "catalogue").json(&body).answer()
        };
        let answer = send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let statuses: Vec<_> =
            answer.at("results").as_array().unwrap().iter().map(|result| result["status"].clone()).collect();
        assert_eq!(statuses, ["applied", "refused", "refused", "unchanged", "applied", "applied"]);
        assert_eq!(answer.at("/results/1/error/code"), "not_found");
        assert_eq!(answer.at("/results/2/error/errors/0/pointer"), "/title");
        let again = send().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &answer.body));

        let path = format!("/v1/products/{}", answer.text("/results/0/id"));
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.text("title"), "Longer coat");
        let list = app.get("/v1/products?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(list.at("total"), 2);
    }
}
