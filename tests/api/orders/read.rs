use serde_json::json;

use super::{Shop, order};
use crate::support::{Send, on_both};

on_both! {
    async fn an_order_is_read_as_it_was_told(app: TestApp) {
        let shop = Shop::open(&app).await;
        let told = order(json!({}));
        let id = shop.tell(&app, "1", &told).await;
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        assert_eq!(read.status, 200, "{read:?}");
        assert_eq!((read.text("id"), read.text("shop_id")), (id, shop.id.clone()));
        let fields = told.as_object().unwrap();
        for (name, value) in fields {
            assert_eq!(read.at(name), value, "{name}");
        }
        assert_eq!((read.at("gross_amount"), read.at("net_amount")), (&json!(25800), &json!(25800)));
        assert_eq!((read.at("refunds"), read.at("items")), (&json!([]), &json!(1)));
        assert_eq!((read.at("unconverted"), read.at("delivered_at")), (&json!(false), &json!(null)));
        assert!(read.text("customer_id").starts_with("cus_"));
    }

    async fn refunds_are_told_with_what_follows_from_a_total(app: TestApp) {
        let shop = Shop::open(&app).await;
        let told = json!({
            "refunds": [{"external_id": "r1", "refunded_at": "2026-11-13T00:00:00Z", "amount": 5000}],
            "refunded_amount": 7000
        });
        let id = shop.tell(&app, "1", &order(told)).await;
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        let refunds = read.at("refunds").as_array().unwrap();
        assert_eq!(refunds.len(), 2, "{read:?}");
        assert_eq!((&refunds[0]["amount"], &refunds[0]["derived"]), (&json!(2000), &json!(true)));
        assert_eq!((&refunds[1]["external_id"], &refunds[1]["derived"]), (&json!("r1"), &json!(false)));
        assert_eq!((read.at("refunded_amount"), read.at("net_amount")), (&json!(7000), &json!(18800)));
    }

    async fn an_order_is_worth_nothing_at_the_least(app: TestApp) {
        let shop = Shop::open(&app).await;
        for (id, told) in [("1", json!({})), ("2", json!({"currency": "USD", "exchange_rate": "7.1"}))] {
            let mut told = order(told);
            told["refunded_amount"] = json!(30_000);
            let id = shop.tell(&app, id, &told).await;
            let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
            assert_eq!((read.at("refunded_amount"), read.at("net_amount")), (&json!(30_000), &json!(0)));
        }
    }

    async fn an_order_in_another_currency_is_converted_or_flagged(app: TestApp) {
        let shop = Shop::open(&app).await;
        let rated = order(json!({"currency": "USD", "exchange_rate": "7.1"}));
        let id = shop.tell(&app, "1", &rated).await;
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        assert_eq!((read.at("gross_amount"), read.at("unconverted")), (&json!(183_180), &json!(false)));
        let id = shop.tell(&app, "2", &order(json!({"currency": "USD"}))).await;
        let read = app.get(&format!("/v1/orders/{id}")).bearer_auth(&shop.token).answer().await;
        assert_eq!((read.at("gross_amount"), read.at("unconverted")), (&json!(null), &json!(true)));
    }

    async fn the_buyer_and_the_note_are_masked_without_the_scope(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "1", &order(json!({}))).await;
        let path = format!("/v1/orders/{id}");
        let plain = app.get(&path).bearer_auth(&shop.token).answer().await;
        let token = app.token(&shop.tenant, "orders:read");
        let masked = app.get(&path).bearer_auth(&token).answer().await;
        assert_eq!(masked.at("customer"), &json!({
            "external_id": "ouid-123", "name": "小**", "phone": "138****1234", "email": "x***@example.com",
            "address": {"country": "CN", "province": "浙江", "city": "杭州", "line": "***"}
        }));
        assert_eq!(masked.text("note"), "***");
        assert_ne!(masked.header("etag"), plain.header("etag"));
        let list = app.get("/v1/orders").bearer_auth(&token).answer().await;
        assert_eq!(list.at("/data/0"), &masked.body);
    }

    async fn what_was_shown_masked_wipes_nothing_out_when_it_is_sent_again(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "1", &order(json!({}))).await;
        let path = format!("/v1/orders/{id}");
        let plain = app.get(&path).bearer_auth(&shop.token).answer().await;
        let token = app.token(&shop.tenant, "orders:read");
        let masked = app.get(&path).bearer_auth(&token).answer().await;
        let again = json!({
            "version": "2026-11-12T00:00:00Z", "customer": masked.at("customer"), "note": masked.at("note")
        });
        shop.tell(&app, "1", &again).await;
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!((read.at("customer"), read.at("note")), (plain.at("customer"), plain.at("note")));
        let name = json!({"version": "2026-11-13T00:00:00Z", "customer": {"name": "小5", "phone": "138****1234"}});
        shop.tell(&app, "1", &name).await;
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        let known = (read.text("/customer/name"), read.text("/customer/phone"), read.text("/customer/address/line"));
        assert_eq!(known, ("小5".into(), "13800001234".into(), "文三路 1 号".into()));
    }

    async fn what_a_caller_has_already_is_not_sent_again(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "1", &order(json!({}))).await;
        let path = format!("/v1/orders/{id}");
        let read = app.get(&path).bearer_auth(&shop.token).answer().await;
        let again = app.get(&path).bearer_auth(&shop.token).header("if-none-match", read.header("etag"));
        assert_eq!(again.answer().await.status, 304);
        shop.tell(&app, "1", &json!({"version": "2026-11-12T00:00:00Z", "status": "shipped"})).await;
        let again = app.get(&path).bearer_auth(&shop.token).header("if-none-match", read.header("etag"));
        assert_eq!(again.answer().await.text("status"), "shipped");
    }

    async fn another_tenants_order_is_not_found(app: TestApp) {
        let (shop, stranger) = (Shop::open(&app).await, Shop::open(&app).await);
        let id = shop.tell(&app, "1", &order(json!({}))).await;
        let path = format!("/v1/orders/{id}");
        app.get(&path).bearer_auth(&stranger.token).answer().await.assert_problem(404, "not_found");
        let unknown = app.get("/v1/orders/ord_01jd7zk3v8e4qbm2n5r9x6t0wy").bearer_auth(&shop.token);
        unknown.answer().await.assert_problem(404, "not_found");
    }
}
