//! `/v1/customers` and `/v1/shops/{shop_id}/customers`.

mod batch;
mod create;
mod duplicates;
mod list;
mod merge;
mod patch;
mod profile;
mod put;
mod read;
mod search;
mod timeline;

use serde_json::{Value, json};

use crate::support::{Send, TestApp, TestTenant};

pub const READ_WRITE: &str = "customers:read customers:write orders:write pii:read";

/// A tenant with a shop and a token for its customers.
pub struct Shop {
    pub tenant: TestTenant,
    pub id: String,
    pub token: String,
}

impl Shop {
    pub async fn open(app: &TestApp) -> Self {
        let tenant = app.tenant().await;
        let id = app.shop(&tenant, "a").await;
        let token = app.token(&tenant, READ_WRITE);
        Self { tenant, id, token }
    }

    pub fn path(&self, external_id: &str) -> String {
        format!("/v1/shops/{}/customers/{external_id}", self.id)
    }

    /// Tells a customer and answers its id.
    pub async fn tell(&self, app: &TestApp, external_id: &str, document: Value) -> String {
        let answer = app.put(&self.path(external_id)).bearer_auth(&self.token).json(&document).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.text("id")
    }

    /// Tells an order of a buyer.
    pub async fn order(&self, app: &TestApp, external_id: &str, document: Value) {
        let path = format!("/v1/shops/{}/orders/{external_id}", self.id);
        let answer = app.put(&path).bearer_auth(&self.token).json(&document).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }

    /// A token without `pii:read`.
    pub fn blind(&self, app: &TestApp) -> String {
        app.token(&self.tenant, "customers:read customers:write")
    }
}

/// All that can be told of a customer.
pub fn hong() -> Value {
    json!({
        "name": "张小红", "nick": "Red Hong", "gender": "female", "birthday": "1990-05-17", "language": "zh-CN",
        "phone": "13800001234", "email": "Hong@example.com",
        "address": {"country": "CN", "province": "浙江", "city": "杭州", "district": "西湖", "line": "文三路 1 号",
            "postcode": "310000"},
        "attributes": {"vip": true, "size": "M"}
    })
}
