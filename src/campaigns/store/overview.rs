//! What is asked of all campaigns together.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::db::AnyConnection;
use crate::error::Result;
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

/// Customers who were contacted so often.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct ContactCount {
    /// Ten stands for ten and more.
    #[diesel(sql_type = BigInt)]
    pub touches: i64,
    #[diesel(sql_type = BigInt)]
    pub customers: i64,
    /// All their contacts.
    #[diesel(sql_type = BigInt)]
    pub all: i64,
}

/// How many customers had how many contacts that did not bounce.
pub fn contact_counts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<ContactCount>> {
    let query = sql!(
        "SELECT x.step AS touches, COUNT(*) AS customers, CAST(SUM(x.touches) AS bigint) AS \"all\" FROM (
             SELECT COUNT(*) AS touches, CASE WHEN COUNT(*) < 10 THEN COUNT(*) ELSE 10 END AS step FROM touches t
             WHERE t.tenant_id = {} AND t.touched_at >= {} AND t.touched_at < {} AND t.bounced_at IS NULL
             GROUP BY t.customer_id) x
         GROUP BY x.step ORDER BY x.step",
        tenant,
        since,
        until
    );
    Ok(query.load(connection)?)
}
