//! What members did after the window.

use super::Scope;
use crate::db::{AnyConnection, DbError, Sql, each_row_of_all};
use crate::error::Result;
use crate::sql;
use crate::time::Timestamp;

/// A time from the window's end on.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub days: i64,
    pub until: Timestamp,
    /// Who has not bought since counts as dormant at the end of the time.
    pub awake_since: Timestamp,
}

/// What an arm did in a time after the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterRow {
    pub days: i64,
    pub arm: String,
    pub buyers: i64,
    pub revenue_amount: i64,
    /// Members who at the end of the time do not count as dormant.
    pub awake: i64,
}

/// What the arms did in each of the spans, in one pass over the orders.
pub fn after(connection: &mut AnyConnection, scope: &Scope, spans: &[Span]) -> Result<Vec<AfterRow>> {
    let Some(last) = spans.iter().map(|span| span.until).max() else { return Ok(Vec::new()) };
    let first = spans.iter().fold(scope.until, |first, span| first.min(span.awake_since));
    let (mut sums, mut parts) = (Sql::default(), Sql::default());
    for (place, span) in spans.iter().enumerate() {
        let text = format!(
            ", CAST(SUM(CASE WHEN o.orders_{place} > 0 THEN 1 ELSE 0 END) AS bigint)
             , CAST(SUM(o.revenue_{place}) AS bigint), CAST(SUM(o.awake_{place}) AS bigint)"
        );
        sums.push(Sql::owned(text, vec![]));
        let text = format!(
            ", COUNT(CASE WHEN paid_at >= {{}} AND paid_at < {{}} THEN 1 END) AS orders_{place}
             , SUM(CASE WHEN paid_at >= {{}} AND paid_at < {{}} THEN COALESCE(net_amount, 0) ELSE 0 END) AS revenue_{place}
             , MAX(CASE WHEN paid_at > {{}} AND paid_at < {{}} THEN 1 ELSE 0 END) AS awake_{place}"
        );
        let bounds = [scope.until, span.until, scope.until, span.until, span.awake_since, span.until];
        parts.push(Sql::owned(text, bounds.map(Into::into).into()));
    }
    // Of a large campaign nearly everybody is a member; of others only the members' orders are looked at.
    let own = if scope.large {
        Sql::default()
    } else {
        sql!(" AND customer_id IN (SELECT m.customer_id FROM campaign_members m WHERE {})", scope.members())
    };
    let query = sql!(
        "SELECT m.arm{} FROM (
             SELECT customer_id{} FROM orders
             WHERE tenant_id = {} AND customer_id IS NOT NULL AND paid_at >= {} AND paid_at < {}{}
             GROUP BY customer_id) o
         JOIN campaign_members m ON m.customer_id = o.customer_id WHERE {} GROUP BY m.arm",
        sums,
        parts,
        scope.tenant,
        first,
        last,
        own,
        scope.members()
    );
    let mut rows = Vec::new();
    each_row_of_all::<DbError>(connection, &query, |row| {
        let arm = row.text(0)?.unwrap_or_default();
        let count = |place| Ok::<_, DbError>(row.int(place)?.unwrap_or(0));
        for (place, span) in spans.iter().enumerate() {
            let first = 1 + 3 * place;
            rows.push(AfterRow {
                days: span.days,
                arm: arm.clone(),
                buyers: count(first)?,
                revenue_amount: count(first + 1)?,
                awake: count(first + 2)?,
            });
        }
        Ok(())
    })?;
    Ok(rows)
}
