use serde_json::{Value, json};

use super::{Shop, coat};
use crate::support::{Send, TestApp, on_both};

/// The external ids of the products under a query, in their order.
async fn ids(app: &TestApp, shop: &Shop, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/v1/products{query}")).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let text = |product: &Value| product["external_id"].as_str().unwrap().to_owned();
    answer.at("data").as_array().unwrap().iter().map(text).collect()
}

on_both! {
    async fn filters_leave_the_products_that_fit(app: TestApp) {
        let shop = Shop::open(&app).await;
        shop.tell(&app, "1", &coat()).await;
        shop.tell(&app, "2", &json!({"title": "Wool Coat 100%", "category": "女装"})).await;
        shop.tell(&app, "3", &json!({"title": "wool_hat", "category": "女装配饰", "status": "archived"})).await;
        let second = app.shop(&shop.tenant, "b").await;
        let elsewhere = app.put(&format!("/v1/shops/{second}/products/1")).bearer_auth(&shop.token);
        assert_eq!(elsewhere.json(&json!({"title": "4"})).answer().await.status, 201);

        assert_eq!(ids(&app, &shop, "").await, ["1", "3", "2", "1"]);
        assert_eq!(ids(&app, &shop, &format!("?shop_id={second}")).await, ["1"]);
        assert_eq!(ids(&app, &shop, "?category=女装").await, ["2", "1"]);
        assert_eq!(ids(&app, &shop, "?category=女装/羽绒服/").await, ["1"]);
        assert_eq!(ids(&app, &shop, "?status=archived").await, ["3"]);
        assert_eq!(ids(&app, &shop, "?q=WOOL").await, ["3", "2"]);
        assert_eq!(ids(&app, &shop, "?q=100%25").await, ["2"]);
        assert_eq!(ids(&app, &shop, "?q=l_h").await, ["3"]);
        assert_eq!(ids(&app, &shop, "?q=羽绒").await, ["1"]);
        assert_eq!(ids(&app, &shop, "?sku=DC-M-BLACK").await, ["1"]);
        assert_eq!(ids(&app, &shop, "?sku=DC").await, Vec::<String>::new());
    }

    async fn pages_show_each_product_once(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        for number in 0..5 {
            shop.tell(&app, &number.to_string(), &coat()).await;
        }
        let first = app.get("/v1/products?limit=3&count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!((first.at("total"), first.at("has_more")), (&json!(5), &json!(true)));
        let next = format!("?limit=3&cursor={}", first.text("next_cursor"));
        assert_eq!(ids(&app, &shop, &next).await, ["1", "0"]);
        assert_eq!(ids(&app, &stranger, "").await, Vec::<String>::new());
    }
}
