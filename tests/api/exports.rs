//! `/v1/exports` and the files of groups of customers.

mod columns;
mod file;
mod masking;
mod segment;

use serde_json::{Value, json};

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant};

const SCOPES: &str = "exports:read customers:read customers:write orders:write tags:write pii:read";

/// A tenant with a shop and a token for its exports.
pub struct Desk {
    pub tenant: TestTenant,
    pub shop: String,
    pub token: String,
}

impl Desk {
    pub async fn open(app: &TestApp) -> Self {
        let tenant = app.tenant().await;
        let shop = app.shop(&tenant, "a").await;
        let token = app.token(&tenant, SCOPES);
        Self { tenant, shop, token }
    }

    /// Tells a customer and answers its id.
    pub async fn customer(&self, app: &TestApp, external_id: &str, document: Value) -> String {
        let path = format!("/v1/shops/{}/customers/{external_id}", self.shop);
        let answer = app.put(&path).bearer_auth(&self.token).json(&document).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.text("id")
    }

    pub async fn customers(&self, app: &TestApp, many: usize) {
        let numbers: Vec<usize> = (0..many).collect();
        for numbers in numbers.chunks(1_000) {
            let one = |number: &usize| {
                json!({"shop_id": self.shop, "external_id": format!("c{number}"), "name": format!("Customer {number}"),
                    "email": format!("c{number}@example.com"), "address": {"city": "杭州"}})
            };
            let body = json!({"customers": numbers.iter().map(one).collect::<Vec<_>>()});
            let answer = app.post("/v1/customers/batch").bearer_auth(&self.token).json(&body).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    pub async fn order(&self, app: &TestApp, external_id: &str, document: Value) {
        let path = format!("/v1/shops/{}/orders/{external_id}", self.shop);
        let answer = app.put(&path).bearer_auth(&self.token).json(&document).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
    }

    pub async fn export(&self, app: &TestApp, body: &Value) -> Response {
        self.export_as(app, &self.token, body).await
    }

    pub async fn export_as(&self, app: &TestApp, token: &str, body: &Value) -> Response {
        app.post("/v1/segments/export").bearer_auth(token).json(body).answer().await
    }

    /// The objects of an NDJSON export of these columns.
    pub async fn objects(&self, app: &TestApp, columns: &[&str]) -> Vec<Value> {
        let answer = self.export(app, &json!({"format": "ndjson", "columns": columns})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = String::from_utf8(answer.bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// An order of this buyer, paid at this moment.
pub fn order(buyer: &str, paid_at: &str, total: i64) -> Value {
    json!({"version": paid_at, "status": "paid", "ordered_at": paid_at, "paid_at": paid_at, "total_amount": total,
        "customer": {"external_id": buyer}, "lines": [{"quantity": 2, "total_amount": total}]})
}
