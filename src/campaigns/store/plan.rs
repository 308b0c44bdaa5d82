//! What a plan asks of the archive.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use super::launch::Audience;
use super::qualifying::qualifying;
use crate::campaigns::model::Campaign;
use crate::consents::{Channel, ConsentPolicy, reachable};
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

impl Audience<'_> {
    /// The ids of those for whom a condition over `c` holds.
    fn those(&self, tenant: TenantId, joins: Sql<'static>, condition: Sql<'static>) -> Sql<'_> {
        sql!(
            "SELECT c.id FROM customers c{} WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL
                 AND ({}) AND {}",
            joins,
            tenant,
            self.condition.clone(),
            condition
        )
    }
}

/// How many of the audience can be contacted over the channel.
pub fn reachable_members(
    connection: &mut AnyConnection,
    tenant: TenantId,
    audience: &Audience<'_>,
    channel: Channel,
    policy: &ConsentPolicy,
) -> Result<i64> {
    let those = audience.those(tenant, Sql::default(), reachable(tenant, channel, policy, None));
    super::count_rows(connection, &sql!("SELECT COUNT(*) AS count FROM ({}) m", those))
}

/// What the members did in the stretches, taken together.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
pub struct PastSums {
    /// Members with a qualifying order, counted in each stretch.
    #[diesel(sql_type = BigInt)]
    pub conversions: i64,
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    #[diesel(sql_type = BigInt)]
    pub revenue_amount: i64,
}

/// The qualifying orders of those who may be contacted, in stretches that begin at `starts`, the last of them first; each
/// ends where the one before it in the list begins, the first at `now`.
pub fn history(
    connection: &mut AnyConnection,
    campaign: &Campaign,
    audience: &Audience<'_>,
    starts: &[Timestamp],
    now: Timestamp,
) -> Result<PastSums> {
    let tenant = campaign.tenant;
    let Some(from) = starts.last() else { return Ok(PastSums::default()) };
    let mut stretch = Sql::text("CASE");
    for (number, start) in (0i64..).zip(starts) {
        stretch.push(sql!(" WHEN o.paid_at >= {} THEN {}", *start, number));
    }
    stretch.push(Sql::text(" END"));
    let eligible = sql!("({}) IS NULL", audience.reasons.reason.clone());
    let query = sql!(
        "SELECT COUNT(*) AS conversions, CAST(COALESCE(SUM(x.orders), 0) AS bigint) AS orders,
             CAST(COALESCE(SUM(x.revenue_amount), 0) AS bigint) AS revenue_amount
         FROM (
             SELECT y.customer_id, y.stretch, COUNT(*) AS orders, SUM(y.net_amount) AS revenue_amount FROM (
                 SELECT o.customer_id, {} AS stretch, COALESCE(o.net_amount, 0) AS net_amount FROM orders o
                 WHERE o.tenant_id = {} AND o.paid_at >= {} AND o.paid_at < {} AND o.customer_id IN ({}){}
             ) y GROUP BY y.customer_id, y.stretch
         ) x",
        stretch,
        tenant,
        *from,
        now,
        audience.those(tenant, audience.reasons.joins.clone(), eligible),
        qualifying(tenant, &campaign.document.conversion, connection.backend())
    );
    Ok(query.first(connection)?.unwrap_or_default())
}
