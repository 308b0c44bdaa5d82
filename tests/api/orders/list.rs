use serde_json::{Value, json};

use super::{Shop, order};
use crate::support::{Send, TestApp, on_both};

/// The external ids of the orders under a query, in their order.
async fn ids(app: &TestApp, shop: &Shop, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/v1/orders{query}")).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let text = |order: &Value| order["external_id"].as_str().unwrap().to_owned();
    answer.at("data").as_array().unwrap().iter().map(text).collect()
}

fn on_day(day: u32, more: Value) -> Value {
    let mut document = order(json!({
        "ordered_at": format!("2026-10-{day:02}T08:00:00Z"),
        "paid_at": format!("2026-10-{day:02}T09:00:00Z")
    }));
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

on_both! {
    async fn orders_are_listed_by_when_they_were_placed(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (id, day) in [("b", 2), ("c", 3), ("a", 1)] {
            shop.tell(&app, id, &on_day(day, json!({}))).await;
        }
        assert_eq!(ids(&app, &shop, "").await, ["c", "b", "a"]);
        assert_eq!(ids(&app, &shop, "?sort=ordered_at").await, ["a", "b", "c"]);
        let answer = app.get("/v1/orders").bearer_auth(&shop.token).answer().await;
        assert_eq!(answer.at("/data/0/lines/0/sku"), "DC-XXXXL-RED");
        let wrong = app.get("/v1/orders?sort=total").bearer_auth(&shop.token).answer().await;
        assert_eq!(wrong.errors(), [("sort".into(), "invalid_value".into())]);
    }

    async fn filters_leave_the_orders_that_fit(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = json!({"external_id": "ouid-2"});
        let line = json!([{"sku": "B", "quantity": 2, "total_amount": 100}, {"sku": "B", "quantity": 1, "total_amount": 50}]);
        shop.tell(&app, "2026-1", &on_day(1, json!({}))).await;
        shop.tell(&app, "2026-2", &on_day(2, json!({"customer": other, "status": "shipped"}))).await;
        shop.tell(&app, "2027_3", &on_day(3, json!({"lines": line}))).await;
        let unpaid = json!({"version": "2026-10-04T08:00:00Z", "status": "created", "ordered_at": "2026-10-04T08:00:00Z"});
        shop.tell(&app, "x", &unpaid).await;
        let second = app.shop(&shop.tenant, "b").await;
        let elsewhere = format!("/v1/shops/{second}/orders/2026-1");
        let answer = app.put(&elsewhere).bearer_auth(&shop.token).json(&on_day(5, json!({"customer": null}))).answer().await;
        assert_eq!(answer.status, 201);

        let first = app.get("/v1/orders?sort=ordered_at&limit=1").bearer_auth(&shop.token).answer().await;
        let customer = first.text("/data/0/customer_id");
        assert_eq!(ids(&app, &shop, &format!("?customer_id={customer}")).await, ["2027_3", "2026-1"]);
        assert_eq!(ids(&app, &shop, &format!("?shop_id={second}")).await, ["2026-1"]);
        assert_eq!(ids(&app, &shop, "?status=shipped").await, ["2026-2"]);
        assert_eq!(ids(&app, &shop, "?ordered_after=2026-10-03T08:00:00Z").await, ["2026-1", "x", "2027_3"]);
        assert_eq!(ids(&app, &shop, "?ordered_before=2026-10-02T08:00:00Z").await, ["2026-1"]);
        let paid = "?paid_after=2026-10-02T00:00:00Z&paid_before=2026-10-04T00:00:00Z";
        assert_eq!(ids(&app, &shop, paid).await, ["2027_3", "2026-2"]);
        assert_eq!(ids(&app, &shop, "?sku=B").await, ["2027_3"]);
        assert_eq!(ids(&app, &shop, "?q=2026-").await, ["2026-1", "2026-2", "2026-1"]);
        assert_eq!(ids(&app, &shop, "?q=2027_3").await, ["2027_3"]);
        assert_eq!(ids(&app, &shop, "?q=%25").await, Vec::<String>::new());
        let unknown = app.get("/v1/orders?colour=red").bearer_auth(&shop.token).answer().await;
        assert_eq!(unknown.errors(), [("colour".into(), "unknown_parameter".into())]);
    }

    async fn orders_of_unknown_worth_are_flagged_and_can_be_listed(app: TestApp) {
        let shop = Shop::open(&app).await;
        shop.tell(&app, "known", &on_day(1, json!({}))).await;
        shop.tell(&app, "no rate", &on_day(2, json!({"currency": "USD"}))).await;
        let untold = json!({"version": "2026-10-04T08:00:00Z", "status": "paid", "ordered_at": "2026-10-03T08:00:00Z"});
        let id = shop.tell(&app, "no total", &untold).await;
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.at("unconverted"), true);
        assert_eq!(ids(&app, &shop, "?unconverted=true").await, ["no total", "no rate"]);
        assert_eq!(ids(&app, &shop, "?unconverted=false").await, ["known"]);
    }

    async fn pages_show_each_order_once_though_many_were_placed_at_one_moment(app: TestApp) {
        let shop = Shop::open(&app).await;
        let items: Vec<Value> = (0..25).map(|number| {
            let mut item = on_day(1 + number / 10, json!({"shop_id": shop.id}));
            item["external_id"] = json!(format!("{number:02}"));
            item
        }).collect();
        let body = json!({"orders": items});
        let answer = app.post("/v1/orders/batch").bearer_auth(&shop.token).json(&body).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for sort in ["-ordered_at", "ordered_at"] {
            let all = ids(&app, &shop, &format!("?sort={sort}&limit=200")).await;
            assert_eq!(all.len(), 25);
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
                let path = format!("/v1/orders?sort={sort}&limit=4&count=exact{after}");
                let page = app.get(&path).bearer_auth(&shop.token).answer().await;
                assert_eq!(page.at("total"), 25);
                let data = page.at("data").as_array().unwrap();
                seen.extend(data.iter().map(|order| order["external_id"].as_str().unwrap().to_owned()));
                cursor = page.at("next_cursor").as_str().map(str::to_owned);
                assert_eq!(page.at("has_more"), cursor.is_some());
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
        }
    }

    async fn lists_hold_no_other_tenants_orders(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        shop.tell(&app, "1", &order(json!({}))).await;
        for query in ["".into(), format!("?shop_id={}", shop.id), "?sku=DC-XXXXL-RED".into(), "?q=1".into()] {
            assert_eq!(ids(&app, &stranger, &query).await, Vec::<String>::new());
        }
    }
}
