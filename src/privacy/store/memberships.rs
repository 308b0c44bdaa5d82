//! What an export tells of campaigns.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::types::Guid;
use crate::db::{AnyConnection, Column};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, TenantId};
use crate::sql;

/// A campaign that a person was in.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct Membership {
    #[diesel(sql_type = Guid)]
    pub campaign_id: CampaignId,
    /// In which arm they were drawn.
    #[diesel(sql_type = Nullable<Text>)]
    pub arm: Option<String>,
    /// Why they were kept out.
    #[diesel(sql_type = Nullable<Text>)]
    pub suppressed: Option<String>,
    /// Their stage at the launch.
    #[diesel(sql_type = Nullable<Text>)]
    pub stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub spend_band: Option<String>,
    /// What they had spent in the year before the launch.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub covariate_amount: Option<i64>,
}

pub fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<Membership>> {
    Ok(sql!(
        "SELECT m.campaign_id, m.arm, m.suppressed, m.stage, m.spend_band, m.covariate_amount
         FROM campaign_members m JOIN campaigns k ON k.tenant_id = {} AND k.id = m.campaign_id
         WHERE m.tenant_id = {} AND m.customer_id {} AND k.launched_at IS NOT NULL
         ORDER BY k.launched_at DESC, m.campaign_id, m.origin_id",
        tenant,
        tenant,
        Column::ids(customers.iter().copied())
    )
    .load(connection)?)
}
