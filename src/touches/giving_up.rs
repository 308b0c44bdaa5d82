//! Who is left alone for not coming back.

use crate::campaigns::contact_plan::GiveUp;
use crate::db::{Backend, Sql};
use crate::ids::TenantId;
use crate::sql;

/// Customers who were contacted so many times within so many days, all since their last order.
pub fn given_up(tenant: TenantId, backend: Backend, rule: GiveUp, those: Sql<'static>) -> Sql<'static> {
    let within = match backend {
        Backend::Postgres => sql!("x.earlier >= x.touched_at - {} * interval '1 day'", rule.days),
        Backend::Sqlite => sql!("x.earlier >= x.touched_at - {} * 86400000000", rule.days),
    };
    sql!(
        "SELECT DISTINCT x.customer_id FROM (
             SELECT t.customer_id, t.touched_at, LAG(t.touched_at, {}) OVER (
                 PARTITION BY t.customer_id ORDER BY t.touched_at) AS earlier
             FROM touches t LEFT JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = t.customer_id
             WHERE t.tenant_id = {} AND (f.last_order_at IS NULL OR t.touched_at > f.last_order_at)
                 AND t.bounced_at IS NULL{}) x
         WHERE x.earlier IS NOT NULL AND {}",
        // Whole numbers stand in the text, for the databases do not agree on the type of this argument.
        Sql::owned((rule.contacts - 1).to_string(), Vec::new()),
        tenant,
        tenant,
        those,
        within
    )
}
