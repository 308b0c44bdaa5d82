//! Numbers and dates as they are written.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::{Date, DateTime};

/// An exact decimal: `units` of a 10^`scale`th. Without zeros at the end, so that equal ones are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u32,
}

/// So many digits of a whole number are taken, and so many of one with a point, which JSON gives back exactly.
const MOST_DIGITS: usize = 18;
const MOST_DIGITS_WITH_POINT: usize = 15;
const LARGEST: i64 = 10i64.pow(MOST_DIGITS as u32);

impl Decimal {
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    pub const fn whole(units: i64) -> Self {
        Self { units, scale: 0 }
    }

    pub fn new(mut units: i64, mut scale: u32) -> Self {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Self { units, scale }
    }

    /// Reads `-12.50`; at most 18 digits, with a point at most 15.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || digits.ends_with('.') || !plain(whole) || !plain(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let most = if fraction.is_empty() { MOST_DIGITS } else { MOST_DIGITS_WITH_POINT };
        if whole.len() + fraction.len() > most {
            return None;
        }
        let units: i64 = format!("0{whole}{fraction}").parse().ok()?;
        Some(Self::new(if negative { -units } else { units }, fraction.len() as u32))
    }

    /// What a JSON number says. The parser has made a double of one with a point; its 15 digits survive that.
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        if let Some(whole) = number.as_i64() {
            return (-LARGEST < whole && whole < LARGEST).then_some(Self::whole(whole));
        }
        let value = number.as_f64().filter(|value| value.abs() < 1e15)?;
        let scientific = format!("{value:.14e}");
        let (mantissa, exponent) = scientific.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
        // `digits` is the value times 10^(14 - exponent).
        let units: i64 = digits.parse().ok()?;
        let scale = u32::try_from(14 - exponent).ok()?;
        let exact = Self::new(units, scale);
        (exact.scale <= MOST_DIGITS_WITH_POINT as u32).then_some(exact)
    }

    pub fn to_json(self) -> serde_json::Value {
        if self.scale == 0 {
            return self.units.into();
        }
        // At most 15 digits, so the nearest double is written as the same digits.
        self.to_string().parse::<f64>().ok().into()
    }

    pub const fn units(self) -> i64 {
        self.units
    }

    /// Digits after the point.
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// As so many of a 10^`scale`th, where that is exact.
    pub fn scaled(self, scale: u32) -> Option<i64> {
        let more = scale.checked_sub(self.scale)?;
        self.units.checked_mul(10i64.checked_pow(more)?)
    }

    /// How a fraction, its denominator above nothing, lies to it; exact.
    pub fn compare_fraction(self, numerator: i128, denominator: i128) -> Ordering {
        let left = numerator.saturating_mul(10i128.pow(self.scale));
        left.cmp(&i128::from(self.units).saturating_mul(denominator))
    }

    /// The largest whole number that is not above it.
    pub fn floor(self) -> i64 {
        self.units.div_euclid(10i64.pow(self.scale))
    }

    /// The smallest whole number that is not below it.
    pub fn ceil(self) -> i64 {
        -(Self { units: -self.units, scale: self.scale }.floor())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        other.compare_fraction(self.units.into(), 10i128.pow(self.scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.units.unsigned_abs(), width = self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// A date as it is written; what it means depends on the moment of asking and a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateValue {
    /// `2026-11-11`
    Day(Date),
    /// `2026-11-11T08:00:00`; on the clock of the zone, if it does not tell its own distance to UTC in seconds.
    Time(DateTime, Option<i32>),
    /// `-90d`, `+7d`, `-12h`
    Offset(Offset),
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `7_days_ago`; always whole days.
    Ago(Offset),
}

/// So many units of time; back if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    pub count: i32,
    pub unit: Unit,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// No offset counts further.
pub const MOST_UNITS: i32 = 100_000;

impl Unit {
    pub const ALL: [Self; 5] = [Self::Hours, Self::Days, Self::Weeks, Self::Months, Self::Years];

    pub const fn letter(self) -> char {
        match self {
            Self::Hours => 'h',
            Self::Days => 'd',
            Self::Weeks => 'w',
            Self::Months => 'm',
            Self::Years => 'y',
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Days => "days",
            Self::Weeks => "weeks",
            Self::Months => "months",
            Self::Years => "years",
        }
    }

    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.letter() == letter.to_ascii_lowercase())
    }
}

impl Offset {
    /// Reads `90d`, `-90d`, `+7d`.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = Unit::from_letter(text.chars().next_back()?)?;
        let count: i32 = text[..text.len() - 1].parse().ok()?;
        (count.abs() <= MOST_UNITS).then_some(Self { count, unit })
    }
}

impl DateValue {
    /// Reads a date on its own, in any of its forms.
    pub fn parse(text: &str) -> Option<Self> {
        let signed = text.starts_with(['-', '+']);
        if signed {
            return Offset::parse(text).map(Self::Offset);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::parse_ago(text)
                .or_else(|| Self::parse_day(text))
                .or_else(|| Self::parse_time(text));
        }
        Self::parse_word(text)
    }

