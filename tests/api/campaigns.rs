//! Campaigns.

mod hillstrom;
mod launch;
mod manage;
mod overview;
mod plan;
mod report;
mod report_groups;
mod report_kept;
mod touches;
mod worklist;

use serde_json::{Value, json};

use crate::support::{Send, TestApp, TestTenant};

const SCOPES: &str =
    "campaigns:read campaigns:write customers:write orders:write settings:write settings:read";

/// A shop with customers, for campaigns.
struct Shop {
    tenant: TestTenant,
    id: String,
    token: String,
    customers: Vec<String>,
}

impl Shop {
    async fn with_customers(app: &TestApp, count: usize) -> Self {
        let tenant = app.tenant().await;
        let id = app.shop(&tenant, "s1").await;
        let token = app.token(&tenant, SCOPES);
        let mut customers = Vec::new();
        for start in (0..count).step_by(1_000) {
            let items: Vec<Value> = (start..count.min(start + 1_000))
                .map(|number| json!({"shop_id": id, "external_id": format!("c{number}"), "name": "李雷"}))
                .collect();
            let request = app.post("/v1/customers/batch").bearer_auth(&token);
            let answer = request.json(&json!({"customers": items})).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let results = answer.at("results").as_array().unwrap().clone();
            customers.extend(results.iter().map(|result| result["id"].as_str().unwrap().to_string()));
        }
        Self { tenant, id, token, customers }
    }

    async fn post(&self, app: &TestApp, path: &str, body: Value) -> crate::support::response::Response {
        app.post(path).bearer_auth(&self.token).json(&body).answer().await
    }

    async fn get(&self, app: &TestApp, path: &str) -> crate::support::response::Response {
        let answer = app.get(path).bearer_auth(&self.token).answer().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer
    }

    /// Makes a campaign for all customers, with fields of its own.
    async fn campaign(&self, app: &TestApp, own: Value) -> String {
        let mut body = json!({
            "name": "Jackets", "purpose": "wake", "channels": ["sms"], "contact_plan": false,
            "audience": {"customer_ids": self.customers},
            "variants": [{"key": "a", "weight": 100}], "holdout_percent": 20,
        });
        for (name, value) in own.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = self.post(app, "/v1/campaigns", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("id")
    }

    async fn launch(&self, app: &TestApp, campaign: &str, body: Value) -> Value {
        let answer = self.post(app, &format!("/v1/campaigns/{campaign}/launch"), body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Gives arms from outside.
    async fn assign(&self, app: &TestApp, campaign: &str, arms: &[(usize, &str)]) {
        let items: Vec<Value> = arms
            .iter()
            .map(|(customer, arm)| json!({"customer_id": self.customers[*customer], "arm": arm}))
            .collect();
        let path = format!("/v1/campaigns/{campaign}/assignments");
        let answer = self.post(app, &path, json!({"assignments": items})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(!answer.body.to_string().contains("refused"), "{answer:?}");
    }

    /// A paid order of a customer, with fields of its own.
    async fn order(&self, app: &TestApp, id: &str, customer: usize, paid_at: &str, amount: i64, own: Value) {
        let mut order = json!({
            "shop_id": self.id, "external_id": id, "status": "paid", "version": paid_at, "ordered_at": paid_at,
            "paid_at": paid_at, "currency": "CNY", "total_amount": amount,
            "customer": {"external_id": format!("c{customer}")}, "lines": [],
        });
        for (name, value) in own.as_object().unwrap() {
            order[name] = value.clone();
        }
        let answer = self.post(app, "/v1/orders/batch", json!({"orders": [order]})).await;
        assert_eq!(answer.at("/results/0/status"), "applied", "{answer:?}");
    }
}
