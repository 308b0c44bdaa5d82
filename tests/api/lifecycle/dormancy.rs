//! Stock and flow beside the same told naively, order by order and day by day.

use std::collections::BTreeMap;

use huitou::clock::{Clock, SystemClock};
use huitou::time::{Day, Timestamp, time_zone};
use serde_json::json;

use super::{Ledger, Paid};
use crate::support::{Send, on_both};

const DORMANT_AFTER: i64 = 20;

/// Orders of some customers over the last 200 days, from a seed.
fn history(now: Timestamp) -> Vec<Paid> {
    let mut state = 7_u64;
    let mut draw = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    (0..250)
        .map(|_| {
            let ago = 60 + draw(200 * 24 * 60) as i64 * 60;
            let amount = 1_000 + draw(50) as i64 * 1_000;
            (format!("b{}", draw(40)), now.plus_seconds(-ago).to_string(), amount)
        })
        .collect()
}

/// For each day: who became dormant, and who came back.
fn naive(orders: &[Paid], zone: &jiff::tz::TimeZone, from: Day, to: Day) -> BTreeMap<String, (i64, i64)> {
    let mut days: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
    for (buyer, paid_at, _) in orders {
        days.entry(buyer).or_default().push(Day::of(paid_at.parse().unwrap(), zone));
    }
    (from.number()..=to.number())
        .map(|number| {
            let day = Day::numbered(number);
            let (mut asleep, mut back) = (0, 0);
            for days in days.values() {
                let last = |until: Day| days.iter().filter(|day| **day <= until).max().copied();
                asleep += i64::from(last(day).is_some_and(|last| day.days_since(last) == DORMANT_AFTER));
                let before = last(day.plus(-1)).is_some_and(|last| day.days_since(last) > DORMANT_AFTER);
                back += i64::from(before && days.contains(&day));
            }
            (day.to_string(), (asleep, back))
        })
        .collect()
}

on_both! {
    async fn flow_and_stock_are_those_that_the_days_of_the_orders_tell(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        ledger.set(json!({"at_risk_after_days": 15, "dormant_after_days": DORMANT_AFTER, "lost_after_days": 60})).await;
        // Clocks change there within the history, and days begin at another hour.
        let body = json!({
            "name": "N", "platform": "other", "external_id": "n", "timezone": "America/New_York"
        });
        let made = app.post("/v1/shops").bearer_auth(&ledger.token).json(&body).answer().await;
        let shop = made.text("id");
        let now = SystemClock.now();
        let orders = history(now);
        ledger.pay(&shop, &orders).await;
        for (query, zone) in [(String::new(), "Asia/Shanghai"), (format!("&shop_id={shop}"), "America/New_York")] {
            let zone = time_zone(zone).unwrap();
            let today = Day::of(now, &zone);
            for (from, to) in [(150, 0), (40, 10), (0, 0)] {
                let (from, to) = (today.plus(-from), today.plus(-to));
                let answer = ledger.get(&format!("/v1/analytics/dormancy?from={from}&to={to}{query}")).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let days: BTreeMap<String, (i64, i64)> = answer.at("days").as_array().unwrap().iter().map(|day| {
                    let count = |field: &str| day[field].as_i64().unwrap();
                    assert!(count("became_dormant_high_quality") <= count("became_dormant"));
                    (day["date"].as_str().unwrap().to_string(), (count("became_dormant"), count("returned")))
                }).collect();
                assert_eq!(days, naive(&orders, &zone, from, to));
            }
            let answer = ledger.get(&format!("/v1/analytics/dormancy?{}", query.trim_start_matches('&'))).await;
            let mut last: BTreeMap<&str, Day> = BTreeMap::new();
            for (buyer, paid_at, _) in &orders {
                let day = Day::of(paid_at.parse().unwrap(), &zone);
                let known = last.entry(buyer).or_insert(day);
                *known = day.max(*known);
            }
            let after = |days: i64| last.values().filter(|last| today.days_since(**last) >= days).count();
            assert_eq!(answer.at("/dormant/customers"), &json!(after(DORMANT_AFTER)));
            assert_eq!(answer.at("/lost/customers"), &json!(after(60)));
            assert_eq!(answer.at("/at_risk/customers"), &json!(after(15) - after(DORMANT_AFTER)));
            assert_eq!(answer.at("days").as_array().unwrap().len(), 30);
        }
    }

    async fn days_that_cannot_be_are_refused(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        for query in ["from=2199-01-01", "from=2026-05-02&to=2026-05-01", "from=1990-01-01&to=2000-01-01"] {
            let answer = ledger.get(&format!("/v1/analytics/dormancy?{query}")).await;
            let expected = vec![("from".to_string(), "out_of_range".to_string())];
            assert_eq!((answer.status, answer.errors()), (422, expected), "{query}");
        }
        let stranger = app.tenant().await;
        let shop = app.shop(&stranger, "s").await;
        for path in ["dormancy", "lifecycle", "rfm"] {
            let answer = ledger.get(&format!("/v1/analytics/{path}?shop_id={shop}")).await;
            answer.assert_problem(404, "not_found");
        }
    }
}
