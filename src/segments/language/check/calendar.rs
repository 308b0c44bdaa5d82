//! Anniversaries: days that come round every year.

use jiff::civil::Date;

use super::{Checker, Found, Place, lunar};
use crate::segments::language::checked::{DaySource, Leaf, MonthDay};
use crate::segments::language::registry::What;
use crate::segments::language::tree::{Name, Operand, Operator, Test, Value};
use crate::segments::language::value::DateValue;

/// The days among which an anniversary must fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Never,
    Always,
    /// Ends included; over New Year if the first lies after the last in the year.
    Days(Date, Date),
}

impl Checker<'_> {
    pub(super) fn anniversary(&mut self, lunar: bool, of: &Name, test: &Test, place: &Place) -> Found<Leaf> {
        let (field, key) = self.field(of)?;
        let source = match field.what {
            What::Birthday => DaySource::Birthday,
            What::Attributes => DaySource::Attribute(key),
            _ => {
                let detail =
                    format!("`{}` has no anniversary here; expected `birthday` or a property", field.name);
                return self.wrong(&of.place, "invalid_value", detail);
            }
        };
        let span = match test {
            Test::Compare(Operator::Equals, operand) => {
                let day = self.calendar_day(operand)?;
                Span::Days(day, day)
            }
            Test::Between(low, high) => self.span(low, high)?,
            _ => {
                let detail = format!(
                    "`{}` does not go with an anniversary; expected `=` or `BETWEEN`",
                    test.operator()
                );
                return self.wrong(place, "invalid_operator", detail);
            }
        };
        Some(if lunar {
            let today = super::dates::today(self.context.now, &self.context.zone);
            let ranges = match span {
                Span::Never => Vec::new(),
                Span::Always => vec![(Date::constant(1800, 1, 1), Date::constant(2300, 12, 31))],
                Span::Days(low, high) => lunar::ranges(low, high, today),
            };
            Leaf::LunarAnniversary { of: source, ranges }
        } else {
            Leaf::Anniversary { of: source, ranges: ranges(span) }
        })
    }

    /// Days that are written out count without their year; others lie around today.
    fn span(&mut self, low: &Operand, high: &Operand) -> Found<Span> {
        let (first, last) = (self.calendar_day(low), self.calendar_day(high));
        let (first, last) = (first?, last?);
        let written = [low, high].iter().any(|operand| match &operand.value {
            Value::Date(DateValue::Day(_)) => true,
            Value::Text(text) => matches!(DateValue::parse(text), Some(DateValue::Day(_))),
            _ => false,
        });
        let days = (last - first).get_days();
        Some(match (written, days) {
            (true, _) => Span::Days(first, last),
            (false, ..0) => Span::Never,
            (false, 365..) => Span::Always,
            (false, _) => Span::Days(first, last),
        })
    }
}

const FIRST: MonthDay = MonthDay { month: 1, day: 1 };
const LAST: MonthDay = MonthDay { month: 12, day: 31 };

/// The days of the year in a span. Where 1 March of a common year opens it, 29 February falls into it too.
fn ranges(span: Span) -> Vec<(MonthDay, MonthDay)> {
    let (first, last) = match span {
        Span::Never => return Vec::new(),
        Span::Always => return vec![(FIRST, LAST)],
        Span::Days(first, last) => (first, last),
    };
    let opens = first.month() == 3 && first.day() == 1 && !first.in_leap_year();
    let low = if opens { MonthDay { month: 2, day: 29 } } else { month_day(first) };
    let high = month_day(last);
    if low <= high { vec![(low, high)] } else { vec![(low, LAST), (FIRST, high)] }
}

fn month_day(day: Date) -> MonthDay {
    MonthDay { month: day.month(), day: day.day() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: &str, last: &str) -> Vec<String> {
        let ranges = ranges(Span::Days(first.parse().unwrap(), last.parse().unwrap()));
        let text = |day: MonthDay| format!("{:02}-{:02}", day.month, day.day);
        ranges.into_iter().map(|(low, high)| format!("{}..{}", text(low), text(high))).collect()
    }

    #[test]
    fn the_year_of_an_anniversary_does_not_count() {
        assert_eq!(told("2026-11-24", "2026-12-01"), ["11-24..12-01"]);
        assert_eq!(told("2026-12-28", "2027-01-03"), ["12-28..12-31", "01-01..01-03"]);
        assert_eq!(told("2000-12-28", "2000-01-03"), ["12-28..12-31", "01-01..01-03"]);
    }

    #[test]
    fn the_29th_of_february_falls_on_the_1st_of_march_in_common_years() {
        assert_eq!(told("2026-03-01", "2026-03-01"), ["02-29..03-01"]);
        assert_eq!(told("2028-03-01", "2028-03-01"), ["03-01..03-01"]);
        assert_eq!(told("2026-02-25", "2026-02-28"), ["02-25..02-28"]);
        assert_eq!(told("2028-02-25", "2028-02-29"), ["02-25..02-29"]);
        assert_eq!(told("2026-02-25", "2026-03-01"), ["02-25..03-01"]);
    }
}
