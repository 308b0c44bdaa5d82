//! What dates mean: a moment and a time zone make days and moments of them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, ToSpan};

use super::{Checker, Found};
use crate::segments::language::checked::{ClockSpan, DayTest, MomentTest, ResolvedDate, Window};
use crate::segments::language::registry::Type;
use crate::segments::language::tree::{Operand, Operator, Test, Value};
use crate::segments::language::value::{DateValue, Decimal, Offset, Unit};
use crate::time::Timestamp;

/// A date that has come to mean something.
#[derive(Debug, Clone, Copy)]
pub struct Resolved {
    /// The day, unless a moment within one is meant.
    pub day: Option<Date>,
    pub from: Timestamp,
    /// The first moment that is no longer meant.
    pub until: Timestamp,
}

/// Today, on the clock of a zone.
pub fn today(now: Timestamp, zone: &TimeZone) -> Date {
    now.to_jiff().to_zoned(zone.clone()).date()
}

/// The first moment of a day.
pub fn start(day: Date, zone: &TimeZone) -> Timestamp {
    let start = day.to_zoned(zone.clone()).map(|start| start.timestamp());
    Timestamp::from_jiff(start.unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

pub fn next(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// A day so many days before another; where the calendar ends, its end.
pub fn days_before(day: Date, days: i64) -> Date {
    const FARTHEST: i64 = 100_000;
    day.saturating_sub(days.clamp(-FARTHEST, FARTHEST).days())
}

fn resolve(date: &DateValue, now: Timestamp, zone: &TimeZone) -> Option<Resolved> {
    let today = today(now, zone);
    let day = match date {
        DateValue::Day(day) => *day,
        DateValue::Today => today,
        DateValue::Yesterday => today.yesterday().ok()?,
        DateValue::Ago(offset) => shifted(today, -offset.count, offset.unit)?,
        DateValue::Offset(Offset { count, unit: Unit::Hours }) => {
            let moment = now.to_jiff().checked_add(SignedDuration::from_hours((*count).into())).ok()?;
            return moment_of(moment);
        }
        DateValue::Offset(offset) => shifted(today, offset.count, offset.unit)?,
        DateValue::Time(time, None) => {
            return moment_of(zone.to_ambiguous_timestamp(*time).compatible().ok()?);
        }
        DateValue::Time(time, Some(seconds)) => {
            let offset = jiff::tz::Offset::from_seconds(*seconds).ok()?;
            return moment_of(offset.to_timestamp(*time).ok()?);
        }
    };
    (1900..2200).contains(&day.year()).then(|| Resolved {
        day: Some(day),
        from: start(day, zone),
        until: start(next(day), zone),
    })
}

fn shifted(day: Date, count: i32, unit: Unit) -> Option<Date> {
    let span = Span::new();
    let span = match unit {
        Unit::Hours | Unit::Days => span.try_days(count),
        Unit::Weeks => span.try_weeks(count),
        Unit::Months => span.try_months(count),
        Unit::Years => span.try_years(count),
    };
    day.checked_add(span.ok()?).ok()
}

fn moment_of(moment: jiff::Timestamp) -> Option<Resolved> {
    let year = moment.to_zoned(TimeZone::UTC).year();
    let from = Timestamp::from_jiff(moment);
    let until = Timestamp::from_micros(from.micros() + 1);
    (1900..2200).contains(&year).then_some(Resolved { day: None, from, until })
}

/// How local clocks went, from 2000 to now.
pub fn clock(now: Timestamp, zone: &TimeZone) -> Vec<ClockSpan> {
    const BEGIN: jiff::Timestamp = jiff::Timestamp::constant(946_684_800, 0);
    let mut spans = vec![ClockSpan { from: None, seconds: zone.to_offset(BEGIN).seconds() }];
    let end = now.to_jiff().saturating_add(SignedDuration::from_hours(48)).unwrap_or(jiff::Timestamp::MAX);
    for change in zone.following(BEGIN).take_while(|change| change.timestamp() <= end) {
        let seconds = change.offset().seconds();
        if spans.last().is_none_or(|last| last.seconds != seconds) {
            spans.push(ClockSpan { from: Some(Timestamp::from_jiff(change.timestamp())), seconds });
        }
    }
    spans
}

impl Checker<'_> {
    /// What a value means as a date; noted for the answer.
    pub(super) fn date(&mut self, operand: &Operand, zone: &TimeZone, kind: Type) -> Found<Resolved> {
        let date = match &operand.value {
            Value::Date(date) => Some(date.clone()),
            Value::Text(text) => DateValue::parse(text),
            _ => None,
        };
        let Some(date) = date else {
            return self.unexpected(operand, kind);
        };
        let Some(resolved) = resolve(&date, self.context.now, zone) else {
            return self.wrong(
                &operand.place,
                "date_out_of_range",
                "a date lies between the years 1900 and 2200",
            );
        };
        let until = if resolved.day.is_some() { resolved.until } else { resolved.from };
        self.dates.push(ResolvedDate {
            place: operand.place.clone(),
            written: date.to_string(),
            from: resolved.from,
            until,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        });
        Some(resolved)
    }

    /// A test of a moment by days and moments.
    pub(super) fn moment(
        &mut self,
        name: &str,
        test: &Test,
        zone: &TimeZone,
        place: &super::Place,
    ) -> Found<MomentTest> {
        let window = |from, until| Window { from, until };
        let within = |window: Window| MomentTest::Within(windows([window]));
        Some(match test {
            Test::IsNull => MomentTest::IsNull,
            Test::IsNotNull => MomentTest::IsNotNull,
            Test::Between(low, high) => {
                let (low, high) = (self.date(low, zone, Type::Date), self.date(high, zone, Type::Date));
                within(window(Some(low?.from), Some(high?.until)))
            }
            Test::In(values) => MomentTest::Within(self.whole(values, zone)?),
            Test::NotIn(values) => MomentTest::Outside(self.whole(values, zone)?),
            Test::Compare(operator, operand) => {
                let Resolved { from, until, .. } = self.date(operand, zone, Type::Date)?;
                match operator {
                    Operator::Equals => within(window(Some(from), Some(until))),
                    Operator::Differs => MomentTest::Outside(vec![window(Some(from), Some(until))]),
                    Operator::Below => within(window(None, Some(from))),
                    Operator::AtMost => within(window(None, Some(until))),
                    Operator::Above => within(window(Some(until), None)),
                    Operator::AtLeast => within(window(Some(from), None)),
                    _ => return self.not_with(name, test, Type::Date, place),
                }
            }
        })
    }

    fn whole(&mut self, values: &[Operand], zone: &TimeZone) -> Found<Vec<Window>> {
        let resolved: Vec<_> = values.iter().map(|value| self.date(value, zone, Type::Date)).collect();
        let window = |date: Resolved| Window { from: Some(date.from), until: Some(date.until) };
        Some(resolved.into_iter().collect::<Option<Vec<_>>>()?.into_iter().map(window).collect())
    }

    /// A test of a day of the calendar.
    pub(super) fn day(&mut self, name: &str, test: &Test, place: &super::Place) -> Found<DayTest> {
        let within = |from, until| DayTest::Within(vec![(from, until)]);
        Some(match test {
            Test::IsNull => DayTest::IsNull,
            Test::IsNotNull => DayTest::IsNotNull,
            Test::Between(low, high) => {
                let (low, high) = (self.calendar_day(low), self.calendar_day(high));
                let (low, high) = (low?, high?);
                if low > high { DayTest::Within(Vec::new()) } else { within(Some(low), Some(high)) }
            }
            Test::In(values) => DayTest::Within(self.whole_days(values)?),
            Test::NotIn(values) => DayTest::Outside(self.whole_days(values)?),
            Test::Compare(operator, operand) => {
                let day = self.calendar_day(operand)?;
                let before = day.yesterday().unwrap_or(day);
                match operator {
                    Operator::Equals => within(Some(day), Some(day)),
                    Operator::Differs => DayTest::Outside(vec![(Some(day), Some(day))]),
                    Operator::Below => within(None, Some(before)),
                    Operator::AtMost => within(None, Some(day)),
                    Operator::Above => within(Some(next(day)), None),
                    Operator::AtLeast => within(Some(day), None),
                    _ => return self.not_with(name, test, Type::Day, place),
                }
            }
        })
    }

    fn whole_days(&mut self, values: &[Operand]) -> Found<Vec<(Option<Date>, Option<Date>)>> {
        let days: Vec<_> = values.iter().map(|value| self.calendar_day(value)).collect();
        Some(
            days.into_iter()
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .map(|day| (Some(day), Some(day)))
                .collect(),
        )
    }

    /// A day on the tenant's calendar.
    pub(super) fn calendar_day(&mut self, operand: &Operand) -> Found<Date> {
        let zone = self.context.zone.clone();
        let resolved = self.date(operand, &zone, Type::Day)?;
        let Some(day) = resolved.day else {
            return self.unexpected(operand, Type::Day);
        };
        Some(day)
    }

    /// A test of how many days have gone by since the day of a moment, as a test of the moment. `least` days have gone by
    /// if it lay before the day after the one so long ago.
    pub(super) fn days_since(&self, test: &DaysTest, zone: &TimeZone) -> MomentTest {
        let today = today(self.context.now, zone);
        let start_of = |days: i64| Some(start(days_before(today, days), zone));
        let window = |(least, most): (Option<i64>, Option<i64>)| Window {
            from: most.and_then(start_of),
            until: least.and_then(|least| start_of(least.saturating_sub(1))),
        };
        match test {
            DaysTest::Within(ranges) => MomentTest::Within(windows(ranges.iter().copied().map(window))),
            DaysTest::Outside(ranges) => MomentTest::Outside(windows(ranges.iter().copied().map(window))),
            DaysTest::IsNull => MomentTest::IsNull,
            DaysTest::IsNotNull => MomentTest::IsNotNull,
        }
    }
}

/// A test of a whole number as ranges, ends included.
pub enum DaysTest {
    Within(Vec<(Option<i64>, Option<i64>)>),
    Outside(Vec<(Option<i64>, Option<i64>)>),
    IsNull,
    IsNotNull,
}

impl DaysTest {
    pub fn of(test: &crate::segments::language::checked::NumberTest) -> Self {
        use crate::segments::language::checked::NumberTest as Number;
        let whole = |value: &Decimal| value.floor();
        let one = |value: &Decimal| (Some(whole(value)), Some(whole(value)));
        match test {
            Number::Equals(value) => Self::Within(vec![one(value)]),
            Number::Differs(value) => Self::Outside(vec![one(value)]),
            Number::Below(value) => Self::Within(vec![(None, Some(whole(value) - 1))]),
            Number::AtMost(value) => Self::Within(vec![(None, Some(whole(value)))]),
            Number::Above(value) => Self::Within(vec![(Some(whole(value) + 1), None)]),
            Number::AtLeast(value) => Self::Within(vec![(Some(whole(value)), None)]),
            Number::Between(low, high) => Self::Within(vec![(Some(whole(low)), Some(whole(high)))]),
            Number::OneOf(values) => Self::Within(values.iter().map(one).collect()),
            Number::NoneOf(values) => Self::Outside(values.iter().map(one).collect()),
            Number::IsNull => Self::IsNull,
            Number::IsNotNull => Self::IsNotNull,
        }
    }

    /// The same of `total` less the number.
    #[must_use]
    pub fn counted_down_from(self, total: i64) -> Self {
        let turn = |ranges: Vec<(Option<i64>, Option<i64>)>| {
            let less = |value: Option<i64>| value.map(|value| total.saturating_sub(value));
            ranges.into_iter().map(|(low, high)| (less(high), less(low))).collect()
        };
        match self {
            Self::Within(ranges) => Self::Within(turn(ranges)),
            Self::Outside(ranges) => Self::Outside(turn(ranges)),
            null => null,
        }
    }
}

/// Those of the windows in which anything can lie.
fn windows(windows: impl IntoIterator<Item = Window>) -> Vec<Window> {
    let full = |window: &Window| window.from.zip(window.until).is_none_or(|(from, until)| from < until);
    windows.into_iter().filter(full).collect()
}
