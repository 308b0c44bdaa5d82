//! Revenue day by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::model::DayReport;
use super::store::OrderRow;
use crate::time::Timestamp;

/// The revenue of each arm on each day, in a time zone.
#[derive(Debug)]
pub struct Days {
    zone: TimeZone,
    revenue: BTreeMap<(Date, String), i64>,
}

impl Days {
    pub fn in_zone(zone: TimeZone) -> Self {
        Self { zone, revenue: BTreeMap::new() }
    }

    fn of(&self, moment: Timestamp) -> Date {
        moment.to_jiff().to_zoned(self.zone.clone()).date()
    }

    pub fn add(&mut self, order: &OrderRow) {
        let day = self.of(order.paid_at);
        *self.revenue.entry((day, order.group.arm.clone())).or_default() += order.revenue();
    }

    /// The cumulated revenue of each arm at the end of each day of the window that has begun.
    pub fn told(
        &self,
        arms: &[(String, i64)],
        window: (Timestamp, Timestamp),
        now: Timestamp,
        unit: f64,
    ) -> Vec<DayReport> {
        let last_moment = Timestamp::from_micros(window.1.micros() - 1).min(now);
        let last = self.of(last_moment);
        let mut so_far = vec![0; arms.len()];
        let mut told = Vec::new();
        let mut day = self.of(window.0);
        while day <= last {
            for ((arm, members), sum) in arms.iter().zip(&mut so_far) {
                *sum += self.revenue.get(&(day, arm.clone())).copied().unwrap_or(0);
                told.push(DayReport {
                    day: day.to_string(),
                    arm: arm.clone(),
                    revenue_amount: *sum,
                    revenue_per_member: *sum as f64 / unit / (*members).max(1) as f64,
                });
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        told
    }
}
