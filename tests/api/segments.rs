//! `/v1/segments`.

mod ask;
mod saved;

use serde_json::{Value, json};

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant};

/// A tenant with a small shop, and the right to ask everything.
pub struct Market<'a> {
    pub app: &'a TestApp,
    pub tenant: TestTenant,
    pub shop: String,
    token: String,
}

const SCOPES: &str = "orders:read orders:write customers:read customers:write settings:read settings:write \
    segments:read segments:write pii:read";

impl<'a> Market<'a> {
    pub async fn open(app: &'a TestApp) -> Self {
        let tenant = app.tenant().await;
        let shop = app.shop(&tenant, "s").await;
        let token = app.token(&tenant, SCOPES);
        Self { app, tenant, shop, token }
    }

    /// An order of a buyer, paid so many days ago, with one line.
    pub async fn sell(&self, id: &str, buyer: &str, days_ago: i64, amount: i64, line: Value) {
        use huitou::clock::{Clock, SystemClock};

        let paid_at = SystemClock.now().plus_seconds(-86_400 * days_ago).to_string();
        let mut item = json!({
            "external_id": "1", "title": "A coat", "quantity": 1, "unit_amount": amount, "total_amount": amount
        });
        item.as_object_mut().unwrap().extend(line.as_object().unwrap().clone());
        let order = json!({
            "status": "paid", "version": paid_at, "ordered_at": paid_at, "paid_at": paid_at, "currency": "CNY",
            "total_amount": amount, "customer": {"external_id": buyer, "name": format!("Name {buyer}"),
                "address": {"country": "CN", "city": if buyer.len() % 2 == 1 { "杭州" } else { "上海" }}},
            "lines": [item]
        });
        let path = format!("/v1/shops/{}/orders/{id}", self.shop);
        let answer = self.app.put(&path).bearer_auth(&self.token).json(&order).answer().await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Ann and Bob come back, Cid came once, Dora fell asleep, Ed once long ago.
    pub async fn stock(&self) {
        let coat = || json!({"category": "女装/羽绒服", "sku": "DC", "attributes": {"尺码": "XXXXL", "颜色": "红色"}});
        let shirt = || json!({"category": "女装", "sku": "SH", "attributes": {"尺码": "M"}});
        self.sell("1", "ann", 200, 30_000, coat()).await;
        self.sell("2", "ann", 5, 10_000, shirt()).await;
        self.sell("3", "bob", 60, 8_000, shirt()).await;
        self.sell("4", "bob", 10, 9_000, coat()).await;
        self.sell("5", "cidd", 3, 20_000, json!({"category": "男装", "attributes": {"尺码": "XXXXL"}})).await;
        self.sell("6", "dora", 120, 50_000, coat()).await;
        self.sell("7", "dora", 300, 50_000, shirt()).await;
        self.sell("8", "ed", 500, 1_000, json!({})).await;
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.app.post(path).bearer_auth(&self.token).json(&body).answer().await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.app.get(path).bearer_auth(&self.token).answer().await
    }

    pub async fn count(&self, query: &str) -> i64 {
        let answer = self.post("/v1/segments/preview", json!({"query": query, "sample": 0})).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.at("count").as_i64().unwrap()
    }

    pub async fn save(&self, name: &str, query: &str) -> String {
        let answer = self.post("/v1/segments", json!({"name": name, "query": query})).await;
        assert_eq!(answer.status, 201, "{query}: {answer:?}");
        answer.text("id")
    }
}
