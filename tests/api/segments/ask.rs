use serde_json::json;

use super::Market;
use crate::support::{Send, on_both};

on_both! {
    async fn a_query_counts_those_whom_it_describes(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        for (query, count) in [
            ("", 5),
            ("number_of_orders >= 2", 3),
            ("number_of_orders = 1 AND amount_spent < 50", 1),
            ("NOT number_of_orders >= 2", 2),
            ("average_order_value BETWEEN 85 AND 200", 3),
            ("average_order_value = 85", 1),
            ("amount_spent(date: -30d..today) >= 100", 2),
            ("number_of_orders(date: -30d..today) = 0", 2),
            ("number_of_orders(shop: 's') >= 2", 3),
            ("number_of_orders(platform: 'tmall') >= 1", 0),
            ("max_order_value >= 300", 2),
            ("distinct_products >= 2", 3),
            ("first_order_date < -250d", 2),
            ("last_order_date >= -7d", 2),
            ("days_since_last_order >= 120", 2),
            ("average_days_between_orders > 100", 2),
            ("stage = 'dormant'", 1),
            ("stage(shop: 's') = 'lost'", 1),
            ("stage != 'dormant'", 4),
            ("rfm_group IN ('CHAMPIONS', 'LOYAL', 'ACTIVE', 'NEW', 'PROMISING', 'NEEDS_ATTENTION', 'ALMOST_LOST',
              'PREVIOUSLY_LOYAL', 'AT_RISK', 'DORMANT')", 5),
            ("rfm_group = 'PROSPECTS'", 0),
            ("rfm_r >= 1", 5),
            ("products_purchased MATCHES (category = '女装')", 3),
            ("products_purchased MATCHES (category = '女装/羽绒服')", 3),
            ("products_purchased MATCHES (category = '女')", 0),
            ("products_purchased MATCHES (attributes.尺码 = 'XXXXL')", 4),
            ("products_purchased MATCHES (attributes.尺码 != 'XXXXL')", 4),
            ("products_purchased MATCHES (category = '女装/羽绒服', attributes.尺码 = 'XXXXL', date >= -150d)", 2),
            ("products_purchased MATCHES (sku = 'SH', count >= 1, sum_amount >= 100)", 2),
            ("products_purchased NOT MATCHES (sku = 'SH')", 2),
            ("products_purchased MATCHES (sku = 'SH', count < 1)", 2),
            ("products_purchased MATCHES (order_index = 1, sku = 'DC')", 1),
            ("orders_placed MATCHES (amount >= 300)", 2),
            ("orders_placed MATCHES (count >= 2, sum_amount > 500)", 1),
            ("orders_placed MATCHES (hour BETWEEN 0 AND 23, weekday BETWEEN 1 AND 7)", 5),
            ("event MATCHES (type = 'login')", 0),
            ("last_seen_date IS NULL", 5),
            ("city = '杭州'", 2),
            ("name = 'NAME ANN'", 1),
            ("name STARTS WITH 'name a'", 1),
            ("name CONTAINS 'o'", 2),
            ("age > 30", 0),
            ("NOT (age > 30)", 5),
            ("customer_tags NOT CONTAINS 'x'", 5),
            ("customer_tags CONTAINS 'x'", 0),
            ("reachable_by('sms')", 0),
            ("sms_subscription_status = 'NOT_SUBSCRIBED'", 5),
            ("identity_count = 1", 5),
            ("shop = 's'", 5),
            ("AT LEAST 2 OF (number_of_orders >= 2, city = '杭州', stage = 'lost')", 2),
            ("SAMPLE(100%, seed: 'x')", 5),
            ("number_of_orders >= 1 TOP 2 BY amount_spent", 2),
            ("number_of_orders >= 1 TOP 30% BY amount_spent", 2),
            ("TOP 3 BY amount_spent(date: -30d..today)", 3),
        ] {
            assert_eq!(market.count(query).await, count, "{query}");
        }
        assert!(market.count("SAMPLE(50%, seed: 'x')").await <= 5);
    }

    async fn what_is_wrong_is_told_with_its_place(app: TestApp) {
        let market = Market::open(&app).await;
        let answer = market.post("/v1/segments/parse", json!({"query": "number_of_order >= 2"})).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert_eq!(answer.at("/errors/0/span"), &json!({"start": 0, "end": 15}));
        assert!(answer.text("/errors/0/detail").contains("number_of_orders"), "{answer:?}");
        let filter = json!({"field": "number_of_order", "op": ">=", "value": 2});
        let answer = market.post("/v1/segments/parse", json!({"filter": filter})).await;
        assert!(answer.text("/errors/0/pointer").starts_with("/filter"), "{answer:?}");
        for body in [json!({}), json!({"query": "", "filter": {}})] {
            assert_eq!(market.post("/v1/segments/parse", body).await.status, 422);
        }
        let answer = market.post("/v1/segments/preview", json!({"query": "IN SEGMENT 'nobody'"})).await;
        assert_eq!(answer.text("/errors/0/code"), "unknown_segment");
        let hostile = "name = '''; DROP TABLE customers; --' OR city = '%' OR attributes.\"a'b\\\" = 'x'";
        assert!(market.post("/v1/segments/preview", json!({"query": hostile})).await.status < 500);
    }

    async fn personal_data_cannot_be_asked_without_the_right_to_see_it(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let id = market.save("Ann", "name = 'name ann'").await;
        let token = app.token(&market.tenant, "segments:read");
        for path in ["preview", "parse", "explain"] {
            let request = app.post(&format!("/v1/segments/{path}")).bearer_auth(&token);
            let answer = request.json(&json!({"query": "name = 'name ann'"})).answer().await;
            answer.assert_problem(403, "insufficient_scope");
        }
        let answer = app.get(&format!("/v1/segments/{id}/count")).bearer_auth(&token).answer().await;
        answer.assert_problem(403, "insufficient_scope");
        let masked = app.post("/v1/segments/preview").bearer_auth(&token).json(&json!({"query": ""})).answer().await;
        assert_eq!(masked.at("/sample/0/name"), "N**");
    }

    async fn an_explanation_tells_what_each_part_keeps(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let query = "number_of_orders >= 2 AND (city = '杭州' OR stage = 'dormant') AND NOT stage = 'dormant'";
        let answer = market.post("/v1/segments/explain", json!({"query": query})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!((answer.at("customers"), answer.at("count")), (&json!(5), &json!(2)));
        let shown: Vec<_> = answer.at("clauses").as_array().unwrap().iter()
            .map(|clause| json!([clause["depth"], clause["alone"], clause["remaining"]])).collect();
        assert_eq!(json!(shown), json!([
            [0, 3, 3], [0, 3, 3], [1, 2, null], [1, 1, null], [0, 4, 2], [1, 1, null]
        ]));
        assert_eq!(answer.at("/clauses/0/span"), &json!({"start": 0, "end": 21}));
    }

    async fn a_preview_tells_sums_reach_and_some_members(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let answer = market.post("/v1/segments/preview", json!({"query": "number_of_orders >= 2 AND last_order_date < -90d"})).await;
        assert_eq!((answer.at("count"), answer.at("orders"), answer.at("spent_amount")), (&json!(1), &json!(2), &json!(100_000)));
        assert_eq!(answer.at("average_order_amount"), 50_000);
        assert_eq!(answer.at("/reachable/sms"), 0);
        assert_eq!(answer.at("/sample/0/name"), "Name dora");
        assert_eq!(answer.at("/dates/0/written"), "-90d");
    }

    async fn fields_and_templates_are_told(app: TestApp) {
        let market = Market::open(&app).await;
        market.stock().await;
        let fields = market.get("/v1/segments/fields").await;
        assert!(fields.at("fields").as_array().unwrap().len() > 40);
        let templates = market.get("/v1/segments/templates").await;
        let templates = templates.at("data").as_array().unwrap();
        assert!(templates.len() >= 20);
        for template in templates {
            assert!(market.count(template["query"].as_str().unwrap()).await >= 0);
        }
    }
}
