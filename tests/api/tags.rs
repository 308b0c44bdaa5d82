//! `/v1/tags`, and `/v1/customers/{id}/tags`.

mod assign;
mod customer;
mod noun;
mod platform;
mod rules;

use serde_json::{Value, json};

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant};

const SCOPES: &str = "tags:read tags:write customers:read customers:write pii:read";

/// A tenant with a shop and a token for its tags and customers.
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
    pub async fn customer(&self, app: &TestApp, external_id: &str) -> String {
        let path = format!("/v1/shops/{}/customers/{external_id}", self.shop);
        let answer =
            app.put(&path).bearer_auth(&self.token).json(&json!({"name": external_id})).answer().await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.text("id")
    }

    pub async fn customers(&self, app: &TestApp, many: usize) -> Vec<String> {
        let one = |number: usize| json!({"shop_id": self.shop, "external_id": format!("c{number}")});
        let body = json!({"customers": (0..many).map(one).collect::<Vec<_>>()});
        let answer = app.post("/v1/customers/batch").bearer_auth(&self.token).json(&body).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = answer.at("results").as_array().unwrap();
        results.iter().map(|result| result["id"].as_str().unwrap().into()).collect()
    }

    /// Makes a tag and answers its id.
    pub async fn tag(&self, app: &TestApp, name: &str) -> String {
        let answer = self.post(app, "/v1/tags", &json!({"name": name})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("id")
    }

    pub async fn post(&self, app: &TestApp, path: &str, body: &Value) -> Response {
        app.post(path).bearer_auth(&self.token).json(body).answer().await
    }

    pub async fn get(&self, app: &TestApp, path: &str) -> Response {
        let answer = app.get(path).bearer_auth(&self.token).answer().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// The names of a customer's tags, as the file tells them.
    pub async fn tags_of(&self, app: &TestApp, customer: &str) -> Vec<String> {
        let profile = self.get(app, &format!("/v1/customers/{customer}/profile")).await;
        let tags = profile.at("tags").as_array().unwrap();
        tags.iter().map(|tag| tag["name"].as_str().unwrap().into()).collect()
    }

    /// How many customers have the tag, as the list tells.
    pub async fn holders(&self, app: &TestApp, tag: &str) -> i64 {
        let list = self.get(app, &format!("/v1/customers?limit=1&count=exact&tag={tag}")).await;
        list.at("total").as_i64().unwrap()
    }

    /// A tag's history: `+` or `-`, the customer's id, and what did it.
    pub async fn history(&self, app: &TestApp, tag: &str) -> Vec<String> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(app, &format!("/v1/tags/{tag}/history?limit=2{cursor}")).await;
            for change in page.at("data").as_array().unwrap() {
                let sign = if change["change"] == "gained" { '+' } else { '-' };
                let by = change["by"].as_str().unwrap();
                all.push(format!("{sign}{} {by}", change["customer_id"].as_str().unwrap()));
            }
            if page.at("has_more") != true {
                return all;
            }
            cursor = format!("&cursor={}", page.text("next_cursor"));
        }
    }
}
