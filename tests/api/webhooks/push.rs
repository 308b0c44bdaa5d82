//! Requests as platforms sign and send them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use huitou::clock::{Clock, SystemClock};
use md5::{Digest, Md5};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant};

/// A shop on a platform, with the secret that its platform signs with.
#[derive(Debug, Clone)]
pub struct Pushing {
    pub tenant: TestTenant,
    pub shop: String,
    pub platform: String,
    pub secret: Value,
}

/// The usual secret of a platform.
pub fn secret(platform: &str) -> Value {
    match platform {
        "youzan" => json!({"client_id": "0123456789abcdef01", "client_secret": "fedcba98"}),
        "douyin" => json!({"app_key": "3409409348479354011", "app_secret": "2ad2355c"}),
        "standard" | "other" => json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        _ => json!("hush"),
    }
}

impl Pushing {
    pub async fn new(app: &TestApp, tenant: &TestTenant, platform: &str) -> Self {
        Self::with(app, tenant, platform, secret(platform)).await
    }

    pub async fn with(app: &TestApp, tenant: &TestTenant, platform: &str, secret: Value) -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let body = json!({"name": "A shop", "platform": platform, "external_id": format!("s{number}"),
            "webhook_secrets": [secret]});
        let token = app.token(tenant, "settings:write");
        let answer = app.post("/v1/shops").bearer_auth(token).json(&body).answer().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Self { tenant: tenant.clone(), shop: answer.text("id"), platform: platform.into(), secret }
    }

    pub fn path(&self) -> String {
        format!("/v1/webhooks/{}/{}", self.tenant.id, self.shop)
    }

    /// The signature's headers for a body.
    pub fn sign(&self, id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let text = |key: &str| self.secret[key].as_str().unwrap_or_default().to_owned();
        match self.platform.as_str() {
            "shopify" => vec![
                ("X-Shopify-Hmac-Sha256", hmac(self.secret.as_str().unwrap().as_bytes(), body)),
                ("X-Shopify-Webhook-Id", id.to_owned()),
            ],
            "woocommerce" => {
                vec![("X-WC-Webhook-Signature", hmac(self.secret.as_str().unwrap().as_bytes(), body))]
            }
            "youzan" => vec![("Event-Sign", md5(&text("client_id"), body, &text("client_secret")))],
            "douyin" => vec![("event-sign", md5(&text("app_key"), body, &text("app_secret")))],
            _ => {
                let now = SystemClock.now().micros() / 1_000_000;
                let secret = self.secret.as_str().unwrap().trim_start_matches("whsec_");
                let key = STANDARD.decode(secret).unwrap();
                let message = [format!("{id}.{now}.").as_bytes(), body].concat();
                vec![
                    ("webhook-id", id.to_owned()),
                    ("webhook-timestamp", now.to_string()),
                    ("webhook-signature", format!("v1,{}", hmac(&key, &message))),
                ]
            }
        }
    }

    /// A signed request, not sent yet.
    pub fn request(&self, app: &TestApp, id: &str, headers: &[(&str, &str)], body: &[u8]) -> RequestBuilder {
        let request = app.post(&self.path()).header("content-type", "application/json").body(body.to_vec());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.sign(id, body).into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn push(&self, app: &TestApp, id: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.request(app, id, headers, body).answer().await
    }

    /// Pushes an order in the words of Standard Webhooks.
    pub async fn push_order(&self, app: &TestApp, id: &str, order: &Value) -> Response {
        let body = json!({"type": "order.updated", "data": order}).to_string();
        self.push(app, id, &[], body.as_bytes()).await
    }

    /// What came in so far, newest first.
    pub async fn deliveries(&self, app: &TestApp) -> Vec<Value> {
        let token = app.token(&self.tenant, "orders:read");
        let path = format!("/v1/webhook-deliveries?limit=200&shop_id={}", self.shop);
        let answer = app.get(&path).bearer_auth(token).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["data"].as_array().unwrap().clone()
    }

    /// The shop's orders, once everything that came in is settled: on a busy machine that may take a moment.
    pub async fn orders(&self, app: &TestApp) -> Vec<Value> {
        for _ in 0..400 {
            if self.deliveries(app).await.iter().all(|delivery| delivery["status"] != "pending") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.orders_now(app).await
    }

    pub async fn orders_now(&self, app: &TestApp) -> Vec<Value> {
        let token = app.token(&self.tenant, "orders:read pii:read");
        let path = format!("/v1/orders?limit=200&shop_id={}", self.shop);
        let answer = app.get(&path).bearer_auth(token).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["data"].as_array().unwrap().clone()
    }
}

fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn md5(before: &str, body: &[u8], after: &str) -> String {
    let digest = Md5::new().chain_update(before).chain_update(body).chain_update(after).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A paid order of Standard Webhooks.
pub fn order(external_id: &str) -> Value {
    json!({
        "external_id": external_id, "version": "2026-11-11T00:00:00Z", "status": "paid",
        "paid_at": "2026-11-11T00:00:00Z", "currency": "CNY", "total_amount": 9_900,
        "customer": {"external_id": "u1", "name": "张小红", "phone": "13800001234"},
        "lines": [{"sku": "A", "title": "羽绒服", "quantity": 1, "total_amount": 9_900}]
    })
}
