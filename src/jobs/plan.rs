//! When a job is due.

use jiff::tz::TimeZone;

use crate::time::{Day, Timestamp};

/// How often a job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// So many seconds after it was done last.
    Every(i64),
    /// When a new day begins in the tenant's time zone.
    AtLocalMidnight,
    /// When something asks for it ([`super::ask`]).
    WhenAsked,
}

impl Schedule {
    /// The next moment after `now`.
    pub fn after(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(seconds) => Some(now.plus_seconds(seconds)),
            Self::AtLocalMidnight => Some(Day::of(now, zone).next().start(zone)),
            Self::WhenAsked => None,
        }
    }
}

const FIRST_PAUSE: i64 = 10;
const LONGEST_PAUSE: i64 = 60 * 60;

/// How many seconds to wait after so many failures in a row: each time twice as long, an hour at most.
pub fn pause(failures: i64) -> i64 {
    let doublings = failures.clamp(1, 20) - 1;
    (FIRST_PAUSE << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_zone;

    fn next(schedule: Schedule, now: &str, zone: &str) -> Option<String> {
        let zone = time_zone(zone).unwrap();
        schedule.after(now.parse().unwrap(), &zone).map(|moment| moment.to_string())
    }

    #[test]
    fn a_day_begins_where_the_tenant_is() {
        let shanghai = next(Schedule::AtLocalMidnight, "2026-11-24T15:59:59Z", "Asia/Shanghai");
        assert_eq!(shanghai.as_deref(), Some("2026-11-24T16:00:00Z"));
        let at_midnight = next(Schedule::AtLocalMidnight, "2026-11-24T16:00:00Z", "Asia/Shanghai");
        assert_eq!(at_midnight.as_deref(), Some("2026-11-25T16:00:00Z"));
        // A day without a midnight begins when the clocks say so.
        let spring = next(Schedule::AtLocalMidnight, "2026-09-05T12:00:00Z", "America/Santiago");
        assert_eq!(spring.as_deref(), Some("2026-09-06T04:00:00Z"));
    }

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let pauses: Vec<i64> = [1, 2, 3, 9, 10, 1_000].map(pause).to_vec();
        assert_eq!(pauses, [10, 20, 40, 2_560, 3_600, 3_600]);
    }
}
