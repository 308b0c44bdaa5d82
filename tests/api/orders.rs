//! `/v1/orders` and `/v1/shops/{shop_id}/orders`.

mod bad_input;
mod batch;
mod list;
mod put;
mod read;
mod refused;

use serde_json::{Value, json};

use crate::support::{Send, TestApp, TestTenant};

pub const READ_WRITE: &str = "orders:read orders:write pii:read";

/// A tenant with a shop and a token for its orders.
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
        format!("/v1/shops/{}/orders/{external_id}", self.id)
    }

    /// Tells an order and answers its id.
    pub async fn tell(&self, app: &TestApp, external_id: &str, document: &Value) -> String {
        let request = app.put(&self.path(external_id)).bearer_auth(&self.token).json(document);
        let answer = request.answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.text("id")
    }
}

/// A paid order of 258.00 with one line and a buyer; `changes` are put over its fields.
pub fn order(changes: Value) -> Value {
    let mut document = json!({
        "version": "2026-11-11T00:03:10Z",
        "status": "paid",
        "ordered_at": "2026-11-10T16:01:02Z",
        "paid_at": "2026-11-10T16:01:40Z",
        "currency": "CNY", "total_amount": 25800, "discount_amount": 2000,
        "source": "app", "promotions": ["双十一"],
        "customer": {
            "external_id": "ouid-123", "name": "小4", "phone": "13800001234", "email": "xiao4@example.com",
            "address": {"country": "CN", "province": "浙江", "city": "杭州", "line": "文三路 1 号"}
        },
        "lines": [{
            "external_id": "1", "sku": "DC-XXXXL-RED", "title": "羽绒服", "category": "女装/羽绒服",
            "attributes": {"尺码": "XXXXL"}, "quantity": 1, "unit_amount": 27800, "total_amount": 25800
        }],
        "coupon_codes": ["OLD8"],
        "note": "请放门口"
    });
    if let (Some(document), Value::Object(changes)) = (document.as_object_mut(), changes) {
        document.extend(changes);
    }
    document
}
