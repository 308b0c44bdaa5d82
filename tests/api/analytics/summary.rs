use serde_json::{Value, json};

use crate::support::response::Response;
use crate::support::{Send, TestApp, TestTenant, on_both};

/// An order: external id, buyer, paid at, amount, more fields.
type Told<'t> = (&'t str, Option<&'t str>, Option<&'t str>, i64, Value);

/// A tenant in China with orders that the test tells.
struct Ledger<'a> {
    app: &'a TestApp,
    tenant: TestTenant,
    token: String,
}

impl<'a> Ledger<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "orders:read orders:write");
        Self { app, tenant, token }
    }

    async fn tell(&self, shop: &str, orders: &[Told<'_>]) {
        let items: Vec<Value> = orders
            .iter()
            .map(|(id, buyer, paid_at, amount, more)| {
                let mut item = json!({
                    "shop_id": shop, "external_id": id, "version": "2026-10-20T00:00:00Z",
                    "ordered_at": paid_at.unwrap_or("2026-10-02T04:00:00Z"), "paid_at": paid_at,
                    "total_amount": amount, "currency": "CNY",
                    "customer": buyer.map(|buyer| json!({"external_id": buyer}))
                });
                item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                item
            })
            .collect();
        let request = self.app.post("/v1/orders/batch").bearer_auth(&self.token);
        let answer = request.json(&json!({"orders": items})).answer().await;
        let results = answer.at("results").as_array().unwrap();
        assert!(results.iter().all(|result| result["status"] == "applied"), "{answer:?}");
    }

    async fn summary(&self, query: &str) -> Response {
        self.app.get(&format!("/v1/analytics/summary{query}")).bearer_auth(&self.token).answer().await
    }
}

/// Without the days, which differ by the question.
fn figures(mut answer: Response) -> Value {
    let fields = answer.body.as_object_mut().unwrap();
    fields.remove("from");
    fields.remove("to");
    answer.body
}

const EVER: &str = "?from=1900-01-01&to=2199-12-31";

