//! `/v1/products` and `/v1/shops/{shop_id}/products`.

mod batch;
mod list;
mod put;

use serde_json::{Value, json};

use crate::support::{Send, TestApp, TestTenant};

/// A tenant with a shop and a token for its products.
pub struct Shop {
    pub tenant: TestTenant,
    pub id: String,
    pub token: String,
}

impl Shop {
    pub async fn open(app: &TestApp) -> Self {
        let tenant = app.tenant().await;
        let id = app.shop(&tenant, "a").await;
        let token = app.token(&tenant, "orders:read orders:write");
        Self { tenant, id, token }
    }

    pub fn path(&self, external_id: &str) -> String {
        format!("/v1/shops/{}/products/{external_id}", self.id)
    }

    /// Tells a product and answers its id.
    pub async fn tell(&self, app: &TestApp, external_id: &str, document: &Value) -> String {
        let request = app.put(&self.path(external_id)).bearer_auth(&self.token).json(document);
        let answer = request.answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.text("id")
    }
}

/// A down coat in two variants.
pub fn coat() -> Value {
    json!({
        "title": "长款羽绒服", "category": "女装/羽绒服", "brand": "Red Scarf", "tags": ["冬季"],
        "price_amount": 29900, "cost_amount": 12000, "attributes": {"材质": "白鹅绒"},
        "variants": [
            {"sku": "DC-XXXXL-RED", "attributes": {"尺码": "XXXXL", "颜色": "红色"}},
            {"sku": "DC-M-BLACK", "attributes": {"尺码": "M"}, "price_amount": 27900}
        ],
        "url": "https://shop.example/p/9"
    })
}
