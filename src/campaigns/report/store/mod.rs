//! What a report is made from: members and touches summed up by the database, the orders of the window
//! one by one.

mod after;
mod orders;
mod touches;

pub use after::after;
pub use orders::{OrderRow, coupons, each_order};
pub use touches::{
    ContactRow, FunnelRow, ObjectionRow, contacts, funnel, holdout_contacted, objections, overlaps,
};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::campaigns::lift::Moments;
use crate::campaigns::model::Campaign;
use crate::campaigns::store as campaigns;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, Sql, join_large_sets};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A campaign whose members are looked at, those left out who turned out to be one person.
#[derive(Debug, Clone)]
pub struct Scope {
    pub tenant: TenantId,
    pub campaign: CampaignId,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The members of each arm, and those who were kept out, by reason.
    pub arms: Vec<(String, i64)>,
    pub suppressed: Vec<(String, i64)>,
    /// The customers in whose file several members of the campaign are.
    pub merged: Vec<CustomerId>,
}

/// From so many members on they are joined with other tables as a whole, not looked up one by one.
const MANY: i64 = 20_000;

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
}

impl Scope {
    /// To be called within a snapshot.
    pub fn of(connection: &mut AnyConnection, campaign: &Campaign) -> Result<Self> {
        let (from, until) = campaign.window()?;
        let (tenant, id) = (campaign.tenant, campaign.id);
        let (arms, suppressed) = campaigns::sizes(connection, tenant, id)?;
        if arms.iter().map(|(_, members)| members).sum::<i64>() >= MANY {
            join_large_sets(connection)?;
        }
        // Few members were merged at all, and only their files are looked into.
        let rows: Vec<CustomerRow> = sql!(
            "SELECT m.customer_id FROM campaign_members m
             WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.customer_id IN (
                 SELECT x.customer_id FROM campaign_members x
                 WHERE x.tenant_id = {} AND x.campaign_id = {} AND x.origin_id <> x.customer_id)
             GROUP BY m.customer_id HAVING COUNT(*) > 1 ORDER BY m.customer_id",
            tenant,
            id,
            tenant,
            id
        )
        .load(connection)?;
        let merged = rows.into_iter().map(|row| row.customer_id).collect();
        Ok(Self { tenant, campaign: id, from, until, arms, suppressed, merged })
    }

    /// The members who have an arm and count, over `m`.
    fn members(&self) -> Sql<'_> {
        let mut condition =
            sql!("m.tenant_id = {} AND m.campaign_id = {} AND m.arm IS NOT NULL", self.tenant, self.campaign);
        if !self.merged.is_empty() {
            condition.push(sql!(" AND NOT (m.customer_id {})", Column::ids(self.merged.iter().copied())));
        }
        condition
    }
}

/// Spends are squared in two halves, so that their sum fits 64 bits with millions of members; see [`MemberSums::covariate`].
const HALF: i64 = 1 << 20;

/// What members have in common: their arm and their cells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, QueryableByName)]
pub struct Group {
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub spend_band: Option<String>,
    #[diesel(sql_type = Nullable<Guid>)]
    pub shop_id: Option<ShopId>,
}

/// The members of a group, added up.
#[derive(Debug, Clone, QueryableByName)]
pub struct MemberSums {
    #[diesel(embed)]
    pub group: Group,
    #[diesel(sql_type = BigInt)]
    pub members: i64,
    #[diesel(sql_type = BigInt)]
    covariate: i64,
    #[diesel(sql_type = BigInt)]
    high_high: i64,
    #[diesel(sql_type = BigInt)]
    high_low: i64,
    #[diesel(sql_type = BigInt)]
    low_low: i64,
}

impl MemberSums {
    /// The sums of what the members spent before, and of its squares.
    pub fn covariate(&self) -> Moments {
        let half = i128::from(HALF);
        let squares = half * half * i128::from(self.high_high)
            + 2 * half * i128::from(self.high_low)
            + i128::from(self.low_low);
        Moments { count: self.members, sum: self.covariate.into(), squares }
    }
}

pub fn member_sums(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<MemberSums>> {
    let text = format!(
        "SELECT m.arm, m.stage, m.spend_band, m.shop_id, COUNT(*) AS members,
             CAST(COALESCE(SUM(m.covariate_amount), 0) AS bigint) AS covariate,
             CAST(COALESCE(SUM((m.covariate_amount / {HALF}) * (m.covariate_amount / {HALF})), 0) AS bigint) AS high_high,
             CAST(COALESCE(SUM((m.covariate_amount / {HALF}) * (m.covariate_amount % {HALF})), 0) AS bigint) AS high_low,
             CAST(COALESCE(SUM((m.covariate_amount % {HALF}) * (m.covariate_amount % {HALF})), 0) AS bigint) AS low_low
         FROM campaign_members m WHERE {{}} GROUP BY m.arm, m.stage, m.spend_band, m.shop_id
         ORDER BY m.arm, m.stage, m.spend_band, m.shop_id"
    );
    Ok(sql!(&text, scope.members()).load(connection)?)
}
