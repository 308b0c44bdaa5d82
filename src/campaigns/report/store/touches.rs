//! Touches, summed up.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Scope;
use crate::campaigns::model::HOLDOUT;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId};
use crate::sql;
use crate::time::Timestamp;
use crate::touches::Outcome;

/// What became of touches: how many members had each outcome at least once.
#[derive(Debug, Clone, QueryableByName)]
pub struct FunnelRow {
    #[diesel(sql_type = Text)]
    pub arm: String,
    /// None over all channels.
    #[diesel(sql_type = Nullable<Text>)]
    pub channel: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub touches: i64,
    #[diesel(sql_type = BigInt)]
    pub units: i64,
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub sent: i64,
    #[diesel(sql_type = BigInt)]
    pub delivered: i64,
    #[diesel(sql_type = BigInt)]
    pub opened: i64,
    #[diesel(sql_type = BigInt)]
    pub clicked: i64,
    #[diesel(sql_type = BigInt)]
    pub replied: i64,
    #[diesel(sql_type = BigInt)]
    pub answered: i64,
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
    #[diesel(sql_type = BigInt)]
    pub objected: i64,
    #[diesel(sql_type = BigInt)]
    pub bounced: i64,
    #[diesel(sql_type = BigInt)]
    pub complained: i64,
    #[diesel(sql_type = BigInt)]
    pub unsubscribed: i64,
}

/// The touches of the campaign's arms, by channel or over all of them.
pub fn funnel(connection: &mut AnyConnection, scope: &Scope, by_channel: bool) -> Result<Vec<FunnelRow>> {
    let outcomes = || Outcome::NAMES.into_iter().map(Outcome::column);
    let (channel, key) = if by_channel { ("x.channel", "t.channel, ") } else { ("CAST(NULL AS text)", "") };
    let later: Vec<String> = outcomes().map(|outcome| format!("MAX(t.{outcome}_at) AS {outcome}")).collect();
    let counts: Vec<String> = outcomes().map(|outcome| format!("COUNT(x.{outcome}) AS {outcome}")).collect();
    let text = format!(
        "SELECT x.arm, {channel} AS channel, CAST(SUM(x.touches) AS bigint) AS touches,
             CAST(SUM(x.units) AS bigint) AS units, CAST(SUM(x.seconds) AS bigint) AS seconds, {}
         FROM (SELECT t.arm, {key}t.origin_id, COUNT(*) AS touches,
                 SUM(CASE WHEN t.sent_at IS NULL THEN 0 ELSE COALESCE(t.units, 1) END) AS units,
                 SUM(COALESCE(t.seconds, 0)) AS seconds, {}
             FROM touches t WHERE t.tenant_id = {{}} AND t.campaign_id = {{}} AND t.arm IS NOT NULL
             GROUP BY t.arm, {key}t.origin_id) x
         GROUP BY x.arm{} ORDER BY x.arm{}",
        counts.join(", "),
        later.join(", "),
        if by_channel { ", x.channel" } else { "" },
        if by_channel { ", x.channel" } else { "" },
    );
    Ok(sql!(&text, scope.tenant, scope.campaign).load(connection)?)
}

/// Objections of one kind.
#[derive(Debug, Clone, QueryableByName)]
pub struct ObjectionRow {
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub objection: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub touches: i64,
}

pub fn objections(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<ObjectionRow>> {
    Ok(sql!(
        "SELECT t.arm, t.channel, t.objection, COUNT(*) AS touches FROM touches t
         WHERE t.tenant_id = {} AND t.campaign_id = {} AND t.arm IS NOT NULL AND t.objected_at IS NOT NULL
         GROUP BY t.arm, t.channel, t.objection ORDER BY t.arm, t.channel, COUNT(*) DESC, t.objection",
        scope.tenant,
        scope.campaign
    )
    .load(connection)?)
}

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

/// The contacts since `from` of all campaigns with the members who bought in the window.
pub fn contacts(connection: &mut AnyConnection, scope: &Scope, from: Timestamp) -> Result<Vec<ContactRow>> {
    let query = sql!(
        "SELECT t.customer_id, t.campaign_id, t.channel, t.touched_at FROM touches t
         WHERE t.tenant_id = {} AND t.campaign_id IS NOT NULL AND t.touched_at >= {} AND t.touched_at < {}
             AND t.customer_id IN (SELECT m.customer_id FROM campaign_members m JOIN orders o
                 ON o.tenant_id = {} AND o.customer_id = m.customer_id
                 WHERE {} AND o.paid_at >= {} AND o.paid_at < {})",
        scope.tenant,
        from,
        scope.until,
        scope.tenant,
        scope.members(),
        scope.from,
        scope.until
    );
    Ok(query.load(connection)?)
}

/// Members of the holdout who were contacted all the same.
pub fn holdout_contacted(connection: &mut AnyConnection, scope: &Scope) -> Result<i64> {
    count(
        connection,
        &sql!(
            "SELECT COUNT(DISTINCT t.origin_id) AS count FROM touches t
             WHERE t.tenant_id = {} AND t.campaign_id = {} AND t.arm = {}",
            scope.tenant,
            scope.campaign,
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
        "SELECT x.campaign_id, COUNT(*) AS members FROM campaign_members m
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
