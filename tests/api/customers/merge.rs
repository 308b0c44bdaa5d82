use serde_json::json;

use super::Shop;
use crate::support::{Send, TestApp, on_both};

fn sale(buyer: serde_json::Value) -> serde_json::Value {
    json!({"version": "2026-11-20T00:00:00Z", "status": "paid", "paid_at": "2026-11-20T00:00:00Z",
        "total_amount": 100, "customer": buyer, "lines": [{"sku": "a", "quantity": 1, "total_amount": 100}]})
}

impl Shop {
    /// Another shop of the same tenant.
    async fn beside(&self, app: &TestApp) -> Self {
        let id = app.shop(&self.tenant, "b").await;
        Self { tenant: self.tenant.clone(), id, token: self.token.clone() }
    }

    async fn read(&self, app: &TestApp, path: &str) -> crate::support::response::Response {
        app.get(path).bearer_auth(&self.token).answer().await
    }

    async fn post(
        &self,
        app: &TestApp,
        path: &str,
        body: serde_json::Value,
    ) -> crate::support::response::Response {
        app.post(path).bearer_auth(&self.token).json(&body).answer().await
    }

    /// Under whom an id is found.
    async fn found(&self, app: &TestApp, id: &str) -> String {
        self.read(app, &format!("/v1/customers/{id}")).await.text("id")
    }

    async fn orders(&self, app: &TestApp, id: &str) -> i64 {
        let profile = self.read(app, &format!("/v1/customers/{id}/profile")).await;
        profile.at("/facts/orders").as_i64().expect("orders are counted")
    }
}

