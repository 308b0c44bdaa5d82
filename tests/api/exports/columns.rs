use huitou::clock::{Clock, SystemClock};
use serde_json::json;

use super::{Desk, order};
use crate::support::{Send, on_both};

on_both! {
    async fn columns_are_listed_with_types_and_meanings(app: TestApp) {
        let desk = Desk::open(&app).await;
        let list = app.get("/v1/exports/columns").bearer_auth(&desk.token).answer().await;
        let columns = list.at("data").as_array().unwrap();
        let phone = columns.iter().find(|column| column["name"] == "phone").unwrap();
        assert_eq!((&phone["type"], &phone["personal"], &phone["default"]), (&json!("text"), &json!(true), &json!(true)));
        assert!(columns.iter().any(|column| column["name"] == "attributes.<key>"));
        assert!(columns.iter().all(|column| !column["description"].as_str().unwrap().is_empty()));
    }

    async fn every_column_tells_what_the_file_of_the_customer_tells(app: TestApp) {
        let desk = Desk::open(&app).await;
        let other = Desk { shop: app.shop(&desk.tenant, "b").await, tenant: desk.tenant.clone(), token: desk.token.clone() };
        let id = desk.customer(&app, "x1", json!({
            "name": "张小红", "nick": "Hong", "gender": "female", "birthday": "1990-05-17", "language": "zh-CN",
            "phone": "13800001234", "email": "hong@example.com",
            "address": {"country": "CN", "province": "浙江", "city": "杭州", "district": "西湖", "line": "文三路 1 号",
                "postcode": "310000"},
            "attributes": {"尺码": "M", "vip": true, "points": 7, "a.b": "dot"}
        })).await;
        desk.order(&app, "1", order("x1", "2026-10-01T08:30:00Z", 1_000)).await;
        desk.order(&app, "2", order("x1", "2026-10-03T20:30:00Z", 501)).await;
        let unpaid = json!({"version": "2026-10-04T00:00:00Z", "status": "created", "ordered_at": "2026-10-04T00:00:00Z",
            "total_amount": 5, "customer": {"external_id": "x1"}});
        desk.order(&app, "3", unpaid).await;
        for tag in ["vip", "Größe", "a;b"] {
            app.put(&format!("/v1/customers/{id}/tags/{tag}")).bearer_auth(&desk.token).answer().await;
        }
        let in_shop = |shop: &str, figure: &str| format!("shop.{shop}.{figure}");
        let columns = [
            "id", "name", "nick", "gender", "birthday", "language", "phone", "email", "country", "province", "city",
            "district", "address_line", "postcode", "attributes", "attributes.尺码", "attributes.vip", "attributes.points",
            "attributes.a.b", "attributes.none", "tags", "currency", "orders", "orders_kept", "unpaid_orders",
            "spent_amount", "average_order_amount", "items", "first_order_at", "last_order_at", "average_gap_days",
            "consent.sms", &format!("external_id.{}", desk.shop), &format!("external_id.{}", other.shop),
            &in_shop(&desk.shop, "spent_amount"), &in_shop(&other.shop, "orders"), &in_shop(&other.shop, "last_order_at"),
        ];
        let objects = desk.objects(&app, &columns).await;
        assert_eq!(objects, [json!({
            "id": id, "name": "张小红", "nick": "Hong", "gender": "female", "birthday": "1990-05-17", "language": "zh-CN",
            "phone": "13800001234", "email": "hong@example.com", "country": "CN", "province": "浙江", "city": "杭州",
            "district": "西湖", "address_line": "文三路 1 号", "postcode": "310000",
            "attributes": {"尺码": "M", "vip": true, "points": 7, "a.b": "dot"}, "attributes.尺码": "M",
            "attributes.vip": true, "attributes.points": 7, "attributes.a.b": "dot", "attributes.none": null,
            "tags": ["a;b", "Größe", "vip"], "currency": "CNY", "orders": 2, "orders_kept": 2, "unpaid_orders": 1,
            "spent_amount": 1_501, "average_order_amount": 750, "items": 4,
            "first_order_at": "2026-10-01T08:30:00Z", "last_order_at": "2026-10-03T20:30:00Z", "average_gap_days": 2.5,
            "consent.sms": null, (format!("external_id.{}", desk.shop)): ["x1"],
            (format!("external_id.{}", other.shop)): [],
            (in_shop(&desk.shop, "spent_amount")): 1_501, (in_shop(&other.shop, "orders")): 0,
            (in_shop(&other.shop, "last_order_at")): null,
        })]);
        let days = desk.objects(&app, &["days_since_last_order", "days_since_first_order"]).await;
        let since = |name: &str| days[0][name].as_i64().unwrap();
        // 08:30 and 20:30 UTC are 1 and 4 October in Shanghai.
        assert_eq!(since("days_since_first_order") - since("days_since_last_order"), 3);
    }

    async fn where_customers_stand_is_told_as_their_profiles_tell_it(app: TestApp) {
        let desk = Desk::open(&app).await;
        // From new over all stages to lost, with one to several orders, and one who never bought.
        for (buyer, ages) in [
            ("new", vec![3]), ("active", vec![10, 60, 200]), ("tired", vec![85, 120]), ("asleep", vec![150]), ("gone", vec![500]),
        ] {
            for days in ages {
                let at = SystemClock.now().plus_seconds(-86_400 * days).to_string();
                desk.order(&app, &format!("{buyer} {days}"), order(buyer, &at, 1_000 * days)).await;
            }
        }
        desk.customer(&app, "curious", json!({"name": "Ann"})).await;
        let columns = ["id", "stage", "days_until_dormant", "rfm_group", "rfm_r", "rfm_f", "rfm_m"];
        let rows = desk.objects(&app, &columns).await;
        let mut stages = Vec::new();
        for row in &rows {
            let path = format!("/v1/customers/{}/profile", row["id"].as_str().unwrap());
            let profile = app.get(&path).bearer_auth(&desk.token).answer().await.body;
            let score = |name: &str| profile["rfm"]["scores"][name].clone();
            let told = json!({
                "id": row["id"], "stage": profile["stage"], "days_until_dormant": profile["days_until_dormant"],
                "rfm_group": profile["rfm"]["group"], "rfm_r": score("r"), "rfm_f": score("f"), "rfm_m": score("m"),
            });
            assert_eq!(*row, told);
            stages.push(row["stage"].as_str().unwrap_or("none").to_owned());
        }
        stages.sort();
        assert_eq!(stages, ["active", "at_risk", "dormant", "lost", "new", "none"]);
    }

    async fn what_is_no_column_is_refused_with_the_nearest(app: TestApp) {
        let desk = Desk::open(&app).await;
        let answer = desk.export(&app, &json!({"columns": ["id", "spend_amount"]})).await;
        assert_eq!((answer.status, answer.errors()), (422, vec![("/columns".into(), "unknown_column".into())]));
        assert!(answer.text("/errors/0/detail").contains("`spent_amount`"), "{answer:?}");
        let answer = desk.export(&app, &json!({"format": "ndjson", "bom": true})).await;
        assert_eq!((answer.status, answer.errors()), (422, vec![("/bom".into(), "invalid_value".into())]));
        let answer = desk.export(&app, &json!({"format": "xls"})).await;
        assert_eq!((answer.status, answer.errors()), (422, vec![("/format".into(), "invalid_value".into())]));
    }
}
