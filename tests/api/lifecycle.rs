//! Stages, dormancy and RFM.

mod dormancy;
mod profile;
mod rfm;
mod stages;

use serde_json::{Value, json};

use crate::support::{Send, TestApp, TestTenant};

/// A paid order: buyer, moment, amount.
pub type Paid = (String, String, i64);

/// A tenant whose orders a test tells by buyer, time and amount.
pub struct Ledger<'a> {
    pub app: &'a TestApp,
    pub tenant: TestTenant,
    pub token: String,
}

impl<'a> Ledger<'a> {
    pub async fn open(app: &'a TestApp) -> Self {
        let tenant = app.tenant().await;
        let token = app.token(
            &tenant,
            "orders:read orders:write customers:read settings:read settings:write segments:read pii:read",
        );
        Self { app, tenant, token }
    }

    pub async fn pay(&self, shop: &str, orders: &[Paid]) {
        for (batch, orders) in orders.chunks(1_000).enumerate() {
            let items: Vec<Value> = orders
                .iter()
                .enumerate()
                .map(|(index, (buyer, paid_at, amount))| {
                    json!({
                        "shop_id": shop, "external_id": format!("{batch}-{index}"), "version": paid_at,
                        "status": "paid", "ordered_at": paid_at, "paid_at": paid_at, "total_amount": amount,
                        "customer": {"external_id": buyer}
                    })
                })
                .collect();
            let request = self.app.post("/v1/orders/batch").bearer_auth(&self.token);
            let answer = request.json(&json!({"orders": items})).answer().await;
            let results = answer.at("results").as_array().unwrap();
            assert!(results.iter().all(|result| result["status"] == "applied"), "{answer:?}");
        }
    }

    pub async fn get(&self, path: &str) -> crate::support::response::Response {
        self.app.get(path).bearer_auth(&self.token).answer().await
    }

    pub async fn set(&self, settings: Value) {
        let answer = self.app.patch("/v1/settings").bearer_auth(&self.token).json(&settings).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
