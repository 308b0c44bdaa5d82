//! Orders from many callers at once, and a book of what was acknowledged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::service::Shop;

const CALLERS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);
/// The amount that an order is told with first.
const FIRST: i64 = 1_000;

/// The newest acknowledged amount of each order. An order's amounts grow, so a stored one that is lower was lost.
pub type Acknowledged = BTreeMap<String, i64>;

/// When the callers stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// At the first request without an answer, or when told.
    AtBrokenConnection,
    /// Not before they are told.
    WhenTold,
}

/// What the callers saw.
#[derive(Debug, Default)]
pub struct Report {
    pub acknowledged: Acknowledged,
    /// Acknowledged requests, repeated ones included.
    pub answers: usize,
    /// Answers that said "come again".
    pub unavailable: usize,
    /// Requests without an answer.
    pub broken: usize,
    /// Orders whose first telling was acknowledged and that were unknown when they were told again.
    pub forgotten: Vec<String>,
    stopped: bool,
}

/// Callers at work.
pub struct Load {
    report: Arc<Mutex<Report>>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Sets callers to work, each on orders of its own, whose names start with `prefix`.
    pub fn start(shop: &Shop, prefix: &str, stop: Stop) -> Self {
        let report = Arc::new(Mutex::new(Report::default()));
        let callers = (0..CALLERS)
            .map(|number| {
                let caller = Caller {
                    shop: shop.clone(),
                    prefix: format!("{prefix}-{number}"),
                    stop,
                    report: Arc::clone(&report),
                };
                std::thread::spawn(move || caller.work())
            })
            .collect();
        Self { report, callers }
    }

    /// Waits for so many more acknowledged requests.
    pub fn wait_for_acknowledged(&self, more: usize) {
        let goal = self.report().answers + more;
        self.wait_until(|report| report.answers >= goal, "orders are acknowledged");
    }

    pub fn wait_for_unavailable(&self) {
        self.wait_until(|report| report.unavailable > 0, "requests are told to come again");
    }

    /// How many requests were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.report().answers
    }

    fn wait_until(&self, reached: impl Fn(&Report) -> bool, goal: &str) {
        let begun = Instant::now();
        while !reached(&self.report()) {
            let working = self.callers.iter().any(|caller| !caller.is_finished());
            assert!(working && begun.elapsed() < PATIENCE, "waited for nothing until {goal}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the callers to stop after their requests, and answers what they saw.
    pub fn finish(self) -> Report {
        self.report().stopped = true;
        for caller in self.callers {
            caller.join().expect("every answer was 2xx or a proper 503");
        }
        let report = std::mem::take(&mut *self.report.lock().unwrap_or_else(PoisonError::into_inner));
        assert_eq!(report.forgotten, [""; 0], "acknowledged, and new when told again");
        report
    }
}

struct Caller {
    shop: Shop,
    prefix: String,
    stop: Stop,
    report: Arc<Mutex<Report>>,
}

impl Caller {
    /// Each order comes twice, so that one of which the first telling was lost is noticed even where the second makes
    /// it anew.
    fn work(&self) {
        for number in 0.. {
            let name = format!("{}-{number}", self.prefix);
            for amount in [FIRST, FIRST + 1] {
                if !self.tell(&name, amount) {
                    return;
                }
            }
        }
    }

    /// Sends an order until it is acknowledged. `false` when it is time to stop.
    fn tell(&self, name: &str, amount: i64) -> bool {
        loop {
            let answer = self.shop.put_order(name, &order(name, amount));
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    report.answers += 1;
                    if amount > FIRST && answer.status() == 201 {
                        report.forgotten.push(name.into());
                    }
                    report.acknowledged.insert(name.into(), amount);
                    return !report.stopped;
                }
                Ok(answer) => {
                    report.unavailable += 1;
                    let (status, retry) = (answer.status(), answer.headers().get("retry-after").cloned());
                    let proper = status == 503 && retry.is_some();
                    assert!(proper, "{status}, Retry-After {retry:?}: {}", answer.text().unwrap_or_default());
                }
                Err(_) => {
                    report.broken += 1;
                    if self.stop == Stop::AtBrokenConnection {
                        return false;
                    }
                }
            }
            if report.stopped {
                return false;
            }
            drop(report);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A canonical order; a higher amount comes with a newer version.
pub fn order(name: &str, amount: i64) -> Value {
    json!({
        "status": "paid",
        "version": format!("2026-11-11T00:00:00.{amount:06}Z"),
        "ordered_at": "2026-11-11T00:00:00Z",
        "paid_at": "2026-11-11T00:00:00Z",
        "currency": "CNY",
        "total_amount": amount,
        "customer": {"external_id": format!("buyer of {name}")},
        "lines": [
            {"external_id": "1", "sku": "S-1", "title": "上衣", "quantity": 1, "unit_amount": amount, "total_amount": amount}
        ]
    })
}

/// Reads all orders and the summary: nothing acknowledged is missing or older, and the facts are the orders' facts.
pub fn assert_stored(shop: &Shop, acknowledged: &Acknowledged) {
    assert!(!acknowledged.is_empty());
    let stored = stored(shop);
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|(name, amount)| stored.get(*name).is_none_or(|stored| stored < amount))
        .map(|(name, amount)| (name, amount, stored.get(name)))
        .collect();
    assert!(lost.is_empty(), "{} of {} acknowledged orders lost: {lost:?}", lost.len(), acknowledged.len());
    let summary: Value = shop.get("/v1/analytics/summary").json().expect("the summary is JSON");
    let sums = (stored.len() as i64, stored.values().sum::<i64>());
    assert_eq!(
        (summary["orders"].as_i64(), summary["net_amount"].as_i64()),
        (Some(sums.0), Some(sums.1)),
        "{summary}"
    );
}

/// Each stored order's amount.
fn stored(shop: &Shop) -> Acknowledged {
    let mut stored = Acknowledged::new();
    let mut path = format!("/v1/orders?limit=200&shop_id={}", shop.id);
    loop {
        let page: Value = shop.get(&path).json().expect("a page is JSON");
        for order in page["data"].as_array().expect("a page has data") {
            let name = order["external_id"].as_str().expect("an order has a name").to_owned();
            stored.insert(name, order["total_amount"].as_i64().expect("an order has an amount"));
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return stored };
        path = format!("/v1/orders?limit=200&shop_id={}&cursor={cursor}", shop.id);
    }
}
