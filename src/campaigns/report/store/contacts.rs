//! Whom campaigns were in contact with.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::Scope;
use crate::campaigns::model::HOLDOUT;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId};
use crate::sql;
use crate::time::Timestamp;

/// A contact with a customer who bought, on behalf of any campaign.
#[derive(Debug, Clone, QueryableByName)]
pub struct ContactRow {
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub campaign_id: CampaignId,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Instant)]
    pub touched_at: Timestamp,
}

/// The contacts since `from` of all campaigns with the members who bought in the window, and maybe with other buyers.
pub fn contacts(connection: &mut AnyConnection, scope: &Scope, from: Timestamp) -> Result<Vec<ContactRow>> {
    // Of a large campaign nearly everybody who bought is a member; a contact with somebody else does no harm.
    let buyers = if scope.large {
        sql!(
            "SELECT o.customer_id FROM orders o WHERE o.tenant_id = {} AND o.paid_at >= {} AND o.paid_at < {}",
            scope.tenant,
            scope.from,
            scope.until
        )
    } else {
        sql!("SELECT m.customer_id FROM {} WHERE {}", scope.orders(), scope.ordered())
    };
    let query = sql!(
        "SELECT t.customer_id, t.campaign_id, t.channel, t.touched_at FROM touches t
         WHERE t.tenant_id = {} AND t.campaign_id IS NOT NULL AND t.touched_at >= {} AND t.touched_at < {}
             AND t.customer_id IN ({})",
        scope.tenant,
        from,
        scope.until,
        buyers
    );
    Ok(query.load(connection)?)
}

/// Members of the holdout who were contacted all the same.
pub fn holdout_contacted(connection: &mut AnyConnection, scope: &Scope) -> Result<i64> {
    count(
        connection,
        &sql!(
            "SELECT COUNT(DISTINCT t.origin_id) AS count FROM touches t
             WHERE {} AND t.arm = {}",
            scope.touched(),
            HOLDOUT
        ),
    )
}

#[derive(Debug, QueryableByName)]
struct OverlapRow {
    #[diesel(sql_type = Guid)]
    campaign_id: CampaignId,
    #[diesel(sql_type = BigInt)]
    members: i64,
}

/// Campaigns whose windows overlap this one's, with the members whom they treated as well.
pub fn overlaps(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<(CampaignId, i64)>> {
    let others = sql!(
        "SELECT k.id FROM campaigns k
         WHERE k.tenant_id = {} AND k.id <> {} AND k.launched_at < {} AND k.ends_at > {}",
        scope.tenant,
        scope.campaign,
        scope.until,
        scope.from
    );
    if count(connection, &sql!("SELECT COUNT(*) AS count FROM ({}) k", others.clone()))? == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<OverlapRow> = sql!(
        "SELECT x.campaign_id, COUNT(DISTINCT m.origin_id) AS members FROM campaign_members m
         JOIN campaign_members x ON x.tenant_id = {} AND x.customer_id = m.customer_id
         WHERE {} AND x.campaign_id IN ({}) AND x.arm <> {} GROUP BY x.campaign_id ORDER BY x.campaign_id",
        scope.tenant,
        scope.members(),
        others,
        HOLDOUT
    )
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.campaign_id, row.members)).collect())
}

fn count(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}
