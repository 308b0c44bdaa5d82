//! How an object of each kind that a path can name is made.

use huitou::clock::{Clock, IdGen, RandomIds, SystemClock};
use huitou::platforms::PrivacyRequest;
use huitou::privacy::service::{Act, data_request};
use serde_json::json;

use super::operation::Ids;
use crate::customers::hong;
use crate::orders::order;
use crate::products::coat;
use crate::support::{Send, TestApp, TestTenant};
use crate::webhooks::push::Pushing;

/// A tenant whose objects are made, and a token of it with all scopes.
pub struct Owner {
    tenant: TestTenant,
    pub token: String,
    made: usize,
}

impl Owner {
    pub async fn new(app: &TestApp) -> Self {
        let tenant = app.tenant().await;
        let scopes: Vec<&str> = huitou::auth::scope::ALL.iter().map(|(name, _)| *name).collect();
        let token = app.token(&tenant, &scopes.join(" "));
        let owner = Self { tenant, token, made: 0 };
        // Paths name tags by their names as well.
        owner.post(app, "/v1/tags", json!({"name": "winter"})).await;
        owner
    }

    /// New objects of these kinds.
    pub async fn make_all(&mut self, app: &TestApp, kinds: impl Iterator<Item = &str>) -> Ids {
        let mut ids = Ids::new();
        for kind in kinds {
            ids.insert(kind.into(), self.make(app, kind).await);
        }
        ids
    }

    /// A new object of a kind, which nothing else refers to. A new kind gets its line here.
    async fn make(&mut self, app: &TestApp, kind: &str) -> String {
        self.made += 1;
        let name = format!("{}", self.made);
        match kind.split(' ').next().unwrap_or_default() {
            "ShopId" => app.shop(&self.tenant, &name).await,
            "CustomerId" => self.post(app, "/v1/customers", hong()).await,
            "OrderId" => self.put_in_shop(app, "orders", order(json!({}))).await,
            "ProductId" => self.put_in_shop(app, "products", coat()).await,
            "NoteId" => {
                let customer = self.post(app, "/v1/customers", hong()).await;
                self.post(app, &format!("/v1/customers/{customer}/notes"), json!({"text": "likes red"})).await
            }
            "TagId" => self.post(app, "/v1/tags", json!({"name": name})).await,
            "SegmentId" => {
                let body = json!({"name": name, "query": "number_of_orders >= 2"});
                self.post(app, "/v1/segments", body).await
            }
            "MergeId" => {
                let survivor = self.post(app, "/v1/customers", hong()).await;
                let from = self.post(app, "/v1/customers", hong()).await;
                self.post(app, &format!("/v1/customers/{survivor}/merge"), json!({"from": from})).await
            }
            "DeliveryId" => self.deliver(app).await,
            "PrivacyRequestId" => self.ask(app),
            "CampaignId" => {
                let variants = json!([{"key": "a", "weight": 100}]);
                let body = json!({"name": name, "channels": ["sms"], "variants": variants});
                self.post(app, "/v1/campaigns", body).await
            }
            kind => panic!(
                "a path names a `{kind}`, and nobody has said how one is made: add a line for it to `Owner::make` in \
                 tests/api/every_operation/makers.rs"
            ),
        }
    }

    /// What a platform asks for comes by webhook alone.
    fn ask(&self, app: &TestApp) -> String {
        let (now, ids) = (SystemClock.now(), RandomIds::default());
        let tenant = self.tenant.id.parse().expect("a tenant has an id");
        let act = Act { tenant, actor: "a shop", now, ids: &ids };
        let asked = PrivacyRequest { request_id: Some(self.made.to_string()), ..PrivacyRequest::default() };
        let mut connection = app.config.database.target.connect(false).expect("the database answers");
        let shop = (&ids as &dyn IdGen).id(now);
        let id = data_request(&mut connection, act, shop, &asked).expect("the request is kept");
        id.to_string()
    }

    /// What a platform pushes, kept as a delivery.
    async fn deliver(&self, app: &TestApp) -> String {
        let shop = Pushing::new(app, &self.tenant, "standard").await;
        let body = order(json!({})).to_string();
        let request = app.post(&shop.path()).header("content-type", "application/json");
        let signed = shop.sign(&format!("msg_{}", self.made), body.as_bytes());
        let signed = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = signed.body(body).answer().await;
        assert_eq!(answer.status, 200, "a delivery is taken: {answer:?}");
        let list = app.get(&format!("/v1/webhook-deliveries?shop_id={}", shop.shop)).bearer_auth(&self.token);
        list.answer().await.at("/data/0/id").as_str().expect("a delivery has an id").into()
    }

    async fn put_in_shop(&self, app: &TestApp, what: &str, body: serde_json::Value) -> String {
        let shop = app.shop(&self.tenant, &format!("shop of {}", self.made)).await;
        let path = format!("/v1/shops/{shop}/{what}/{}", self.made);
        self.tell(app.put(&path).json(&body)).await
    }

    async fn post(&self, app: &TestApp, path: &str, body: serde_json::Value) -> String {
        self.tell(app.post(path).json(&body)).await
    }

    /// Sends what makes an object, and answers its id.
    async fn tell(&self, request: reqwest::RequestBuilder) -> String {
        let answer = request.bearer_auth(&self.token).answer().await;
        assert!((200..300).contains(&answer.status), "an object is made: {answer:?}");
        answer.text("id")
    }
}
