use serde_json::{Value, json};

use super::{Shop, hong};
use crate::support::{Send, on_both};

fn order(day: u32, total: i64, more: Value) -> Value {
    let mut document = json!({
        "version": format!("2026-10-{day:02}T09:00:00Z"), "status": "paid",
        "ordered_at": format!("2026-10-{day:02}T08:00:00Z"), "paid_at": format!("2026-10-{day:02}T08:30:00Z"),
        "total_amount": total,
        "customer": {"external_id": "ouid-1", "name": "收件人", "phone": "13911112222",
            "address": {"city": "杭州", "line": "文三路"}},
        "lines": [{"sku": "S", "quantity": 2, "total_amount": total}]
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

on_both! {
    async fn the_file_is_on_one_page(app: TestApp) {
        let shop = Shop::open(&app).await;
        let till = Shop { id: app.shop(&shop.tenant, "b").await, tenant: shop.tenant.clone(), token: shop.token.clone() };
        let id = shop.tell(&app, "ouid-1", hong()).await;
        for day in 1..=11 {
            shop.order(&app, &day.to_string(), order(day, 1_000, json!({}))).await;
        }
        let refund = json!({"status": "partially_refunded",
            "refunds": [{"external_id": "r1", "refunded_at": "2026-10-13T00:00:00Z", "amount": 300}]});
        shop.order(&app, "12", order(12, 1_000, refund)).await;
        shop.order(&app, "13", order(13, 500, json!({"status": "closed", "paid_at": null}))).await;
        till.order(&app, "t1", order(12, 800, json!({}))).await;

        let path = format!("/v1/customers/{id}/profile");
        let profile = app.get(&path).bearer_auth(&shop.token).answer().await;
        assert_eq!(profile.status, 200, "{profile:?}");
        assert_eq!(profile.text("/customer/name"), "张小红");
        assert_eq!(profile.at("facts"), &json!({
            "orders": 12, "orders_kept": 12, "spent_amount": 11_700, "gross_amount": 12_000, "refunded_amount": 300,
            "average_order_amount": 975, "items": 24, "unpaid_orders": 1,
            "first_order_at": "2026-10-01T08:30:00Z", "last_order_at": "2026-10-12T08:30:00Z",
            "average_gap_days": 1.0, "currency": "CNY"
        }));
        let by_shop = profile.at("facts_by_shop").as_array().unwrap();
        assert_eq!((by_shop.len(), &by_shop[0]["shop_id"], &by_shop[0]["orders"]), (1, &json!(shop.id), &json!(12)));
        let orders = profile.at("recent_orders").as_array().unwrap();
        assert_eq!((orders.len(), &orders[0]["external_id"], &orders[0]["status"]), (10, &json!("13"), &json!("closed")));
        assert_eq!((&orders[1]["refunds"][0]["amount"], &orders[1]["lines"][0]["sku"]), (&json!(300), &json!("S")));

        let masked = app.get(&path).bearer_auth(shop.blind(&app)).answer().await;
        let text = masked.body.to_string();
        for personal in ["小红", "13800001234", "Hong@", "文三路", "收件人", "13911112222", "05-17"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }

    async fn every_shop_adds_up_by_itself(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "ouid-1", json!({})).await;
        shop.order(&app, "1", order(1, 1_000, json!({}))).await;
        let foreign = order(2, 900, json!({"currency": "USD"}));
        shop.order(&app, "2", foreign).await;
        let profile = app.get(&format!("/v1/customers/{id}/profile")).bearer_auth(&shop.token).answer().await;
        let facts = profile.at("facts");
        assert_eq!((&facts["orders_kept"], &facts["orders_unconverted"]), (&json!(2), &json!(1)));
        assert_eq!(facts["average_order_amount"], 1_000, "what is in no sum is in no average");
        assert_eq!(facts["average_gap_days"], 1.0);
    }
}
