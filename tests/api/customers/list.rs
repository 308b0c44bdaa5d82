use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// The names of the customers under a query, in their order.
async fn names(app: &TestApp, shop: &Shop, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/v1/customers{query}")).bearer_auth(&shop.token).answer().await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let text = |customer: &Value| customer["name"].as_str().unwrap_or("-").to_owned();
    answer.at("data").as_array().unwrap().iter().map(text).collect()
}

/// The same, walked through page by page.
async fn walked(app: &TestApp, shop: &Shop, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/customers?limit=2{query}{cursor}");
        let answer = app.get(&path).bearer_auth(&shop.token).answer().await;
        let text = |customer: &Value| customer["name"].as_str().unwrap_or("-").to_owned();
        all.extend(answer.at("data").as_array().unwrap().iter().map(text));
        if !answer.at("has_more").as_bool().unwrap() {
            return all;
        }
        cursor = format!("&cursor={}", answer.text("next_cursor"));
    }
}

/// The cursor with another place in the list.
fn forged(cursor: &str, after: &Value) -> String {
    let mut document: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    document["after"] = after.clone();
    URL_SAFE_NO_PAD.encode(document.to_string())
}

on_both! {
    async fn every_order_of_the_list_is_walked_in_pages(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (id, body) in [
            ("1", json!({"name": "c"})), ("2", json!({})), ("3", json!({"name": "a"})), ("4", json!({"name": "b"})),
            ("5", json!({"name": "a"})), ("6", json!({"nick": "nameless"})),
        ] {
            shop.tell(&app, id, body).await;
        }
        shop.tell(&app, "1", json!({"nick": "changed"})).await;
        for (sort, expected) in [
            ("", ["-", "a", "b", "a", "-", "c"]),
            ("&sort=created_at", ["c", "-", "a", "b", "a", "-"]),
            ("&sort=-updated_at", ["c", "-", "a", "b", "a", "-"]),
            ("&sort=updated_at", ["-", "a", "b", "a", "-", "c"]),
            ("&sort=name", ["a", "a", "b", "c", "-", "-"]),
            ("&sort=-name", ["c", "b", "a", "a", "-", "-"]),
        ] {
            assert_eq!(walked(&app, &shop, sort).await, expected, "{sort}");
        }
    }

    async fn filters_leave_those_who_fit(app: TestApp) {
        let shop = Shop::open(&app).await;
        let other = Shop { id: app.shop(&shop.tenant, "b").await, tenant: shop.tenant.clone(), token: shop.token.clone() };
        shop.tell(&app, "1", json!({"name": "a", "phone": "13800001234", "email": "A@example.com"})).await;
        shop.tell(&app, "2", json!({"name": "b", "phone": "+86 138 0000 5678"})).await;
        other.tell(&app, "1", json!({"name": "c", "address": {"country": "GB"}, "phone": "020 7946 0018"})).await;
        assert_eq!(names(&app, &shop, &format!("?shop_id={}", shop.id)).await, ["b", "a"]);
        assert_eq!(names(&app, &shop, &format!("?shop_id={}", other.id)).await, ["c"]);
        assert_eq!(names(&app, &shop, "?external_id=1").await, ["c", "a"]);
        assert_eq!(names(&app, &shop, &format!("?external_id=1&shop_id={}", other.id)).await, ["c"]);
        assert_eq!(names(&app, &shop, "?phone=%2B8613800001234").await, ["a"]);
        assert_eq!(names(&app, &shop, "?phone=138-0000-1234").await, ["a"]);
        assert_eq!(names(&app, &shop, "?phone=%2B86-13800005678").await, ["b"]);
        assert_eq!(names(&app, &shop, "?phone=1234").await, Vec::<String>::new());
        assert_eq!(names(&app, &shop, "?phone=%2B44%2020%207946%200018").await, ["c"]);
        assert_eq!(names(&app, &shop, "?email=a@EXAMPLE.com").await, ["a"]);
        assert_eq!(names(&app, &shop, "?email=a").await, Vec::<String>::new());

        let second = app.get("/v1/customers?q=b").bearer_auth(&shop.token).answer().await;
        let (made, changed) = (second.text("/data/0/created_at"), second.text("/data/0/updated_at"));
        assert_eq!(names(&app, &shop, &format!("?created_after={made}")).await, ["c", "b"]);
        assert_eq!(names(&app, &shop, &format!("?created_before={made}")).await, ["a"]);
        assert_eq!(names(&app, &shop, &format!("?updated_after={changed}&sort=updated_at")).await, ["b", "c"]);
        assert_eq!(names(&app, &shop, &format!("?updated_before={changed}")).await, ["a"]);
        let counted = app.get("/v1/customers?external_id=1&count=exact&limit=1").bearer_auth(&shop.token).answer().await;
        assert_eq!((counted.at("total"), counted.at("has_more")), (&json!(2), &json!(true)));
    }

    async fn what_goes_by_personal_data_needs_its_scope(app: TestApp) {
        let shop = Shop::open(&app).await;
        let token = shop.blind(&app);
        for query in ["q=a", "phone=13800001234", "email=a@b.c", "sort=name", "sort=-name", "q="] {
            let answer = app.get(&format!("/v1/customers?{query}")).bearer_auth(&token).answer().await;
            answer.assert_problem(403, "insufficient_scope");
        }
        let answer = app.get("/v1/customers?external_id=1&sort=-updated_at").bearer_auth(&token).answer().await;
        assert_eq!(answer.status, 200);
    }

    async fn a_cursor_made_up_for_another_order_tells_no_names(app: TestApp) {
        let shop = Shop::open(&app).await;
        shop.tell(&app, "1", json!({"name": "a"})).await;
        let id = shop.tell(&app, "2", json!({"name": "b"})).await;
        let at = "2026-11-11T00:00:00Z";
        let (by_id, updated, name) = (json!({"Id": id}), json!({"Updated": [at, id]}), json!({"Name": ["a", id]}));
        let nameless = json!({"Name": [null, id]});
        for (sort, own, others) in [
            ("", [&by_id, &by_id], [&updated, &name, &nameless]),
            ("&sort=created_at", [&by_id, &by_id], [&updated, &name, &nameless]),
            ("&sort=updated_at", [&updated, &updated], [&by_id, &name, &nameless]),
            ("&sort=-updated_at", [&updated, &updated], [&by_id, &name, &nameless]),
            ("&sort=name", [&name, &nameless], [&by_id, &updated, &updated]),
            ("&sort=-name", [&name, &nameless], [&by_id, &updated, &updated]),
        ] {
            let path = format!("/v1/customers?limit=1{sort}");
            let first = app.get(&path).bearer_auth(&shop.token).answer().await;
            let send = async |after: &Value| {
                let cursor = forged(&first.text("next_cursor"), after);
                app.get(&format!("{path}&cursor={cursor}")).bearer_auth(&shop.token).answer().await
            };
            for after in own {
                assert_eq!(send(after).await.status, 200, "{sort} {after}");
            }
            for after in others {
                send(after).await.assert_problem(400, "invalid_cursor");
            }
        }
    }

    async fn a_cursor_with_a_nul_character_is_refused(app: TestApp) {
        let shop = Shop::open(&app).await;
        shop.tell(&app, "1", json!({"name": "a"})).await;
        let id = shop.tell(&app, "2", json!({"name": "b"})).await;
        let path = "/v1/customers?limit=1&sort=name";
        let first = app.get(path).bearer_auth(&shop.token).answer().await;
        let cursor = forged(&first.text("next_cursor"), &json!({"Name": ["a\u{0}", id]}));
        let answer = app.get(&format!("{path}&cursor={cursor}")).bearer_auth(&shop.token).answer().await;
        answer.assert_problem(400, "invalid_cursor");
    }

    async fn parameters_that_make_no_sense_are_told_by_name(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (query, name, code) in [
            ("segment_id=x", "segment_id", "unknown_parameter"),
            ("sort=phone", "sort", "invalid_value"),
            ("q=%20", "q", "empty"),
            ("phone=none", "phone", "empty"),
            ("email=", "email", "empty"),
            ("shop_id=cus_1", "shop_id", "invalid_value"),
            ("created_after=yesterday", "created_after", "invalid_value"),
        ] {
            let answer = app.get(&format!("/v1/customers?{query}")).bearer_auth(&shop.token).answer().await;
            assert_eq!((answer.status, answer.errors()), (422, vec![(name.into(), code.into())]), "{query}");
        }
    }

    async fn a_list_shows_the_tenants_own_alone_and_masks_them(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        shop.tell(&app, "1", json!({"name": "张小红"})).await;
        assert_eq!(names(&app, &stranger, "").await, Vec::<String>::new());
        assert_eq!(names(&app, &stranger, "?external_id=1").await, Vec::<String>::new());
        let masked = app.get("/v1/customers").bearer_auth(shop.blind(&app)).answer().await;
        assert_eq!(masked.text("/data/0/name"), "张**");
    }
}
