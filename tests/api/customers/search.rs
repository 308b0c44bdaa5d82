use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

async fn found(app: &TestApp, shop: &Shop, text: &str) -> Vec<String> {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("/v1/customers?q={encoded}&sort=created_at&limit=200");
    let answer = app.get(&path).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 200, "{text}: {answer:?}");
    let text = |customer: &Value| customer["attributes"]["is"].as_str().unwrap_or_default().to_owned();
    answer.at("data").as_array().unwrap().iter().map(text).collect()
}

on_both! {
    async fn people_are_found_by_what_one_knows_of_them(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (id, body) in [
            ("ouid-1", json!({"attributes": {"is": "a"}, "name": "张小红", "phone": "+8613800001234"})),
            ("ouid-2", json!({"attributes": {"is": "b"}, "nick": "张三", "email": "Zhang.San@example.com"})),
            ("1234", json!({"attributes": {"is": "c"}, "name": "Zhang Wei", "phone": "13955551234"})),
            ("x_y%", json!({"attributes": {"is": "d"}, "name": "100% Cotton_", "phone": "020 7946 0018",
                "address": {"country": "GB"}})),
        ] {
            shop.tell(&app, id, body).await;
        }
        for (text, expected) in [
            ("张", vec!["a", "b"]),
            ("张小", vec!["a"]),
            ("小红", vec![]),
            ("ZHANG", vec!["b", "c"]),
            (" zhang w", vec!["c"]),
            ("zhang.san@", vec!["b"]),
            ("1234", vec!["a", "c"]),
            ("234", vec![]),
            ("138 0000 1234", vec!["a"]),
            ("+86 138-0000-1234", vec!["a"]),
            ("+44 20 7946 0018", vec!["d"]),
            ("0018", vec!["d"]),
            ("ouid-2", vec!["b"]),
            ("ouid", vec![]),
            ("100%", vec!["d"]),
            ("%", vec![]),
            ("x_y%", vec!["d"]),
        ] {
            assert_eq!(found(&app, &shop, text).await, expected, "{text}");
        }
        let stranger = Shop::open(&app).await;
        assert_eq!(found(&app, &stranger, "1234").await, Vec::<String>::new());
    }

    async fn a_search_that_finds_many_is_walked_to_its_end(app: TestApp) {
        let shop = Shop::open(&app).await;
        let item = |number: usize| {
            let shared = if number.is_multiple_of(2) { json!("王") } else { json!(null) };
            json!({"shop_id": shop.id, "external_id": number.to_string(), "name": shared, "nick": format!("王{number}")})
        };
        for start in [0, 1_000] {
            let body = json!({"customers": (start..start + 1_000).map(item).collect::<Vec<_>>()});
            let answer = app.post("/v1/customers/batch").bearer_auth(&shop.token).json(&body).answer().await;
            assert_eq!(answer.status, 200);
        }
        for (filter, expected) in [("q=%E7%8E%8B".to_string(), 2_000), (format!("q=%E7%8E%8B1&shop_id={}", shop.id), 1_111),
            (format!("shop_id={}", shop.id), 2_000), ("q=%E7%8E%8B19".into(), 111)]
        {
            let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
            loop {
                let path = format!("/v1/customers?limit=200&count=exact&{filter}{cursor}");
                let answer = app.get(&path).bearer_auth(&shop.token).answer().await;
                assert_eq!(answer.at("total"), expected, "{filter}");
                seen.extend(answer.at("data").as_array().unwrap().iter().map(|customer| customer["id"].to_string()));
                if !answer.at("has_more").as_bool().unwrap() {
                    break;
                }
                cursor = format!("&cursor={}", answer.text("next_cursor"));
            }
            assert_eq!(seen.len(), expected, "{filter}");
        }
    }
}
