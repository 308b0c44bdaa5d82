//! Who is to be contacted, as a list and as a file.

use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// A running campaign for twelve customers, of whom nine are to be contacted.
async fn running(app: &TestApp, shop: &Shop) -> String {
    let id = shop.campaign(app, json!({
        "audience": null,
        "variants": [{"key": "a", "weight": 100, "text": "{name|朋友}，\"{last_product|羽绒服}\"上新, 回T退订"}],
    })).await;
    let arms: Vec<_> =
        (0..12).map(|customer| (customer, if customer < 9 { "a" } else { "holdout" })).collect();
    shop.assign(app, &id, &arms).await;
    shop.launch(app, &id, json!({})).await;
    id
}

async fn file(app: &TestApp, token: &str, path: &str) -> (reqwest::header::HeaderMap, String) {
    let answer = app.get(path).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    (answer.headers().clone(), answer.text().await.expect("a whole body"))
}

on_both! {
    async fn the_file_has_who_is_on_the_list(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let line = json!([{"external_id": "1", "title": "=Scarf, \"red\"", "quantity": 1, "total_amount": 900}]);
        let own = json!({"lines": line, "customer": {"external_id": "c1", "name": "李雷"}});
        shop.order(&app, "o1", 1, "2026-01-01T00:00:00Z", 900, own).await;
        let id = running(&app, &shop).await;
        let told = json!({"touches": [{"external_id": "m1", "customer_id": shop.customers[0], "channel": "sms",
            "outcome": "sent", "occurred_at": huitou::clock::Clock::now(&huitou::clock::SystemClock).to_string()}]});
        shop.post(&app, &format!("/v1/campaigns/{id}/touches"), told).await;
        let token = app.token(&shop.tenant, "campaigns:read pii:read");
        let page = app.get(&format!("/v1/campaigns/{id}/worklist?channel=sms&limit=200")).bearer_auth(&token).answer().await;
        let listed = page.at("data").as_array().unwrap().clone();
        assert_eq!(listed.len(), 8, "who was contacted is off it, and so are the left out");

        let path = format!("/v1/campaigns/{id}/worklist/file?channel=sms");
        let (headers, text) = file(&app, &token, &format!("{path}&format=ndjson")).await;
        assert_eq!(headers["content-type"], "application/x-ndjson");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, listed);

        let (headers, text) = file(&app, &token, &path).await;
        let disposition = headers["content-disposition"].to_str().unwrap();
        assert_eq!(disposition, format!("attachment; filename=\"{id}-sms.csv\""));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<std::collections::BTreeMap<String, String>> = reader.deserialize().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), 8);
        for (row, task) in rows.iter().zip(&listed) {
            for name in ["customer_id", "arm", "name", "text"] {
                assert_eq!(row[name], task[name].as_str().unwrap_or_default(), "{name}");
            }
            assert_eq!(row["units"], task["units"].to_string());
        }
        let buyer = rows.iter().find(|row| row["customer_id"] == shop.customers[1]).unwrap();
        assert_eq!(buyer["text"], "李雷，\"=Scarf, \"red\"\"上新, 回T退订");
        assert_eq!((buyer["last_purchases"].as_str(), buyer["orders"].as_str()), ("=Scarf, \"red\"", "1"));
        assert_eq!(buyer["last_order_at"], "2026-01-01T00:00:00Z");

        let (_, masked) = file(&app, &app.token(&shop.tenant, "campaigns:read"), &format!("{path}&bom=true&excel_safe=true")).await;
        assert!(masked.starts_with("\u{feff}customer_id,arm,name") && !masked.contains("李雷"), "{masked}");
        assert!(masked.contains("\"'=Scarf, \"\"red\"\"\""), "{masked}");
    }

    async fn what_cannot_be_had_is_refused_before_the_first_byte(app: TestApp) {
        let shop = Shop::with_customers(&app, 12).await;
        let draft = shop.campaign(&app, json!({})).await;
        let get = async |path: String| app.get(&path).bearer_auth(&shop.token).answer().await;
        get(format!("/v1/campaigns/{draft}/worklist/file?channel=sms")).await.assert_problem(409, "not_running");
        let id = running(&app, &shop).await;
        for (query, code) in [
            ("channel=email", "not_a_channel"),
            ("channel=sms&format=ndjson&bom=true", "invalid_value"),
        ] {
            let answer = get(format!("/v1/campaigns/{id}/worklist/file?{query}")).await;
            assert_eq!((answer.status, answer.at("/errors/0/code")), (422, &json!(code)), "{answer:?}");
        }
    }
}
