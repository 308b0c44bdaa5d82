//! How values are tested.

use jiff::civil::Date;

use crate::segments::language::value::Decimal;
use crate::time::Timestamp;

/// A test of a number; exact, also of quotients: `a / b >= v` is `a · 10^scale >= v.units · b`, where `b > 0`.
#[derive(Debug, Clone, PartialEq)]
pub enum NumberTest {
    Equals(Decimal),
    /// Or missing.
    Differs(Decimal),
    Below(Decimal),
    AtMost(Decimal),
    Above(Decimal),
    AtLeast(Decimal),
    /// Both ends included; where they are the wrong way round, never.
    Between(Decimal, Decimal),
    OneOf(Vec<Decimal>),
    /// Or missing.
    NoneOf(Vec<Decimal>),
    IsNull,
    IsNotNull,
}

/// A test of a text, byte by byte.
#[derive(Debug, Clone, PartialEq)]
pub enum TextTest {
    Equals(String),
    /// Or missing.
    Differs(String),
    OneOf(Vec<String>),
    /// Or missing.
    NoneOf(Vec<String>),
    Contains(String),
    /// Or missing.
    NotContains(String),
    StartsWith(String),
    EndsWith(String),
    IsNull,
    IsNotNull,
}

/// A test of a set of things, such as tags.
#[derive(Debug, Clone, PartialEq)]
pub enum ListTest<T> {
    /// Has at least one of these.
    AnyOf(Vec<T>),
    /// Has none of these; also who has nothing at all.
    NoneOf(Vec<T>),
    /// Has nothing at all.
    IsNull,
    IsNotNull,
}

/// A test of one of few possible values: true if the value is among `of`, or if it is missing and `missing` says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub of: Vec<&'static str>,
    pub missing: bool,
}

/// Moments from `from` on (absent: since ever) and before `until` (absent: for ever).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A test of a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum MomentTest {
    /// In any of the windows; with none, never.
    Within(Vec<Window>),
    /// In none of the windows; or missing.
    Outside(Vec<Window>),
    IsNull,
    IsNotNull,
}

/// A test of a day of the calendar, such as a birthday.
#[derive(Debug, Clone, PartialEq)]
pub enum DayTest {
    /// In any of the ranges, ends included; with none, never. An absent end is open.
    Within(Vec<(Option<Date>, Option<Date>)>),
    /// In none of the ranges; or missing.
    Outside(Vec<(Option<Date>, Option<Date>)>),
    IsNull,
    IsNotNull,
}

/// A day of the year. As text (`11-05`) they compare as the days do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    pub month: i8,
    pub day: i8,
}

/// A test of a free property, which is a text, a number or a truth. The kind of the test's value decides: of a property
/// of another kind it is as of a missing one.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeTest {
    /// Sees texts.
    Text(TextTest),
    /// Sees numbers.
    Number(NumberTest),
    /// Sees truths; whether it is this one.
    Truth(bool),
    /// Sees truths; whether it is not this one, or missing.
    NotTruth(bool),
    /// Sees texts that are days (`YYYY-MM-DD`, ten characters).
    Day(DayTest),
    /// Sees texts, and whole numbers as their digits: ids of products are either.
    Id(TextTest),
    /// There is none, of whatever kind.
    IsNull,
    IsNotNull,
}

/// From a moment on (absent: since ever), until the next span, local clocks are so many seconds ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSpan {
    pub from: Option<Timestamp>,
    pub seconds: i32,
}
