//! The moment asked about, and the days around it.

use jiff::tz::TimeZone;

use crate::time::{Day, Timestamp};

/// A moment in a time zone.
#[derive(Debug, Clone)]
pub struct Moment {
    pub now: Timestamp,
    pub zone: TimeZone,
    pub today: Day,
}

impl Moment {
    pub fn new(now: Timestamp, zone: TimeZone) -> Self {
        let today = Day::of(now, &zone);
        Self { now, zone, today }
    }

    /// Whole days from the day of an earlier moment to today.
    pub fn days_since(&self, earlier: Timestamp) -> i64 {
        self.today.days_since(Day::of(earlier, &self.zone))
    }

    /// The first moment that does not lie `days` days back or more: `days_since(t) >= days` is `t < back(days)`.
    pub fn back(&self, days: i64) -> Timestamp {
        self.today.plus(1 - days).start(&self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_zone;

    #[test]
    fn days_are_counted_from_midnight_to_midnight_where_the_shop_is() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = Moment::new(at("2026-11-11T00:30:00+08:00"), time_zone("Asia/Shanghai").unwrap());
        assert_eq!(moment.days_since(at("2026-11-10T23:59:59+08:00")), 1);
        assert_eq!(moment.days_since(at("2026-11-11T00:00:00+08:00")), 0);
        for (days, last) in [(1, "2026-11-11T00:00:00+08:00"), (90, "2026-08-14T00:00:00+08:00")] {
            let boundary = moment.back(days);
            assert_eq!(boundary, at(last), "{days}");
            assert_eq!(moment.days_since(boundary), days - 1);
            assert_eq!(moment.days_since(Timestamp::from_micros(boundary.micros() - 1)), days);
        }
    }

    #[test]
    fn a_day_of_23_or_25_hours_is_one_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = Moment::new(at("2026-03-30T12:00:00Z"), time_zone("Europe/London").unwrap());
        assert_eq!(moment.days_since(at("2026-03-28T00:00:00Z")), 2);
        assert_eq!(moment.back(1), at("2026-03-29T23:00:00Z"));
        assert_eq!(moment.back(2), at("2026-03-29T00:00:00Z"));
    }
}
