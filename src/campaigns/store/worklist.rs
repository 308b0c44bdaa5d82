//! Members who are still to be contacted.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::eligibility::Reasons;
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::consents::Channel;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column};
use crate::error::Result;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A member by both ids.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Open {
    #[diesel(sql_type = Guid)]
    pub origin_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
}

/// Members of the variants without a touch of the campaign over the channel.
pub fn open(
    connection: &mut AnyConnection,
    campaign: &Campaign,
    channel: Channel,
    after: Option<CustomerId>,
    rows: i64,
) -> Result<Vec<Open>> {
    let (tenant, id) = (campaign.tenant, campaign.id);
    let query = sql!(
        "SELECT m.origin_id, m.customer_id FROM campaign_members m
         WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.arm <> {} AND m.origin_id > {} AND NOT EXISTS (
             SELECT 1 FROM touches t WHERE t.tenant_id = {} AND t.campaign_id = {} AND t.arm = m.arm
                 AND t.origin_id = m.origin_id AND t.channel = {})
         ORDER BY m.origin_id LIMIT {}",
        tenant,
        id,
        HOLDOUT,
        after.unwrap_or(CustomerId::nil()),
        tenant,
        id,
        channel.as_str(),
        rows
    );
    Ok(query.load(connection)?)
}

/// A member with what somebody who contacts them needs.
#[derive(Debug, Clone, QueryableByName)]
pub struct Contact {
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub stage: Option<String>,
    #[diesel(sql_type = Nullable<Guid>)]
    pub shop_id: Option<ShopId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub nick: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub city: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    #[diesel(sql_type = BigInt)]
    pub spent_amount: i64,
    #[diesel(sql_type = Nullable<Instant>)]
    pub last_order_at: Option<Timestamp>,
    /// Why the member is left alone for now.
    #[diesel(sql_type = Nullable<Text>)]
    pub held_back: Option<String>,
}

/// These members, each once.
pub fn contacts(
    connection: &mut AnyConnection,
    campaign: &Campaign,
    customers: &[CustomerId],
    reasons: &Reasons,
) -> Result<Vec<Contact>> {
    let wanted = || Column::ids(customers.iter().copied());
    let query = sql!(
        "SELECT c.id AS customer_id, m.arm, m.stage, m.shop_id, c.name, c.nick, c.phone, c.email, c.city,
             COALESCE(f.orders, 0) AS orders, COALESCE(f.spent_amount, 0) AS spent_amount, f.last_order_at,
             CASE WHEN c.erased_at IS NOT NULL THEN 'erased' ELSE {} END AS held_back
         FROM campaign_members m JOIN customers c ON c.tenant_id = {} AND c.id = m.customer_id
         LEFT JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = m.customer_id{}
         WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.customer_id {} AND m.arm <> {}
         ORDER BY m.origin_id",
        reasons.reason.clone(),
        campaign.tenant,
        campaign.tenant,
        reasons.joins.clone(),
        campaign.tenant,
        campaign.id,
        wanted(),
        HOLDOUT
    );
    Ok(query.load(connection)?)
}

/// A line of an order that a customer paid.
#[derive(Debug, Clone, QueryableByName)]
pub struct Purchase {
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Instant)]
    pub paid_at: Timestamp,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub sku: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
}

/// The last three lines that each of these customers bought, the newest first.
pub fn purchases(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<Vec<Purchase>> {
    let query = sql!(
        "SELECT x.customer_id, x.paid_at, x.title, x.sku, x.quantity FROM (
             SELECT o.customer_id, o.paid_at, l.title, l.sku, l.quantity, ROW_NUMBER() OVER (
                 PARTITION BY o.customer_id ORDER BY o.paid_at DESC, l.order_id, l.position) AS place
             FROM orders o JOIN order_lines l ON l.tenant_id = {} AND l.order_id = o.id
             WHERE o.tenant_id = {} AND o.customer_id {} AND o.paid_at IS NOT NULL) x
         WHERE x.place <= 3 ORDER BY x.customer_id, x.place",
        tenant,
        tenant,
        Column::ids(customers.iter().copied())
    );
    Ok(query.load(connection)?)
}

#[derive(QueryableByName)]
struct ZoneRow {
    #[diesel(sql_type = Guid)]
    id: ShopId,
    #[diesel(sql_type = Text)]
    timezone: String,
}

/// The time zone of each shop.
pub fn zones(connection: &mut AnyConnection, tenant: TenantId) -> Result<HashMap<ShopId, String>> {
    let rows: Vec<ZoneRow> =
        sql!("SELECT s.id, s.timezone FROM shops s WHERE s.tenant_id = {}", tenant).load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.timezone)).collect())
}
