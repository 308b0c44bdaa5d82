//! The members of a campaign, added up.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Scope;
use crate::campaigns::lift::Moments;
use crate::db::AnyConnection;
use crate::db::types::Guid;
use crate::error::Result;
use crate::ids::{CustomerId, ShopId};
use crate::sql;

/// What members have in common: their arm and their cells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    pub arm: String,
    pub stage: Option<String>,
    pub spend_band: Option<String>,
    pub shop_id: Option<ShopId>,
    /// One bit for each of the campaign's `cell_segments`.
    pub segments: i64,
}

/// The members of a group, added up.
#[derive(Debug, Clone)]
pub struct MemberSums {
    pub group: Group,
    /// How many there are, what they spent before, and the squares of that.
    pub covariate: Moments,
}

#[derive(QueryableByName)]
struct GroupRow {
    #[diesel(sql_type = Nullable<Text>)]
    arm: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    suppressed: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    spend_band: Option<String>,
    #[diesel(sql_type = Nullable<Guid>)]
    shop_id: Option<ShopId>,
    #[diesel(sql_type = BigInt)]
    segments: i64,
    #[diesel(sql_type = BigInt)]
    members: i64,
    /// Members in whose place somebody else's file now is.
    #[diesel(sql_type = BigInt)]
    moved: i64,
    #[diesel(sql_type = BigInt)]
    covariate: i64,
    #[diesel(sql_type = BigInt)]
    high_high: i64,
    #[diesel(sql_type = BigInt)]
    high_low: i64,
    #[diesel(sql_type = BigInt)]
    low_low: i64,
}

/// Spends are squared in two halves, so that their sum fits 64 bits with millions of members; see
/// [`MAX_COVARIATE`](crate::campaigns::launch::MAX_COVARIATE).
const HALF: i64 = 1 << 20;

/// Fills in who is in the campaign.
pub(super) fn count(connection: &mut AnyConnection, scope: &mut Scope) -> Result<()> {
    let rows = grouped(connection, scope, "m.tenant_id = {} AND m.campaign_id = {}")?;
    for row in &rows {
        let (sizes, key) = match &row.arm {
            Some(arm) => (&mut scope.arms, arm.as_str()),
            None => (&mut scope.suppressed, row.suppressed.as_deref().unwrap_or_default()),
        };
        match sizes.iter_mut().find(|(known, _)| known == key) {
            Some((_, members)) => *members += row.members,
            None => sizes.push((key.into(), row.members)),
        }
    }
    // The databases need not agree on the order of reasons.
    scope.suppressed.sort();
    if rows.iter().any(|row| row.moved > 0) {
        scope.merged = merged(connection, scope)?;
    }
    let counting = if scope.merged.is_empty() { rows } else { without_merged(connection, scope)? };
    scope.sums = counting.into_iter().filter_map(GroupRow::sums).collect();
    Ok(())
}

fn without_merged(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<GroupRow>> {
    let text = grouped_text("{}");
    Ok(sql!(&text, scope.members()).load(connection)?)
}

fn grouped(connection: &mut AnyConnection, scope: &Scope, condition: &str) -> Result<Vec<GroupRow>> {
    let text = grouped_text(condition);
    Ok(sql!(&text, scope.tenant, scope.campaign).load(connection)?)
}

fn grouped_text(condition: &str) -> String {
    let (high, low) = (format!("(m.covariate_amount / {HALF})"), format!("(m.covariate_amount % {HALF})"));
    let sum = |of: &str, name: &str| format!("CAST(COALESCE(SUM({of}), 0) AS bigint) AS {name}");
    format!(
        "SELECT m.arm, m.suppressed, m.stage, m.spend_band, m.shop_id, COALESCE(m.segments, 0) AS segments,
             COUNT(*) AS members,
             COUNT(CASE WHEN m.origin_id <> m.customer_id THEN 1 END) AS moved, {}, {}, {}, {}
         FROM campaign_members m WHERE {condition}
         GROUP BY m.arm, m.suppressed, m.stage, m.spend_band, m.shop_id, COALESCE(m.segments, 0)
         ORDER BY m.arm, m.suppressed, m.stage, m.spend_band, m.shop_id, COALESCE(m.segments, 0)",
        sum("m.covariate_amount", "covariate"),
        sum(&format!("{high} * {high}"), "high_high"),
        sum(&format!("{high} * {low}"), "high_low"),
        sum(&format!("{low} * {low}"), "low_low"),
    )
}

impl GroupRow {
    /// The sums of those who have an arm.
    fn sums(self) -> Option<MemberSums> {
        let half = i128::from(HALF);
        let squares = half * half * i128::from(self.high_high)
            + 2 * half * i128::from(self.high_low)
            + i128::from(self.low_low);
        let covariate = Moments { count: self.members, sum: self.covariate.into(), squares };
        let Self { arm, stage, spend_band, shop_id, segments, .. } = self;
        let group = Group { arm: arm?, stage, spend_band, shop_id, segments };
        Some(MemberSums { group, covariate })
    }
}

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
}

/// The customers in whose file several members are. Few members were merged at all, and only their files are looked into.
fn merged(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<CustomerId>> {
    let rows: Vec<CustomerRow> = sql!(
        "SELECT m.customer_id FROM (
             SELECT DISTINCT x.customer_id FROM campaign_members x
             WHERE x.tenant_id = {} AND x.campaign_id = {} AND x.origin_id <> x.customer_id) x
         CROSS JOIN campaign_members m
         WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.customer_id = x.customer_id
         GROUP BY m.customer_id HAVING COUNT(*) > 1 ORDER BY m.customer_id",
        scope.tenant,
        scope.campaign,
        scope.tenant,
        scope.campaign
    )
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.customer_id).collect())
}
