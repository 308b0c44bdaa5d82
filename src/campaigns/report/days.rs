//! Revenue day by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::model::DayReport;
use super::store::OrderRow;
use crate::time::Timestamp;

/// The cumulated revenue of each arm at the end of each day of the window that has begun.
pub fn days(
    rows: &[OrderRow],
    arms: &[(String, i64)],
    window: (Timestamp, Timestamp),
    now: Timestamp,
    zone: &TimeZone,
    unit: f64,
) -> Vec<DayReport> {
    let day_of = |moment: Timestamp| moment.to_jiff().to_zoned(zone.clone()).date();
    let mut revenue: BTreeMap<(Date, &str), i64> = BTreeMap::new();
    for row in rows {
        *revenue.entry((day_of(row.paid_at), row.arm.as_str())).or_default() += row.revenue();
    }
    let last_moment = Timestamp::from_micros(window.1.micros() - 1).min(now);
    let last = day_of(last_moment);
    let mut so_far = vec![0; arms.len()];
    let mut told = Vec::new();
    let mut day = day_of(window.0);
    while day <= last {
        for ((arm, members), sum) in arms.iter().zip(&mut so_far) {
            *sum += revenue.get(&(day, arm.as_str())).copied().unwrap_or(0);
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
