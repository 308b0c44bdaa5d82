use diesel::prelude::*;
use huitou::db::schema::customers;
use huitou::ids::{CustomerId, TenantId};
use serde_json::json;

use super::{Shop, hong};
use crate::support::{Send, TestApp, on_both};

on_both! {
    async fn personal_data_is_masked_without_its_scope(app: TestApp) {
        let shop = Shop::open(&app).await;
        let path = format!("/v1/customers/{}", shop.tell(&app, "1", hong()).await);
        let plain = app.get(&path).bearer_auth(&shop.token).answer().await;
        let masked = app.get(&path).bearer_auth(shop.blind(&app)).answer().await;
        for (field, value) in [
            ("name", json!("张**")),
            ("nick", json!("R**")),
            ("gender", json!("female")),
            ("birthday", json!("1990-**-**")),
            ("phone", json!("138****1234")),
            ("email", json!("H***@example.com")),
            ("attributes", json!({"vip": true, "size": "M"})),
            ("address", json!({"country": "CN", "province": "浙江", "city": "杭州", "district": "***", "line": "***",
                "postcode": "***"})),
        ] {
            assert_eq!(masked.at(field), &value, "{field}");
        }
        assert_ne!(masked.header("etag"), plain.header("etag"));
        let known = app.get(&path).bearer_auth(&shop.token).header("if-none-match", plain.header("etag"));
        assert_eq!(known.answer().await.status, 304);
    }

    async fn what_is_not_there_or_anothers_is_not_found(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let id = shop.tell(&app, "1", hong()).await;
        for id in [id.as_str(), "cus_01h455vb4pex5vsknk084sn02q", "ord_01h455vb4pex5vsknk084sn02q", "x"] {
            for tail in ["", "/profile", "/timeline"] {
                let path = format!("/v1/customers/{id}{tail}");
                let answer = app.get(&path).bearer_auth(&stranger.token).answer().await;
                answer.assert_problem(404, "not_found");
            }
        }
    }

    async fn one_who_was_merged_answers_with_the_survivor(app: TestApp) {
        let shop = Shop::open(&app).await;
        let (old, survivor) = (shop.tell(&app, "1", json!({})).await, shop.tell(&app, "2", hong()).await);
        merge(&app, &shop, &old, &survivor);
        for tail in ["", "/profile"] {
            let read = app.get(&format!("/v1/customers/{old}{tail}")).bearer_auth(&shop.token).answer().await;
            let customer = if tail.is_empty() { &read.body } else { read.at("customer") };
            assert_eq!((&customer["id"], &customer["merged_from"]), (&json!(survivor), &json!(old)));
        }
        let patch = app.patch(&format!("/v1/customers/{old}")).bearer_auth(&shop.token).json(&json!({"nick": "N"}));
        assert_eq!(patch.answer().await.text("id"), survivor);
        let list = app.get("/v1/customers?count=exact").bearer_auth(&shop.token).answer().await;
        assert_eq!((list.at("total"), list.text("/data/0/id")), (&json!(1), survivor));
    }
}

fn merge(app: &TestApp, shop: &Shop, old: &str, survivor: &str) {
    let mut connection = app.config.database.target.connect(true).unwrap();
    let (tenant, old): (TenantId, CustomerId) = (shop.tenant.id.parse().unwrap(), old.parse().unwrap());
    let survivor: CustomerId = survivor.parse().unwrap();
    diesel::update(customers::table.filter(customers::tenant_id.eq(tenant)).filter(customers::id.eq(old)))
        .set(customers::merged_into.eq(Some(survivor)))
        .execute(&mut connection)
        .unwrap();
}
