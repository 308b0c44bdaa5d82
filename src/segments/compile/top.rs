//! Only the foremost of a group.

use super::fact::{date_of_facts, is_date_kept, is_kept};
use super::{Base, Compiler};
use crate::db::Sql;
use crate::segments::language::checked::{Top, TopBy, TopSize};
use crate::sql;

/// The tables that the order needs.
pub fn base(top: &Top) -> Base {
    let facts = match top.by {
        TopBy::Metric(metric) => is_kept(metric, &top.scope),
        TopBy::Date(metric) => is_date_kept(metric, &top.scope),
    };
    Base { facts, customers: false }
}

impl Compiler<'_> {
    /// The foremost of `rows` (`FROM … WHERE …`): those without a value come last, equals go by their id.
    pub(super) fn foremost(&self, top: &Top, rows: Sql<'static>) -> Sql<'static> {
        let id = self.base.id();
        let kept = base(top).facts;
        let value = match top.by {
            _ if !kept => sql!("v.value"),
            TopBy::Metric(metric) => self.metric_of_facts(metric).sorted_by(),
            TopBy::Date(metric) => date_of_facts(metric, "f."),
        };
        let direction = if top.ascending { "" } else { " DESC" };
        // What a share of the group is becomes exact by counting: the place before the last one lies below it.
        let (units, whole) = match top.size {
            TopSize::Count(count) => (i64::from(count), None),
            TopSize::Percent(percent) => {
                (percent.units(), Some(100_i64.saturating_mul(10_i64.saturating_pow(percent.scale()))))
            }
        };
        let limit = match whole {
            None => sql!("m.place <= {}", units),
            Some(whole) => sql!("(m.place - 1) * {} < m.total * {}", whole, units),
        };
        let ordered = sql!(
            "SELECT {} AS id, {} AS value {}",
            Sql::text(id),
            if kept { value.clone() } else { sql!("NULL") },
            rows
        );
        let ranked = |from: Sql<'static>, value: &'static str| {
            sql!(
                "SELECT m.id FROM (SELECT r.id, COUNT(*) OVER () AS total, ROW_NUMBER() OVER (ORDER BY
                 CASE WHEN {} IS NULL THEN 1 ELSE 0 END, {}{}, r.id) AS place FROM {}) m WHERE {}",
                Sql::text(value),
                Sql::text(value),
                Sql::text(direction),
                from,
                limit.clone()
            )
        };
        if kept {
            return ranked(sql!("({}) r", ordered), "r.value").once();
        }
        // Who has no rows has no value, but sums are 0 then.
        let (grouped, sorted_by, value) = match top.by {
            TopBy::Metric(metric) => {
                let (grouped, number) = self.added_up(metric, &top.scope);
                let value = if number.is_summed(metric) { "COALESCE(v.value, 0)" } else { "v.value" };
                (grouped, number.sorted_by(), value)
            }
            TopBy::Date(metric) => {
                let (grouped, date) = self.dated(metric, &top.scope);
                (grouped, date, "v.value")
            }
        };
        let valued = sql!(
            "SELECT {} AS customer_id, {} AS value {} GROUP BY {}",
            Sql::text(grouped.customer),
            sorted_by,
            grouped.rows,
            Sql::text(grouped.customer)
        );
        ranked(sql!("({}) r LEFT JOIN ({}) v ON v.customer_id = r.id", ordered, valued), value).once()
    }
}