on_both! {
    async fn a_merged_customer_answers_with_the_other_and_comes_back(app: TestApp) {
        let shop = Shop::open(&app).await;
        let into = shop.tell(&app, "1", json!({"name": "A", "phone": "13800001234"})).await;
        let from = shop.tell(&app, "2", json!({"email": "b@example.com"})).await;
        shop.order(&app, "o1", sale(json!({"external_id": "1"}))).await;
        shop.order(&app, "o2", sale(json!({"external_id": "2"}))).await;
        let before = shop.read(&app, &format!("/v1/customers/{from}")).await;
        let merge = shop.post(&app, &format!("/v1/customers/{into}/merge"), json!({"from": from})).await;
        assert_eq!(merge.status, 201, "{merge:?}");
        assert_eq!((merge.text("into"), merge.text("from")), (into.clone(), from.clone()));
        assert_eq!((merge.text("reason"), merge.text("created_by")), ("manual".into(), "tester".into()));

        let merged = shop.read(&app, &format!("/v1/customers/{from}")).await;
        assert_eq!((merged.text("id"), merged.text("merged_from")), (into.clone(), from.clone()));
        assert_eq!((merged.text("name"), merged.text("email")), ("A".into(), "b@example.com".into()));
        assert_eq!(shop.orders(&app, &into).await, 2);
        let path = format!("/v1/orders?customer_id={from}");
        let orders = app.get(&path).bearer_auth(app.token(&shop.tenant, "orders:read")).answer().await;
        assert_eq!(orders.at("/data").as_array().unwrap().len(), 2, "{orders:?}");
        let list = shop.read(&app, "/v1/customers?count=exact").await;
        assert_eq!(list.at("/total"), 1, "{list:?}");
        // What is told meanwhile goes to whom it belongs.
        shop.order(&app, "o3", sale(json!({"external_id": "2", "name": "B"}))).await;
        assert_eq!(shop.orders(&app, &from).await, 3);
        let again = shop.post(&app, &format!("/v1/customers/{into}/merge"), json!({"from": from})).await;
        again.assert_problem(409, "already_one");

        let path = merge.header("location").to_owned();
        let undone = shop.post(&app, &format!("{path}/undo"), json!({})).await;
        assert_eq!(undone.status, 200, "{undone:?}");
        assert_eq!(undone.text("undone_because"), "undone");
        assert_eq!((shop.orders(&app, &into).await, shop.orders(&app, &from).await), (1, 2));
        let back = shop.read(&app, &format!("/v1/customers/{from}")).await;
        assert_eq!((back.text("id"), back.text("name"), back.text("email")), (from.clone(), "B".into(), "b@example.com".into()));
        assert_ne!(back.header("etag"), before.header("etag"));
        assert_ne!(back.header("etag"), merged.header("etag"));
        shop.post(&app, &format!("{path}/undo"), json!({})).await.assert_problem(409, "already_undone");
        let merges = shop.read(&app, &format!("/v1/customers/{into}/merges")).await;
        assert_eq!(merges.at("/data/0/id"), &merge.body["id"]);
        for id in [&into, &back.text("id")] {
            let timeline = shop.read(&app, &format!("/v1/customers/{id}/timeline")).await;
            let events = timeline.at("/data").as_array().unwrap();
            let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
            assert_eq!((of("customer_merged"), of("merge_undone")), (1, 1), "{timeline:?}");
            assert!(events.iter().any(|event| event["merge"]["id"] == merge.body["id"]));
        }
    }

    async fn what_cannot_be_merged_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let one = shop.tell(&app, "1", json!({"name": "A"})).await;
        let path = format!("/v1/customers/{one}/merge");
        shop.post(&app, &path, json!({"from": one})).await.assert_problem(409, "already_one");
        let unknown = shop.post(&app, &path, json!({"from": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy"})).await;
        assert_eq!(unknown.errors(), [("/from".into(), "unknown_customer".into())]);
        let stranger = Shop::open(&app).await;
        stranger.post(&app, &path, json!({"from": one})).await.assert_problem(404, "not_found");
        let path = format!("/v1/customers/{one}/not-same");
        let same = shop.post(&app, &path, json!({"other": one})).await;
        assert_eq!(same.errors(), [("/other".into(), "same_customer".into())]);
    }

    async fn a_verified_phone_tells_the_same_person_in_another_shop(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = shop.beside(&app).await;
        let phone = json!({"phone": "+86 138 0000 1234", "phone_verified": true});
        let one = shop.tell(&app, "1", phone.clone()).await;
        shop.order(&app, "o1", sale(json!({"external_id": "1"}))).await;
        other.order(&app, "o2", sale(json!({"external_id": "x", "phone": "+8613800001234", "phone_verified": true}))).await;
        // A guest who is known by nothing else is the same.
        other.order(&app, "o3", sale(json!({"phone": "+8613800001234", "phone_verified": true}))).await;
        // A parcel's phone tells nobody.
        other.order(&app, "o4", sale(json!({"external_id": "y", "phone": "+8613800001234"}))).await;
        assert_eq!(shop.orders(&app, &one).await, 3);
        let profile = shop.read(&app, &format!("/v1/customers/{one}/profile")).await;
        let kinds: Vec<&str> = profile.at("/identities").as_array().unwrap().iter()
            .map(|identity| identity["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "external").count(), 2, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == "phone").count(), 1, "{kinds:?}");
        let merges = shop.read(&app, &format!("/v1/customers/{one}/merges")).await;
        assert_eq!(merges.at("/data/0/reason"), "verified_phone", "{merges:?}");
        let blind = app.get(&format!("/v1/customers/{one}/merges")).bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!(blind.at("/data/0/key"), "+86138****1234");
        let blind = app.get(&format!("/v1/customers/{one}/profile")).bearer_auth(shop.blind(&app)).answer().await;
        assert!(!String::from_utf8_lossy(&blind.bytes).contains("13800001234"));
    }

    async fn a_match_that_is_undone_stays_undone(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = shop.beside(&app).await;
        let told = json!({"email": "h@example.com", "email_verified": true});
        let one = shop.tell(&app, "1", told.clone()).await;
        assert_eq!(other.tell(&app, "x", told.clone()).await, one);
        let merges = shop.read(&app, &format!("/v1/customers/{one}/merges")).await;
        let (merge, from) = (merges.at("/data/0/id").as_str().unwrap(), merges.at("/data/0/from").as_str().unwrap());
        let undone = shop.post(&app, &format!("/v1/merges/{merge}/undo"), json!({})).await;
        assert_eq!(undone.status, 200, "{undone:?}");
        assert_eq!(shop.found(&app, from).await, from);
        assert_eq!(other.tell(&app, "x", told.clone()).await, from);
        let duplicates = shop.read(&app, "/v1/customers/duplicates").await;
        assert_eq!(duplicates.at("/data"), &json!([]), "it was said that they are not the same");
        // By hand they can be one all the same.
        let merge = shop.post(&app, &format!("/v1/customers/{one}/merge"), json!({"from": from})).await;
        assert_eq!((merge.status, shop.found(&app, from).await), (201, one.clone()));
        let refused = shop.post(&app, &format!("/v1/customers/{one}/not-same"), json!({"other": from})).await;
        refused.assert_problem(409, "merged_by_hand");
    }

    async fn a_key_of_many_accounts_matches_nobody_any_more(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = shop.beside(&app).await;
        let told = json!({"phone": "+8613800001234", "phone_verified": true});
        let one = other.tell(&app, "x", told.clone()).await;
        let mut people = Vec::new();
        for number in 1..=3 {
            people.push(shop.tell(&app, &number.to_string(), told.clone()).await);
        }
        assert_eq!(people, vec![one.clone(); 3]);
        let fourth = shop.tell(&app, "4", told.clone()).await;
        assert_ne!(fourth, one);
        let mut apart = vec![one.clone(), fourth];
        for number in 1..=3 {
            apart.push(shop.tell(&app, &number.to_string(), told.clone()).await);
        }
        let before = apart.len();
        apart.sort();
        apart.dedup();
        assert_eq!(apart.len(), before, "nobody is anybody else");
        let merges = shop.read(&app, &format!("/v1/customers/{one}/merges")).await;
        assert!(merges.at("/data").as_array().unwrap().iter().all(|merge| merge["undone_because"] == "shared_key"));
    }

    async fn the_policy_decides_what_matches(app: TestApp) {
        let shop = Shop::open(&app).await;
        let token = app.token(&shop.tenant, "settings:read settings:write");
        let patch = |body: serde_json::Value| app.patch("/v1/settings").bearer_auth(&token).json(&body).answer();
        let settings = app.get("/v1/settings").bearer_auth(&token).answer().await;
        let default = json!({"match_verified_phone": true, "match_verified_email": true, "shared_after": 3});
        assert_eq!(settings.at("/identity_policy"), &default);
        let refused = patch(json!({"identity_policy": {"shared_after": 0}})).await;
        assert_eq!(refused.errors(), [("/identity_policy/shared_after".into(), "out_of_range".into())]);
        let changed = patch(json!({"identity_policy": {"match_verified_phone": false}})).await;
        assert_eq!(changed.at("/identity_policy/match_verified_phone"), false, "{changed:?}");
        let told = json!({"phone": "+8613800001234", "phone_verified": true});
        let one = shop.tell(&app, "1", told.clone()).await;
        assert_ne!(shop.beside(&app).await.tell(&app, "x", told).await, one);
    }

    async fn what_a_person_enters_while_customers_are_merged_stays_with_whom_it_was_entered(app: TestApp) {
        let shop = Shop::open(&app).await;
        let into = shop.tell(&app, "1", json!({"name": "A"})).await;
        let from = shop.tell(&app, "2", json!({"name": "B", "nick": "b"})).await;
        let merge = shop.post(&app, &format!("/v1/customers/{into}/merge"), json!({"from": from})).await;
        let patch = app.patch(&format!("/v1/customers/{from}")).bearer_auth(&shop.token).json(&json!({"name": "C"}));
        assert_eq!(patch.answer().await.text("name"), "C");
        shop.tell(&app, "2", json!({"nick": "bb"})).await;
        shop.post(&app, &format!("/v1/merges/{}/undo", merge.text("id")), json!({})).await;
        let (one, other) = (
            shop.read(&app, &format!("/v1/customers/{into}")).await,
            shop.read(&app, &format!("/v1/customers/{from}")).await,
        );
        assert_eq!((one.text("name"), one.at("/nick").is_null()), ("C".into(), true));
        assert_eq!((other.text("name"), other.text("nick")), ("B".into(), "bb".into()));
    }
}