    /// Reads `today` and `yesterday`, in any case.
    pub fn parse_word(word: &str) -> Option<Self> {
        let words = [("today", Self::Today), ("yesterday", Self::Yesterday)];
        words.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, date)| date)
    }

    /// Reads `7_days_ago`, in any case.
    pub fn parse_ago(text: &str) -> Option<Self> {
        let (count, rest) = text.split_once('_')?;
        let count: i32 = count.parse().ok().filter(|count| (0..=MOST_UNITS).contains(count))?;
        let rest = rest.to_ascii_lowercase();
        let named = rest.strip_suffix("_ago")?;
        let unit = Unit::ALL.into_iter().find(|unit| {
            let name = unit.name();
            *unit != Unit::Hours && (named == name || named == &name[..name.len() - 1])
        })?;
        Some(Self::Ago(Offset { count, unit }))
    }

    fn parse_day(text: &str) -> Option<Self> {
        let date = text.parse().ok().filter(|_| text.len() == 10)?;
        in_range(date).then_some(Self::Day(date))
    }

    fn parse_time(text: &str) -> Option<Self> {
        let (day, time) = text.get(..10).zip(text.get(11..))?;
        let zone_at = time.find(['Z', 'z', '+', '-']);
        let (time, zone) = zone_at.map_or((time, None), |at| (&time[..at], Some(&time[at..])));
        let digits = |c: char| c.is_ascii_digit() || c == ':' || c == '.';
        // jiff reads more than this; the language is narrower.
        if !matches!(text.as_bytes()[10], b'T' | b't') || time.len() < 5 || !time.chars().all(digits) {
            return None;
        }
        let seconds = match zone {
            None => None,
            Some("Z" | "z") => Some(0),
            Some(zone) => Some(zone_seconds(zone)?),
        };
        let moment: DateTime = format!("{day}T{time}").parse().ok()?;
        let micros = moment.subsec_nanosecond() % 1_000 == 0;
        (in_range(moment.date()) && micros).then_some(Self::Time(moment, seconds))
    }
}

fn in_range(date: Date) -> bool {
    (1900..2200).contains(&date.year())
}

/// `+08:00`
fn zone_seconds(text: &str) -> Option<i32> {
    let (hours, minutes) = text[1..].split_once(':')?;
    let part = |part: &str, most: i32| -> Option<i32> {
        let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|value| plain && *value <= most)
    };
    let seconds = part(hours, 23)? * 3_600 + part(minutes, 59)? * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}{}", self.count, self.unit.letter())
    }
}

impl fmt::Display for DateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Time(moment, None) => write!(f, "{moment}"),
            Self::Time(moment, Some(0)) => write!(f, "{moment}Z"),
            Self::Time(moment, Some(seconds)) => {
                let (sign, minutes) = (if *seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
                write!(f, "{moment}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Self::Offset(offset) => write!(f, "{offset}"),
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Ago(Offset { count, unit }) => write!(f, "{count}_{}_ago", unit.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_and_written_exactly() {
        for (text, written) in [
            ("0", "0"),
            ("007", "7"),
            ("-0", "0"),
            ("60.00", "60"),
            ("0.10", "0.1"),
            ("-12.5", "-12.5"),
            ("999999999999999999", "999999999999999999"),
            ("+3", "3"),
            ("0.000000000000001", "0.000000000000001"),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(decimal.to_string(), written);
            let json = decimal.to_json();
            assert_eq!(Decimal::from_json(json.as_number().unwrap()), Some(decimal), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "1e3", "1,000", "1000000000000000000", "1.0000000000000001", "٣"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert!(Decimal::parse("1.5") > Decimal::parse("1.49"));
        assert_eq!((Decimal::new(-15, 1).floor(), Decimal::new(-15, 1).ceil()), (-2, -1));
    }

    #[test]
    fn a_date_is_read_in_all_its_forms_and_written_in_one() {
        for (text, written) in [
            ("2026-11-11", "2026-11-11"),
            ("2026-11-11T08:00", "2026-11-11T08:00:00"),
            ("2026-11-11t08:00:00.5z", "2026-11-11T08:00:00.5Z"),
            ("2026-11-11T08:00:00-03:30", "2026-11-11T08:00:00-03:30"),
            ("-90D", "-90d"),
            ("+7d", "+7d"),
            ("-0d", "+0d"),
            ("-12h", "-12h"),
            ("TODAY", "today"),
            ("yesterday", "yesterday"),
            ("7_days_ago", "7_days_ago"),
            ("12_MONTHS_ago", "12_months_ago"),
            ("1_day_ago", "1_days_ago"),
        ] {
            let date = DateValue::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(date.to_string(), written);
            assert_eq!(DateValue::parse(written), Some(date), "{text}");
        }
        for text in [
            "2026-02-30",
            "1899-12-31",
            "2026-1-1",
            "90d",
            "-90",
            "-90x",
            "tomorrow",
            "7_hours_ago",
            "2026-11-11T25:00",
            "2026-11-11T08",
            "2026-11-11 08:00:00",
            "-100001d",
            "2026-11-11T08:00:00+8",
            "",
        ] {
            assert_eq!(DateValue::parse(text), None, "{text}");
        }
    }
}
