//! What an export tells of campaigns and of contacts.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, TenantId, TouchId};
use crate::sql;
use crate::time::Timestamp;

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

/// A contact with a person.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct ToldTouch {
    #[diesel(sql_type = Guid)]
    pub id: TouchId,
    #[diesel(sql_type = Nullable<Guid>)]
    pub campaign_id: Option<CampaignId>,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Text)]
    pub external_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = Instant)]
    pub touched_at: Timestamp,
    #[diesel(sql_type = Nullable<Instant>)]
    pub opened_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub clicked_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub replied_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Text>)]
    pub objection: Option<String>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub complained_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub unsubscribed_at: Option<Timestamp>,
}

pub fn memberships(
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

pub fn touches(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<ToldTouch>> {
    Ok(sql!(
        "SELECT t.id, t.campaign_id, t.channel, t.external_id, t.subject, t.touched_at, t.opened_at, t.clicked_at,
             t.replied_at, t.objection, t.complained_at, t.unsubscribed_at
         FROM touches t WHERE t.tenant_id = {} AND t.customer_id {} ORDER BY t.touched_at DESC, t.id",
        tenant,
        Column::ids(customers.iter().copied())
    )
    .load(connection)?)
}
