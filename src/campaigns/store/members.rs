//! Who is in a campaign.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::campaigns::model::CampaignState;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A member as listed.
#[derive(Debug, Clone, QueryableByName)]
pub struct MemberRow {
    #[diesel(sql_type = Guid)]
    pub origin_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Nullable<Text>)]
    pub arm: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub suppressed: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub spend_band: Option<String>,
    #[diesel(sql_type = Nullable<Guid>)]
    pub shop_id: Option<ShopId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub covariate_amount: Option<i64>,
}

/// Which members are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemberFilter<'a> {
    pub arm: Option<&'a str>,
    /// Those who were kept out before the draw, or the others.
    pub suppressed: Option<bool>,
}

impl<'a> MemberFilter<'a> {
    fn condition(self, tenant: TenantId, campaign: CampaignId) -> Sql<'a> {
        let mut condition = sql!("m.tenant_id = {} AND m.campaign_id = {}", tenant, campaign);
        if let Some(arm) = self.arm {
            condition.push(sql!(" AND m.arm = {}", arm));
        }
        if let Some(suppressed) = self.suppressed {
            condition.push(Sql::text(if suppressed {
                " AND m.arm IS NULL"
            } else {
                " AND m.arm IS NOT NULL"
            }));
        }
        condition
    }
}

/// Members of a campaign in the order of their ids.
pub fn members(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    filter: MemberFilter<'_>,
    after: Option<CustomerId>,
    rows: i64,
) -> Result<Vec<MemberRow>> {
    let query = sql!(
        "SELECT m.origin_id, m.customer_id, m.arm, m.suppressed, m.stage, m.spend_band, m.shop_id, m.covariate_amount
         FROM campaign_members m WHERE {} AND m.origin_id > {} ORDER BY m.origin_id LIMIT {}",
        filter.condition(tenant, campaign),
        after.unwrap_or(CustomerId::nil()),
        rows
    );
    Ok(query.load(connection)?)
}

pub fn count_members(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    filter: MemberFilter<'_>,
) -> Result<i64> {
    let condition = filter.condition(tenant, campaign);
    super::count_rows(
        connection,
        &sql!("SELECT COUNT(*) AS count FROM campaign_members m WHERE {}", condition),
    )
}

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Nullable<Text>)]
    arm: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    suppressed: Option<String>,
    #[diesel(sql_type = BigInt)]
    members: i64,
}

/// Counts by name.
pub type Counts = Vec<(String, i64)>;

/// How many members each arm has, and how many were kept out for each reason.
pub fn sizes(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
) -> Result<(Counts, Counts)> {
    let rows: Vec<SizeRow> = sql!(
        "SELECT m.arm, m.suppressed, COUNT(*) AS members FROM campaign_members m
         WHERE m.tenant_id = {} AND m.campaign_id = {} GROUP BY m.arm, m.suppressed ORDER BY m.arm, m.suppressed",
        tenant,
        campaign
    )
    .load(connection)?;
    let (mut arms, mut suppressed) = (Vec::new(), Vec::new());
    for row in rows {
        match (row.arm, row.suppressed) {
            (Some(arm), _) => arms.push((arm, row.members)),
            (None, reason) => suppressed.push((reason.unwrap_or_default(), row.members)),
        }
    }
    Ok((arms, suppressed))
}

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    merged_into: Option<CustomerId>,
    #[diesel(sql_type = Nullable<Instant>)]
    erased_at: Option<Timestamp>,
}

/// How many times a customer may have been merged into another who was merged in turn.
const LONGEST_CHAIN: usize = 16;

/// Of these ids the ones that the tenant has, each with the customer in whose file it is now; none that was erased.
pub fn known_customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    wanted: impl IntoIterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, CustomerId>, DbError> {
    let mut known: HashMap<CustomerId, CustomerId> = wanted.into_iter().map(|id| (id, id)).collect();
    let mut open: Vec<CustomerId> = known.keys().copied().collect();
    // Almost always one round: only those who were merged lead on to another customer.
    for _ in 0..LONGEST_CHAIN {
        if open.is_empty() {
            return Ok(known);
        }
        open.sort();
        let keyed = Keyed::of_tenant("customers", "c", tenant, "id", Column::ids(open.iter().copied()));
        let rows = keyed.rows(connection);
        let found: Vec<CustomerRow> =
            sql!("SELECT c.id, c.merged_into, c.erased_at FROM {}", rows).load(connection)?;
        let found: HashMap<CustomerId, CustomerRow> = found.into_iter().map(|row| (row.id, row)).collect();
        let asked = std::mem::take(&mut open);
        known.retain(|_, now| {
            if asked.binary_search(now).is_err() {
                return true;
            }
            match found.get(now) {
                Some(CustomerRow { merged_into: Some(survivor), .. }) => {
                    *now = *survivor;
                    open.push(*survivor);
                    true
                }
                Some(row) => row.erased_at.is_none(),
                None => false,
            }
        });
        open.dedup();
    }
    Ok(known)
}

/// A member with what the plan or somebody from outside decided.
#[derive(Debug, Clone)]
pub struct PlannedMember<'a> {
    pub origin: CustomerId,
    pub customer: CustomerId,
    pub arm: &'a str,
}

const ASSIGNED: Table = Table {
    name: "campaign_members",
    columns: &["tenant_id", "campaign_id", "origin_id", "customer_id", "arm"],
    key: &["tenant_id", "campaign_id", "origin_id"],
};

/// Gives members their arms, in place of those that they were given before.
pub fn assign(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    members: &[PlannedMember<'_>],
) -> Result<(), DbError> {
    Upsert {
        table: &ASSIGNED,
        values: vec![
            Column::ids(members.iter().map(|_| tenant)),
            Column::ids(members.iter().map(|_| campaign)),
            Column::ids(members.iter().map(|member| member.origin)),
            Column::ids(members.iter().map(|member| member.customer)),
            Column::texts(members.iter().map(|member| member.arm)),
        ],
        on_conflict: OnConflict::Update(&["arm"]),
    }
    .execute(connection)?;
    Ok(())
}

/// Marks the campaign as one whose arms come from outside and holds its row until the end of the transaction, unless it
/// was launched or is being launched.
pub fn open_for_assignments(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let (draft, scheduled) = (CampaignState::Draft.as_text(), CampaignState::Scheduled.as_text());
    let written = sql!(
        "UPDATE campaigns SET external = {}, updated_at = {}
         WHERE tenant_id = {} AND id = {} AND state IN ({}, {}) AND (launch_until IS NULL OR launch_until < {})",
        true,
        now,
        tenant,
        campaign,
        draft,
        scheduled,
        now
    )
    .execute(connection)?;
    Ok(written == 1)
}

/// How many members of a campaign are in the files of these customers.
pub fn members_of(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    customers: &[CustomerId],
) -> Result<i64> {
    if customers.is_empty() {
        return Ok(0);
    }
    let wanted = Column::ids(customers.iter().copied());
    super::count_rows(
        connection,
        &sql!(
            "SELECT COUNT(*) AS count FROM campaign_members m
             WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.customer_id {}",
            tenant,
            campaign,
            wanted
        ),
    )
}