on_both! {
    async fn the_figures_are_those_of_the_orders(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "a").await;
        ledger.tell(&shop, &[
            ("1", Some("ann"), Some("2026-10-01T04:00:00Z"), 10_000, json!({})),
            ("2", Some("ann"), Some("2026-10-03T04:00:00Z"), 20_000, json!({
                "refunds": [{"external_id": "r", "refunded_at": "2026-10-05T00:00:00Z", "amount": 5_000}]
            })),
            ("3", Some("bob"), Some("2026-10-02T04:00:00Z"), 7_000, json!({"refunded_amount": 7_000})),
            ("4", Some("cid"), None, 3_000, json!({"status": "closed"})),
            ("5", None, Some("2026-10-02T04:00:00Z"), 1_000, json!({})),
            ("6", Some("bob"), Some("2026-10-04T04:00:00Z"), 999, json!({"currency": "USD"})),
            ("7", None, None, 50, json!({})),
        ]).await;
        let expected = json!({
            "currency": "CNY", "customers": 3, "buyers": 2, "repeat_buyers": 2, "repurchase_rate": 1.0,
            "orders": 5, "orders_kept": 4, "gross_amount": 38_000, "refunded_amount": 12_000,
            "net_amount": 26_000, "average_order_amount": 8_667, "unpaid_orders": 2, "unconverted_orders": 1,
            "guest_orders": 1, "guest_gross_amount": 1_000, "guest_net_amount": 1_000
        });
        assert_eq!(figures(ledger.summary("").await), expected);
        assert_eq!(figures(ledger.summary(EVER).await), expected);
        assert_eq!(figures(ledger.summary(&format!("?shop_id={shop}")).await), expected);

        let two_days = ledger.summary("?from=2026-10-01&to=2026-10-02").await;
        assert_eq!((two_days.text("from"), two_days.text("to")), ("2026-10-01".into(), "2026-10-02".into()));
        assert_eq!((two_days.at("orders"), two_days.at("buyers")), (&json!(3), &json!(2)));
        assert_eq!((two_days.at("repeat_buyers"), two_days.at("repurchase_rate")), (&json!(0), &json!(0.0)));
        assert_eq!((two_days.at("unpaid_orders"), two_days.at("unconverted_orders")), (&json!(2), &json!(0)));
    }

    async fn a_shop_counts_its_own_orders_and_customers(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let (first, second) = (app.shop(&ledger.tenant, "a").await, app.shop(&ledger.tenant, "b").await);
        ledger.tell(&first, &[("1", Some("ann"), Some("2026-10-01T04:00:00Z"), 100, json!({}))]).await;
        ledger.tell(&second, &[
            ("1", Some("bob"), Some("2026-10-01T04:00:00Z"), 200, json!({})),
            ("2", Some("cid"), Some("2026-10-01T04:00:00Z"), 300, json!({})),
            ("3", None, Some("2026-10-01T04:00:00Z"), 400, json!({})),
        ]).await;
        for days in ["", "&from=2026-10-01&to=2026-10-01"] {
            let answer = ledger.summary(&format!("?shop_id={second}{days}")).await;
            assert_eq!((answer.at("customers"), answer.at("buyers")), (&json!(2), &json!(2)), "{answer:?}");
            assert_eq!((answer.at("orders"), answer.at("net_amount")), (&json!(3), &json!(900)));
        }
        let all = ledger.summary("").await;
        assert_eq!((all.at("customers"), all.at("net_amount")), (&json!(3), &json!(1_000)));
    }

    async fn days_begin_where_the_shop_is(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let settings = app.token(&ledger.tenant, "settings:write");
        let body = json!({"name": "London", "platform": "pos", "external_id": "l", "timezone": "Europe/London"});
        let made = app.post("/v1/shops").bearer_auth(settings).json(&body).answer().await;
        let london = made.text("id");
        // In Shanghai it is the 2nd already.
        ledger.tell(&london, &[("1", Some("ann"), Some("2026-10-01T20:00:00Z"), 100, json!({}))]).await;
        let by_tenant = ledger.summary("?from=2026-10-02&to=2026-10-02").await;
        assert_eq!(by_tenant.at("orders"), 1);
        let by_shop = ledger.summary(&format!("?from=2026-10-02&shop_id={london}")).await;
        assert_eq!(by_shop.at("orders"), 0);
        let by_shop = ledger.summary(&format!("?to=2026-10-01&shop_id={london}")).await;
        assert_eq!(by_shop.at("orders"), 1);
    }

    async fn without_orders_there_is_no_rate_and_no_average(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        for query in ["", EVER] {
            let answer = ledger.summary(query).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!((answer.at("orders"), answer.at("net_amount")), (&json!(0), &json!(0)));
            assert!(answer.at("repurchase_rate").is_null() && answer.at("average_order_amount").is_null());
        }
    }

    async fn impossible_days_and_other_tenants_shops_are_refused(app: TestApp) {
        let (ledger, stranger) = (Ledger::open(&app).await, app.tenant().await);
        let shop = app.shop(&stranger, "a").await;
        let errors = |place: &str, code: &str| vec![(place.to_owned(), code.to_owned())];
        let swapped = ledger.summary("?from=2026-10-02&to=2026-10-01").await;
        assert_eq!((swapped.status, swapped.errors()), (422, errors("to", "out_of_range")));
        for day in ["2026-02-30", "10000-01-01", "yesterday", "2026-10-01T00:00:00Z"] {
            let answer = ledger.summary(&format!("?from={day}")).await;
            assert_eq!((answer.status, answer.errors()), (422, errors("from", "invalid_value")), "{day}");
        }
        ledger.summary(&format!("?shop_id={shop}")).await.assert_problem(404, "not_found");
    }
}
