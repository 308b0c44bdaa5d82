//! Moments as platforms write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// What separates seconds from milliseconds: as seconds the year 5138, as milliseconds 1973.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// Seconds since 1970, or milliseconds: one platform's documentation shows both for one field.
pub fn from_unix(number: i64) -> Option<Timestamp> {
    let seconds_at_most = 7_258_118_400;
    match number {
        1..LEAST_MILLISECONDS => {
            (number < seconds_at_most).then(|| Timestamp::from_micros(number * 1_000_000))
        }
        LEAST_MILLISECONDS.. => {
            (number < seconds_at_most * 1_000).then(|| Timestamp::from_micros(number * 1_000))
        }
        _ => None,
    }
}

/// A wall-clock time without an offset (`2018-07-11 16:28:17`, also with a `T`), in the zone where it was written.
pub fn from_local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let dated = text.len() >= 19 && matches!(text.as_bytes()[10], b'T' | b' ');
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.T ".contains(&byte));
    if !dated || !plain {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    if !(1900..2200).contains(&local.year()) {
        return None;
    }
    let moment = local.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_jiff(moment.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_zone;

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        assert_eq!(from_unix(1_608_186_739).unwrap().to_string(), "2020-12-17T06:32:19Z");
        assert_eq!(from_unix(1_516_245_348_962).unwrap().to_string(), "2018-01-18T03:15:48.962Z");
        for no_time in [0, -5, i64::MIN, i64::MAX, 99_999_999_999] {
            assert_eq!(from_unix(no_time), None, "{no_time}");
        }
    }

    #[test]
    fn a_local_time_means_what_its_zone_says() {
        let shanghai = time_zone("Asia/Shanghai").unwrap();
        let new_york = time_zone("America/New_York").unwrap();
        let read = |zone| from_local("2018-07-11 16:28:17", zone).unwrap().to_string();
        assert_eq!(read(&shanghai), "2018-07-11T08:28:17Z");
        assert_eq!(read(&new_york), "2018-07-11T20:28:17Z");
        assert_eq!(
            from_local("2017-03-22T16:28:02", &TimeZone::UTC).unwrap().to_string(),
            "2017-03-22T16:28:02Z"
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2018-07-11",
            "2018-13-11 00:00:00",
            "0000-00-00 00:00:00",
            "2018-07-11 16:28:17+08:00",
            "2018年07月11日 16时28分",
        ] {
            assert_eq!(from_local(text, &TimeZone::UTC), None, "{text}");
        }
    }
}
