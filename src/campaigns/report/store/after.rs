//! What members did after the window.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::Scope;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::sql;
use crate::time::Timestamp;

/// An arm in a time after the window.
#[derive(Debug, Clone, QueryableByName)]
pub struct AfterRow {
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = BigInt)]
    pub buyers: i64,
    #[diesel(sql_type = BigInt)]
    pub revenue_amount: i64,
    /// Members with an order since the moment from which on nobody counts as dormant.
    #[diesel(sql_type = BigInt)]
    pub awake: i64,
}

/// Who bought from the window's end until a moment, and who had bought since another.
pub fn after(
    connection: &mut AnyConnection,
    scope: &Scope,
    until: Timestamp,
    awake_since: Timestamp,
) -> Result<Vec<AfterRow>> {
    let query = sql!(
        "SELECT m.arm, CAST(SUM(CASE WHEN o.orders > 0 THEN 1 ELSE 0 END) AS bigint) AS buyers,
             CAST(COALESCE(SUM(o.revenue), 0) AS bigint) AS revenue_amount,
             CAST(SUM(CASE WHEN o.last_order_at > {} THEN 1 ELSE 0 END) AS bigint) AS awake
         FROM campaign_members m JOIN (
             SELECT customer_id, MAX(paid_at) AS last_order_at, COUNT(CASE WHEN paid_at >= {} THEN 1 END) AS orders,
                 SUM(CASE WHEN paid_at >= {} THEN COALESCE(net_amount, 0) ELSE 0 END) AS revenue
             FROM orders WHERE tenant_id = {} AND customer_id IS NOT NULL AND paid_at >= {} AND paid_at < {}
             GROUP BY customer_id) o ON o.customer_id = m.customer_id
         WHERE {} GROUP BY m.arm",
        awake_since,
        scope.until,
        scope.until,
        scope.tenant,
        scope.until.min(awake_since),
        until,
        scope.members()
    );
    Ok(query.load(connection)?)
}
