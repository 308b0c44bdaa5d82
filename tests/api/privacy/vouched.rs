//! A phone that was vouched for tells who was erased, in whatever shop it turns up; and takes nobody else for them.

use huitou::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::dump::places;
use crate::customers::Shop;
use crate::support::{Send, TestApp, on_both};

const BEFORE: &str = "2026-10-01T00:00:00Z";
const NEEDLES: [&str; 4] = ["张小红", "13800001234", "8613800001234", "43210000831"];

/// Who has the phone, as a shop vouches.
fn buyer(external_id: &str, name: &str) -> Value {
    let mut buyer = json!({"name": name, "phone": "+86 138 0000 1234", "phone_verified": true});
    if !external_id.is_empty() {
        buyer["external_id"] = json!(external_id);
    }
    buyer
}

fn order(buyer: Value, at: &str) -> Value {
    json!({"version": at, "status": "paid", "ordered_at": at, "paid_at": at, "total_amount": 100, "customer": buyer,
        "lines": [{"sku": "S", "quantity": 1, "total_amount": 100}]})
}

impl Shop {
    /// Another shop of the same tenant.
    async fn next(&self, app: &TestApp, name: &str) -> Self {
        let id = app.shop(&self.tenant, name).await;
        Self { tenant: self.tenant.clone(), id, token: self.token.clone() }
    }

    async fn erase(&self, app: &TestApp, id: &str) {
        let answer = app.delete(&format!("/v1/customers/{id}")).bearer_auth(&self.token).answer().await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Whose order it is.
    async fn whose(&self, app: &TestApp, external_id: &str) -> Value {
        let token = app.token(&self.tenant, "orders:read pii:read");
        let path = format!("/v1/orders?shop_id={}&q={external_id}", self.id);
        let found = app.get(&path).bearer_auth(token).answer().await;
        assert_eq!(found.at("/data/0/external_id"), external_id, "{found:?}");
        found.at("/data/0/customer_id").clone()
    }

    async fn vouch(&self, app: &TestApp, external_id: &str, name: &str) -> String {
        let mut record = buyer("", name);
        record["version"] = json!(BEFORE);
        self.tell(app, external_id, record).await
    }
}

on_both! {
    async fn old_data_with_the_phone_of_somebody_erased_tells_nobody_in_any_shop(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.vouch(&app, "1", "张小红").await;
        shop.erase(&app, &id).await;
        let other = shop.next(&app, "b").await;
        other.order(&app, "guest", order(buyer("", "张小红"), BEFORE)).await;
        other.order(&app, "known", order(buyer("b-1", "张小红"), BEFORE)).await;
        assert_eq!((other.whose(&app, "guest").await, other.whose(&app, "known").await), (Value::Null, Value::Null));
        for version in [json!(BEFORE), Value::Null] {
            let mut record = buyer("", "张小红");
            record["version"] = version;
            let put = app.put(&other.path("b-2")).bearer_auth(&shop.token).json(&record).answer().await;
            put.assert_problem(409, "customer_erased");
        }
        assert_eq!(places(&app, &NEEDLES), Vec::<String>::new());
        let all = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!(all.at("total"), 0, "{all:?}");
    }

    async fn a_later_purchase_with_the_phone_makes_one_new_customer_over_all_shops(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = shop.next(&app, "b").await;
        let id = shop.vouch(&app, "1", "张小红").await;
        shop.order(&app, "old", order(buyer("1", "张小红"), BEFORE)).await;
        shop.erase(&app, &id).await;
        let now = SystemClock.now().to_string();
        other.order(&app, "new", order(buyer("b-1", "张小红"), &now)).await;
        let new = other.whose(&app, "new").await;
        assert!(new.is_string() && new != json!(id), "{new}");
        shop.order(&app, "newer", order(buyer("1", "张小红"), &now)).await;
        assert_eq!(shop.whose(&app, "newer").await, new, "the phone joins them anew");
        // An old order of another shop, told late, is not theirs and tells nothing of them.
        other.order(&app, "late", order(buyer("b-1", "张小红"), BEFORE)).await;
        other.order(&app, "nameless", order(buyer("", "张小红"), BEFORE)).await;
        assert_eq!((other.whose(&app, "late").await, other.whose(&app, "nameless").await), (Value::Null, Value::Null));
        let profile = app.get(&format!("/v1/customers/{}/profile", new.as_str().unwrap())).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.at("/facts/orders"), 2, "{profile:?}");
        let erased = app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(&shop.token).answer().await;
        assert_eq!((erased.at("/facts/orders"), erased.at("/customer/phone")), (&json!(1), &Value::Null), "{erased:?}");
    }

    async fn whoever_shares_the_phone_and_was_known_before_is_somebody_else(app: TestApp) {
        let shop = Shop::open(&app).await;
        let hong = shop.vouch(&app, "1", "张小红").await;
        let husband = shop.tell(&app, "2", json!({"version": BEFORE, "name": "李雷"})).await;
        let said = app.post(&format!("/v1/customers/{hong}/not-same")).bearer_auth(&shop.token)
            .json(&json!({"other": husband})).answer().await;
        assert_eq!(said.status, 200, "{said:?}");
        assert_eq!(shop.vouch(&app, "2", "李雷").await, husband);
        shop.erase(&app, &hong).await;
        shop.order(&app, "his", order(buyer("2", "李雷"), BEFORE)).await;
        assert_eq!(shop.whose(&app, "his").await, json!(husband));
        let mut record = buyer("", "李雷");
        record["version"] = json!("2026-10-02T00:00:00Z");
        assert_eq!(shop.tell(&app, "2", record).await, husband);
        assert_eq!(places(&app, &["张小红"]), Vec::<String>::new());
    }

    async fn a_phone_that_many_share_is_no_trace_of_one_of_them(app: TestApp) {
        let shop = Shop::open(&app).await;
        let mut ids = Vec::new();
        for number in 0..4 {
            ids.push(shop.vouch(&app, &format!("c-{number}"), "a colleague").await);
        }
        shop.erase(&app, &ids[0]).await;
        shop.order(&app, "new colleague", order(buyer("c-9", "another"), BEFORE)).await;
        assert!(shop.whose(&app, "new colleague").await.is_string());
        shop.order(&app, "the erased", order(buyer("c-0", "a colleague"), BEFORE)).await;
        assert_eq!(shop.whose(&app, "the erased").await, Value::Null);
    }
}
