//! Anniversaries by the Chinese calendar.
//!
//! The day of birth comes round on the same day of the same month; a birth in a leap month in the ordinary month of that
//! number; one on the 30th on the 29th of a month that has no 30th.

use icu_calendar::cal::{ChineseTraditional, Iso};
use icu_calendar::types::Month;
use jiff::civil::Date;

/// Nobody is born before.
const FIRST_YEAR: i32 = 1899;

/// Days of one month, ends included.
struct Stretch {
    month: u8,
    from: u8,
    to: u8,
}

/// The days of birth, up to the year of today, whose lunar anniversary falls between two days, ends included; in order.
pub fn ranges(first: Date, last: Date, today: Date) -> Vec<(Date, Date)> {
    let stretches = stretches(first, last);
    let mut ranges: Vec<(Date, Date)> = Vec::new();
    for year in FIRST_YEAR..=i32::from(today.year()) {
        for stretch in &stretches {
            for month in [Month::new(stretch.month), Month::leap(stretch.month)] {
                ranges.extend(in_month(year, month, stretch));
            }
        }
    }
    ranges.sort();
    ranges.dedup_by(|next, kept| {
        let joins = kept.1.tomorrow().is_ok_and(|day| next.0 <= day);
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
    ranges
}

/// A span of days as stretches of lunar months. Leap months have no anniversaries.
fn stretches(first: Date, last: Date) -> Vec<Stretch> {
    // No lunar year is longer; what lies behind comes round a second time.
    const LONGEST: usize = 385;
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    let mut stretches: Vec<Stretch> = Vec::new();
    for day in days.take_while(|day| *day <= last).take(LONGEST) {
        let Some(lunar) = lunar(day) else { continue };
        let month = lunar.month().to_input();
        let number = lunar.day_of_month().0;
        // Who was born on a 30th celebrates on the last day.
        let to = if number == lunar.days_in_month() { 30 } else { number };
        match stretches.last_mut() {
            _ if month.is_leap() => {}
            Some(open) if open.month == month.number() && number > 1 => open.to = to,
            _ => stretches.push(Stretch { month: month.number(), from: number, to }),
        }
    }
    stretches
}

fn in_month(year: i32, month: Month, stretch: &Stretch) -> Option<(Date, Date)> {
    let day = |day| icu_calendar::Date::try_new_chinese_traditional(year, month, day).ok();
    let length = day(1)?.days_in_month();
    let civil = |lunar: icu_calendar::Date<ChineseTraditional>| {
        let iso = lunar.to_calendar(Iso);
        let year = i16::try_from(iso.year().extended_year()).ok()?;
        let (month, day) = (iso.month().number(), iso.day_of_month().0);
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    if stretch.from > length {
        return None;
    }
    Some((civil(day(stretch.from)?)?, civil(day(stretch.to.min(length))?)?))
}

fn lunar(day: Date) -> Option<icu_calendar::Date<ChineseTraditional>> {
    let (month, number) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    let iso = icu_calendar::Date::try_new_iso(day.year().into(), month, number).ok()?;
    Some(iso.to_calendar(ChineseTraditional::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(first: &str, last: &str) -> Vec<(Date, Date)> {
        ranges(first.parse().unwrap(), last.parse().unwrap(), "2026-11-24".parse().unwrap())
    }

    fn contains(ranges: &[(Date, Date)], day: &str) -> bool {
        let day: Date = day.parse().unwrap();
        ranges.iter().any(|(first, last)| *first <= day && day <= *last)
    }

    #[test]
    fn the_lunar_new_year_comes_round_on_the_new_year() {
        // Chinese New Year: 17 February 2026, 6 February 1989, 23 January 1993.
        let born = born("2026-02-17", "2026-02-17");
        assert!(contains(&born, "1989-02-06") && contains(&born, "1993-01-23"));
        assert!(!contains(&born, "1989-02-07") && !contains(&born, "1989-02-17"));
    }

    #[test]
    fn births_in_a_leap_month_and_on_a_missing_30th_have_their_day() {
        // 25 July 2025 began the leap sixth month; 25 June 2025 the ordinary one. 14 July 2026 begins the sixth of 2026.
        let first_of_sixth = born("2026-07-14", "2026-07-14");
        assert!(contains(&first_of_sixth, "2025-06-25") && contains(&first_of_sixth, "2025-07-25"));
        // A leap month itself has no anniversaries.
        assert!(born("2025-07-26", "2025-07-28").is_empty());
        // The twelfth month of the year before 17 February 2026 has 29 days; that before 22 January 2023 had 30.
        assert!(contains(&born("2026-02-16", "2026-02-16"), "2023-01-21"));
    }
}
