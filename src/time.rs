//! Moments and days as the API and the databases keep them.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::db::types::Instant;

/// A moment, in microseconds since 1970-01-01T00:00:00Z; between the years 1900 and 2200.
///
/// Written as RFC 3339 in UTC with as many fractional digits as needed, read with any offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Instant)]
pub struct Timestamp(i64);

const EARLIEST: i64 = -2_208_988_800_000_000;
const LATEST: i64 = 7_258_118_400_000_000;

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn from_jiff(moment: jiff::Timestamp) -> Self {
        Self(moment.as_microsecond())
    }

    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_jiff(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    #[error("expected an RFC 3339 date and time with an offset, such as `2026-11-11T00:01:02+08:00`")]
    Format,
    #[error("expected a moment between the years 1900 and 2200")]
    Range,
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        // jiff reads more than RFC 3339 (a bare date, a zone in brackets); the contract is narrower.
        let dated = text.len() >= 20 && matches!(text.as_bytes()[10], b'T' | b't' | b' ');
        if !dated || text.ends_with(']') {
            return Err(InvalidTimestamp::Format);
        }
        let micros = text.parse::<jiff::Timestamp>().map_err(|_| InvalidTimestamp::Format)?.as_microsecond();
        if (EARLIEST..LATEST).contains(&micros) { Ok(Self(micros)) } else { Err(InvalidTimestamp::Range) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339; answered in UTC, with microseconds at most."))
            .examples([serde_json::Value::from("2026-11-10T16:01:02Z")])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// A calendar day, between the years 1900 and 2200; when it begins depends on the time zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

/// Why a text is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a day between the years 1900 and 2200, such as `2026-11-11`")]
pub struct InvalidDay;

impl Day {
    /// The day on which a moment falls.
    pub fn of(moment: Timestamp, zone: &jiff::tz::TimeZone) -> Self {
        Self(zone.to_datetime(moment.to_jiff()).date())
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let span = jiff::SignedDuration::from_hours(24_i64.saturating_mul(days));
        Self(self.0.saturating_add(span))
    }

    /// Days from an earlier day to this one.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.number() - earlier.number()
    }

    /// Counted from 1970-01-01.
    pub fn number(self) -> i64 {
        self.0.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24
    }

    /// The day with this number.
    pub fn numbered(number: i64) -> Self {
        Self(jiff::civil::Date::constant(1970, 1, 1)).plus(number)
    }

    /// The moment at which the day begins.
    pub fn start(self, zone: &jiff::tz::TimeZone) -> Timestamp {
        let start = self.0.to_zoned(zone.clone()).map(|start| start.timestamp());
        Timestamp::from_jiff(start.unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        // jiff reads more than `YYYY-MM-DD`.
        let date = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
        date.filter(|date| (1900..2200).contains(&date.year())).map(Self).ok_or(InvalidDay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A calendar day."))
            .examples([serde_json::Value::from("2026-11-11")])
            .into()
    }
}

impl utoipa::ToSchema for Day {}

/// An IANA time zone, such as `Asia/Shanghai`.
pub fn time_zone(name: &str) -> Option<jiff::tz::TimeZone> {
    // The bundled database matches names in any letter case; keep to the canonical spelling.
    let zone = jiff::tz::TimeZone::get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_any_offset_and_written_in_utc() {
        let moment: Timestamp = "2026-11-11T00:01:02.5+08:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-10T16:01:02.5Z");
    }

    #[test]
    fn a_moment_without_an_offset_or_out_of_range_is_refused() {
        assert_eq!("2026-11-11".parse::<Timestamp>(), Err(InvalidTimestamp::Format));
        assert_eq!("2026-11-11T00:01:02".parse::<Timestamp>(), Err(InvalidTimestamp::Format));
        assert_eq!("9999-01-01T00:00:00Z".parse::<Timestamp>(), Err(InvalidTimestamp::Range));
        assert!("10000-01-01T00:00:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_day_begins_when_its_zone_says() {
        let day: Day = "2026-11-11".parse().unwrap();
        let zone = time_zone("Asia/Shanghai").unwrap();
        assert_eq!(day.start(&zone).to_string(), "2026-11-10T16:00:00Z");
        assert_eq!(day.next().to_string(), "2026-11-12");
        for text in ["2026-02-30", "2026-1-1", "20261111", "2026-11-11T00", "1899-12-31", ""] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }

    #[test]
    fn a_time_zone_is_an_iana_name() {
        assert!(time_zone("Asia/Shanghai").is_some());
        assert!(time_zone("UTC").is_some());
        assert!(time_zone("Mars/Olympus").is_none());
    }
}
