use crate::support::{Send, on_both};

on_both! {
    async fn pages_follow_each_other_without_gap_or_repetition(app: TestApp) {
        let tenant = app.tenant().await;
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(app.shop(&tenant, &format!("shop-{number}")).await);
        }
        let token = app.token(&tenant, "settings:read");
        let mut seen: Vec<String> = Vec::new();
        let mut path = "/v1/shops?limit=2&count=exact".to_string();
        for more in [true, true, false] {
            let answer = app.get(&path).bearer_auth(&token).answer().await;
            assert_eq!((answer.status, answer.at("has_more").as_bool()), (200, Some(more)), "{answer:?}");
            assert_eq!(answer.at("total"), 5);
            let data = answer.at("data").as_array().cloned().unwrap_or_default();
            seen.extend(data.iter().filter_map(|shop| shop["id"].as_str()).map(String::from));
            let link = answer.header("link").to_string();
            assert_eq!(link.is_empty(), !more);
            if more {
                let next = link.trim_start_matches('<').trim_end_matches(">; rel=\"next\"");
                assert!(next.contains(&answer.text("next_cursor")));
                path = next.to_string();
            } else {
                assert!(answer.at("next_cursor").is_null());
            }
        }
        assert_eq!(seen, made);
    }

    async fn without_count_there_is_no_total(app: TestApp) {
        let tenant = app.tenant().await;
        let answer = app.get("/v1/shops").bearer_auth(app.token(&tenant, "settings:read")).answer().await;
        assert!(answer.body.get("total").is_none());
        assert_eq!(answer.at("data"), &serde_json::json!([]));
    }

    async fn a_cursor_of_another_list_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        app.shop(&tenant, "a").await;
        app.shop(&tenant, "b").await;
        let token = app.token(&tenant, "settings:read");
        let page = app.get("/v1/shops?limit=1").bearer_auth(&token).answer().await;
        let cursor = page.text("next_cursor");
        for path in [format!("/v1/shops?cursor={cursor}x"), "/v1/shops?cursor=abc".into()] {
            app.get(&path).bearer_auth(&token).answer().await.assert_problem(400, "invalid_cursor");
        }
        let elsewhere = app.get(&format!("/v1/tenants?cursor={cursor}")).bearer_auth(app.admin());
        elsewhere.answer().await.assert_problem(400, "invalid_cursor");
    }

    async fn a_limit_out_of_bounds_is_refused_by_name(app: TestApp) {
        let tenant = app.tenant().await;
        for limit in ["0", "201", "-1", "many", "99999999999999999999"] {
            let request = app.get(&format!("/v1/shops?limit={limit}"));
            let answer = request.bearer_auth(app.token(&tenant, "settings:read")).answer().await;
            answer.assert_problem(422, "invalid_input");
            assert_eq!(answer.errors(), [("limit".into(), "out_of_range".into())]);
        }
    }
}
