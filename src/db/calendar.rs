//! Days and hours of a time zone in SQL, the same on both databases.
//!
//! The databases know different zones at different versions, so they are told nothing but offsets: a zone has few
//! changes within any span, and each is computed here.

use jiff::tz::TimeZone;

use super::{AnyConnection, Backend, Bind, Sql};
use crate::sql;
use crate::time::Timestamp;

/// The local time of a zone within a span.
#[derive(Debug, Clone)]
pub struct LocalTime {
    backend: Backend,
    /// The offset in seconds that holds at first.
    first: i64,
    /// From when on another one holds, the latest first.
    later: Vec<(Timestamp, i64)>,
}

/// More than any span of ours can hold.
const MOST_CHANGES: usize = 1_000;
const DAY_SECONDS: i64 = 86_400;
/// Moves moments before 1970 above zero, where both databases divide alike.
const SHIFT_DAYS: i64 = 100_000;
/// 1970-01-01 was a Thursday.
const FIRST_WEEKDAY: i64 = 3;

impl LocalTime {
    /// Right for moments from `from` until `until`.
    pub fn new(connection: &AnyConnection, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Self {
        let offset = |moment: jiff::Timestamp| i64::from(zone.to_offset(moment).seconds());
        let mut later: Vec<(Timestamp, i64)> = zone
            .following(from.to_jiff())
            .map(|change| Timestamp::from_jiff(change.timestamp()))
            .take_while(|change| *change < until)
            .take(MOST_CHANGES)
            .map(|change| (change, offset(change.to_jiff())))
            .collect();
        later.reverse();
        Self { backend: connection.backend(), first: offset(from.to_jiff()), later }
    }

    /// From spans in ascending order: from when on (absent: since ever) clocks are so many seconds ahead of UTC.
    pub fn of_spans(backend: Backend, spans: impl IntoIterator<Item = (Option<Timestamp>, i64)>) -> Self {
        let (mut first, mut later) = (0, Vec::new());
        for (from, seconds) in spans {
            match from {
                Some(from) => later.push((from, seconds)),
                None => first = seconds,
            }
        }
        later.reverse();
        Self { backend, first, later }
    }

    /// The number of the local day of a column or another expression, counted from 1970-01-01.
    pub fn day(&self, moment: &str) -> Sql<'static> {
        self.local(moment, &format!("/ {DAY_SECONDS} - {SHIFT_DAYS}"))
    }

    /// The local hour, 0 to 23.
    pub fn hour(&self, moment: &str) -> Sql<'static> {
        self.local(moment, &format!("% {DAY_SECONDS} / 3600"))
    }

    /// The local day of the week, 1 (Monday) to 7.
    pub fn weekday(&self, moment: &str) -> Sql<'static> {
        let mut weekday = sql!("(");
        weekday
            .push(self.local(moment, &format!("/ {DAY_SECONDS} + {}", FIRST_WEEKDAY - SHIFT_DAYS % 7 + 7)));
        weekday.push(sql!(" % 7 + 1)"));
        weekday
    }

    /// The seconds of the local clock, moved above zero, with a calculation behind them.
    fn local(&self, moment: &str, calculation: &str) -> Sql<'static> {
        let shift = SHIFT_DAYS * DAY_SECONDS;
        let seconds = match self.backend {
            Backend::Postgres => format!("CAST(FLOOR(EXTRACT(EPOCH FROM {moment})) AS bigint)"),
            // Microseconds above zero, because the fraction is cut off towards zero.
            Backend::Sqlite => format!("(({moment} + {shift}000000) / 1000000 - {shift})"),
        };
        let mut offset = String::new();
        let mut changes = Vec::new();
        for (change, seconds) in &self.later {
            offset.push_str(&format!(" WHEN {moment} >= {{}} THEN {}", shift + seconds));
            changes.push(Bind::from(*change));
        }
        let first = shift + self.first;
        let offset =
            if offset.is_empty() { first.to_string() } else { format!("CASE{offset} ELSE {first} END") };
        Sql::owned(format!("(({seconds} + {offset}) {calculation})"), changes)
    }
}
