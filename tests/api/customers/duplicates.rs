use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, on_both};

/// Reasons, strength and size of each group.
fn shapes(data: &Value) -> Vec<(Vec<&str>, &str, usize)> {
    let mut shapes = Vec::new();
    for group in data.as_array().unwrap() {
        let reasons = group["reasons"].as_array().unwrap().iter();
        shapes.push((
            reasons.map(|reason| reason.as_str().unwrap()).collect(),
            group["strength"].as_str().unwrap(),
            group["customers"].as_array().unwrap().len(),
        ));
    }
    shapes
}

on_both! {
    async fn customers_with_something_in_common_are_shown_with_what_it_is(app: TestApp) {
        let shop = Shop::open(&app).await;
        let tell = async |id: &str, document: Value| shop.tell(&app, id, document).await;
        tell("1", json!({"name": "A", "phone": "13800001234"})).await;
        tell("2", json!({"name": "a ", "phone": "138 0000 1234"})).await;
        tell("3", json!({"email": "x@example.com"})).await;
        tell("4", json!({"email": "X@example.com"})).await;
        tell("5", json!({"name": "张伟", "birthday": "1990-05-17"})).await;
        tell("6", json!({"name": "张伟", "birthday": "1990-05-17"})).await;
        tell("7", json!({"name": "张伟", "birthday": "1991-05-17"})).await;
        let read = app.get("/v1/customers/duplicates").bearer_auth(&shop.token).answer().await;
        assert_eq!(shapes(read.at("/data")), [
            (vec!["same_phone", "same_name"], "strong", 2),
            (vec!["same_email"], "medium", 2),
            (vec!["same_name", "same_birthday"], "medium", 2),
        ], "{read:?}");
        let mut found = 0;
        let mut path = "/v1/customers/duplicates?limit=1".to_owned();
        loop {
            let page = app.get(&path).bearer_auth(&shop.token).answer().await;
            assert!(page.at("/data").as_array().unwrap().len() <= 1);
            found += page.at("/data").as_array().unwrap().len();
            let Some(cursor) = page.at("/next_cursor").as_str() else { break };
            path = format!("/v1/customers/duplicates?limit=1&cursor={cursor}");
        }
        assert_eq!(found, 3);
    }

    async fn those_who_are_not_the_same_or_were_merged_are_left_out(app: TestApp) {
        let shop = Shop::open(&app).await;
        let mut people = Vec::new();
        for number in 0..4 {
            let phone = if number < 2 { "13800001234" } else { "13800005678" };
            people.push(shop.tell(&app, &number.to_string(), json!({ "phone": phone })).await);
        }
        let post = |path: String, body: Value| app.post(&path).bearer_auth(&shop.token).json(&body).answer();
        let said = post(format!("/v1/customers/{}/not-same", people[0]), json!({"other": people[1]})).await;
        assert_eq!(said.status, 200, "{said:?}");
        post(format!("/v1/customers/{}/merge", people[2]), json!({"from": people[3]})).await;
        let read = app.get("/v1/customers/duplicates").bearer_auth(&shop.token).answer().await;
        assert_eq!(read.at("/data"), &json!([]), "{read:?}");
    }

    async fn whom_groups_would_tell_too_much_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        let read = app.get("/v1/customers/duplicates").bearer_auth(shop.blind(&app)).answer().await;
        read.assert_problem(403, "insufficient_scope");
    }

    async fn few_duplicates_among_many_are_all_found_a_stretch_at_a_time(app: TestApp) {
        let shop = Shop::open(&app).await;
        // More than a stretch of phones of their own, all of people who are called alike.
        let many = (0..5_400).map(|number| json!({"name": "王伟", "phone": format!("+861390000{number:04}")}));
        let others = [
            json!({"name": "a", "phone": "+8613800000000"}), json!({"name": "b", "phone": "+8613800000000"}),
            json!({"name": "c", "phone": "+8613899999999"}), json!({"name": "d", "phone": "+8613899999999"}),
            json!({"email": "x@example.com"}), json!({"email": "x@example.com"}),
            json!({"name": "阿", "birthday": "1990-05-17"}), json!({"name": "阿", "birthday": "1990-05-17"}),
            json!({"name": "龙", "birthday": "1990-05-17"}), json!({"name": "龙", "birthday": "1990-05-17"}),
        ];
        let mut customers: Vec<Value> = many.chain(others).collect();
        for (number, customer) in customers.iter_mut().enumerate() {
            customer["shop_id"] = json!(shop.id);
            customer["external_id"] = json!(number.to_string());
        }
        for customers in customers.chunks(1_000) {
            let body = json!({"customers": customers});
            let answer = app.post("/v1/customers/batch").bearer_auth(&shop.token).json(&body).answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        for limit in [1, 50] {
            let (mut found, mut path) = (Vec::new(), format!("/v1/customers/duplicates?limit={limit}"));
            loop {
                let page = app.get(&path).bearer_auth(&shop.token).answer().await;
                found.extend(shapes(page.at("/data")).into_iter().map(|(reasons, ..)| reasons.join(" ")));
                let Some(cursor) = page.at("/next_cursor").as_str() else { break };
                path = format!("/v1/customers/duplicates?limit={limit}&cursor={cursor}");
            }
            let named = "same_name same_birthday";
            assert_eq!(found, ["same_phone", "same_phone", "same_email", named, named], "limit {limit}");
        }
    }
}
