//! When people buy: seasons, sales days, hours.

use jiff::civil::Date;

use super::draw::Draw;
use crate::time::Timestamp;

const DAY: i64 = 86_400;
/// The shop's clock: China keeps one time all year.
const OFFSET: i64 = 8 * 3_600;

/// How strong each month is in apparel, January first.
const MONTHS: [f64; 12] = [1.05, 0.6, 0.85, 0.95, 0.9, 0.95, 0.75, 0.7, 0.9, 1.15, 1.4, 1.3];
/// How strong each hour is: after breakfast, after lunch, and the long evening.
const HOURS: [f64; 24] = [
    2.6, 1.2, 0.6, 0.3, 0.2, 0.3, 0.7, 1.6, 2.8, 4.2, 5.2, 5.0, 4.6, 5.0, 5.2, 5.0, 4.8, 4.2, 4.2, 5.2, 6.4,
    7.2, 6.8, 4.6,
];
/// On a sales day the first hour after midnight is the strongest.
const SALES_HOURS: [f64; 24] = [
    22.0, 9.0, 3.0, 1.0, 0.6, 0.6, 1.0, 2.0, 3.2, 4.2, 5.0, 4.6, 4.2, 4.4, 4.4, 4.2, 4.0, 3.8, 4.0, 4.8, 5.8,
    6.6, 6.8, 5.4,
];

/// The days of a shop's history, by their strength.
pub struct Calendar {
    first: i64,
    until: Timestamp,
    days: Vec<Day>,
    /// Sums of the strengths up to and including each day.
    strengths: Vec<f64>,
}

struct Day {
    month: usize,
    sale: Option<&'static str>,
}

impl Calendar {
    /// The `length` days that end with `until`.
    pub fn new(until: Timestamp, length: u32) -> Self {
        let last = (until.micros().div_euclid(1_000_000) + OFFSET).div_euclid(DAY);
        let first = last - i64::from(length.max(1)) + 1;
        let mut total = 0.0;
        let (days, strengths) = (first..=last)
            .map(|number| {
                let date = date_of(number);
                let (sale, boost) = sale_of(date);
                total += MONTHS[date.month() as usize - 1] * boost;
                let day = Day { month: date.month() as usize - 1, sale };
                (day, total)
            })
            .unzip();
        Self { first, until, days, strengths }
    }

    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// How many days there are.
    pub fn length(&self) -> usize {
        self.days.len()
    }

    /// One of the days from `from` on, `span` of them at most, strong days rather than weak ones.
    pub fn day(&self, draw: &mut Draw, from: usize, span: usize) -> usize {
        let last = (from + span).min(self.length() - 1);
        let before = if from == 0 { 0.0 } else { self.strengths[from - 1] };
        let wanted = before + draw.unit() * (self.strengths[last] - before);
        self.strengths.partition_point(|&sum| sum <= wanted).clamp(from, last)
    }

    /// A moment of that day, before the end of the history.
    pub fn moment(&self, draw: &mut Draw, day: usize) -> Timestamp {
        let hours = if self.days[day].sale.is_some() { &SALES_HOURS } else { &HOURS };
        let second = draw.weighted(hours) as i64 * 3_600 + draw.between(0, 3_599);
        let midnight = (self.first + day as i64) * DAY - OFFSET;
        let open = (self.until.micros().div_euclid(1_000_000) - midnight).clamp(1, DAY);
        Timestamp::from_micros((midnight + second % open) * 1_000_000)
    }

    /// The month (0 to 11) and the sale, if any, of a moment's day.
    pub fn season(&self, moment: Timestamp) -> (usize, Option<&'static str>) {
        let number = (moment.micros().div_euclid(1_000_000) + OFFSET).div_euclid(DAY);
        let day = &self.days[(number - self.first).clamp(0, self.length() as i64 - 1) as usize];
        (day.month, day.sale)
    }
}

fn date_of(number: i64) -> Date {
    use jiff::ToSpan;
    jiff::civil::date(1970, 1, 1).checked_add(number.days()).unwrap_or(Date::MAX)
}

/// The sale of a day and how many times stronger it makes it.
fn sale_of(date: Date) -> (Option<&'static str>, f64) {
    match (date.month(), date.day()) {
        (11, 1) => (Some("双十一"), 4.0),
        (11, 11) => (Some("双十一"), 14.0),
        (12, 12) => (Some("双十二"), 6.0),
        (6, 18) => (Some("618"), 6.0),
        (3, 8) => (Some("女神节"), 3.0),
        (1, 15..=22) => (Some("年货节"), 1.6),
        _ if date.weekday().to_monday_one_offset() >= 6 => (None, 1.2),
        _ => (None, 1.0),
    }
}
