//! Campaigns themselves.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::campaigns::model::{Campaign, CampaignState};
use crate::db::schema::{campaign_members, campaign_reports, campaigns};
use crate::db::types::Json;
use crate::db::{AnyConnection, Column, Sql};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, TenantId};
use crate::sql;
use crate::time::Timestamp;

#[derive(Insertable, QueryableByName)]
#[diesel(table_name = campaigns)]
struct CampaignRow {
    tenant_id: TenantId,
    id: CampaignId,
    name: String,
    purpose: String,
    state: String,
    plan: Json,
    seed: String,
    external: bool,
    scheduled_at: Option<Timestamp>,
    launched_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

const COLUMNS: &str = "k.tenant_id, k.id, k.name, k.purpose, k.state, k.plan, k.seed, k.external, k.scheduled_at, \
    k.launched_at, k.ends_at, k.ended_at, k.created_at, k.updated_at, k.revision";

impl CampaignRow {
    fn new(campaign: &Campaign) -> Result<Self> {
        Ok(Self {
            tenant_id: campaign.tenant,
            id: campaign.id,
            name: campaign.document.name.clone(),
            purpose: campaign.document.purpose.as_text(),
            state: campaign.state.as_text(),
            plan: Json(serde_json::to_value(&campaign.document)?),
            seed: campaign.seed.clone(),
            external: campaign.external,
            scheduled_at: campaign.document.scheduled_at,
            launched_at: campaign.launched_at,
            ends_at: campaign.ends_at,
            ended_at: campaign.ended_at,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
            revision: campaign.revision,
        })
    }

    fn into_campaign(self) -> Result<Campaign> {
        Ok(Campaign {
            tenant: self.tenant_id,
            id: self.id,
            state: CampaignState::parse(&self.state)?,
            document: self.plan.parse()?,
            seed: self.seed,
            external: self.external,
            launched_at: self.launched_at,
            ends_at: self.ends_at,
            ended_at: self.ended_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}

pub fn insert(connection: &mut AnyConnection, campaign: &Campaign) -> Result<()> {
    diesel::insert_into(campaigns::table).values(CampaignRow::new(campaign)?).execute(connection)?;
    Ok(())
}

/// The campaign, if the tenant has it.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: CampaignId) -> Result<Option<Campaign>> {
    let text = format!("SELECT {COLUMNS} FROM campaigns k WHERE k.tenant_id = {{}} AND k.id = {{}}");
    let row: Option<CampaignRow> = sql!(&text, tenant, id).first(connection)?;
    row.map(CampaignRow::into_campaign).transpose()
}

/// Campaigns launched from one moment until another, the latest first.
pub fn launched(
    connection: &mut AnyConnection,
    tenant: TenantId,
    from: Timestamp,
    until: Timestamp,
    rows: i64,
) -> Result<Vec<Campaign>> {
    let text = format!(
        "SELECT {COLUMNS} FROM campaigns k WHERE k.tenant_id = {{}} AND k.launched_at >= {{}} AND k.launched_at < {{}}
         ORDER BY k.launched_at DESC, k.id DESC LIMIT {{}}"
    );
    let found: Vec<CampaignRow> = sql!(&text, tenant, from, until, rows).load(connection)?;
    found.into_iter().map(CampaignRow::into_campaign).collect()
}

/// The campaigns with these names or ids.
pub fn named(
    connection: &mut AnyConnection,
    tenant: TenantId,
    names: &BTreeSet<String>,
) -> Result<Vec<Campaign>> {
    let ids = names.iter().filter_map(|name| name.parse::<CampaignId>().ok());
    let mut any = sql!("k.name {}", Column::texts(names.iter().map(String::as_str)));
    ids.for_each(|id| any.push(sql!(" OR k.id = {}", id)));
    let text = format!("SELECT {COLUMNS} FROM campaigns k WHERE k.tenant_id = {{}} AND ({{}}) ORDER BY k.id");
    let rows: Vec<CampaignRow> = sql!(&text, tenant, any).load(connection)?;
    rows.into_iter().map(CampaignRow::into_campaign).collect()
}

/// Which campaigns are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub state: Option<CampaignState>,
}

impl Filter {
    /// The state is the one that is told: a campaign whose window is over has ended.
    fn condition(self, tenant: TenantId, now: Timestamp) -> Sql<'static> {
        let mut condition = sql!("k.tenant_id = {}", tenant);
        let Some(state) = self.state else { return condition };
        condition.push(match state {
            CampaignState::Running => sql!(" AND k.state = {} AND k.ends_at > {}", state.as_text(), now),
            CampaignState::Ended => sql!(
                " AND (k.state = {} OR (k.state = {} AND k.ends_at <= {}))",
                state.as_text(),
                CampaignState::Running.as_text(),
                now
            ),
            _ => sql!(" AND k.state = {}", state.as_text()),
        });
        condition
    }
}

/// Campaigns, the newest first.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: Filter,
    after: Option<CampaignId>,
    rows: i64,
    now: Timestamp,
) -> Result<Vec<Campaign>> {
    let text = format!("SELECT {COLUMNS} FROM campaigns k WHERE ");
    let mut query = sql!(&text);
    query.push(filter.condition(tenant, now));
    if let Some(after) = after {
        query.push(sql!(" AND k.id < {}", after));
    }
    query.push(sql!(" ORDER BY k.id DESC LIMIT {}", rows));
    let found: Vec<CampaignRow> = query.load(connection)?;
    found.into_iter().map(CampaignRow::into_campaign).collect()
}

pub fn count(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: Filter,
    now: Timestamp,
) -> Result<i64> {
    let condition = filter.condition(tenant, now);
    super::count_rows(connection, &sql!("SELECT COUNT(*) AS count FROM campaigns k WHERE {}", condition))
}

/// The scheduled campaign whose time came first.
pub fn due(connection: &mut AnyConnection, tenant: TenantId, now: Timestamp) -> Result<Option<Campaign>> {
    let query = sql!(
        "SELECT {} FROM campaigns k WHERE k.tenant_id = {} AND k.state = {} AND k.scheduled_at <= {}
         ORDER BY k.scheduled_at, k.id LIMIT 1",
        Sql::text(COLUMNS),
        tenant,
        CampaignState::Scheduled.as_text(),
        now
    );
    query.first::<CampaignRow>(connection)?.map(CampaignRow::into_campaign).transpose()
}

/// Writes what may change, as long as the stored revision is the one before.
pub fn update(connection: &mut AnyConnection, campaign: &Campaign) -> Result<bool> {
    let row = CampaignRow::new(campaign)?;
    let target = campaigns::table
        .filter(campaigns::tenant_id.eq(campaign.tenant))
        .filter(campaigns::id.eq(campaign.id))
        .filter(campaigns::revision.eq(campaign.revision - 1));
    let written = diesel::update(target)
        .set((
            campaigns::name.eq(row.name),
            campaigns::purpose.eq(row.purpose),
            campaigns::state.eq(row.state),
            campaigns::plan.eq(row.plan),
            campaigns::seed.eq(row.seed),
            campaigns::external.eq(row.external),
            campaigns::scheduled_at.eq(row.scheduled_at),
            campaigns::launched_at.eq(row.launched_at),
            campaigns::ends_at.eq(row.ends_at),
            campaigns::ended_at.eq(row.ended_at),
            campaigns::updated_at.eq(row.updated_at),
            campaigns::revision.eq(row.revision),
        ))
        .execute(connection)?;
    Ok(written == 1)
}

/// Removes a campaign that was not launched, with the arms that were given to it.
pub fn delete(connection: &mut AnyConnection, tenant: TenantId, id: CampaignId) -> Result<()> {
    let members = campaign_members::table
        .filter(campaign_members::tenant_id.eq(tenant))
        .filter(campaign_members::campaign_id.eq(id));
    diesel::delete(members).execute(connection)?;
    let reports = campaign_reports::table
        .filter(campaign_reports::tenant_id.eq(tenant))
        .filter(campaign_reports::campaign_id.eq(id));
    diesel::delete(reports).execute(connection)?;
    let target = campaigns::table.filter(campaigns::tenant_id.eq(tenant)).filter(campaigns::id.eq(id));
    let deleted = diesel::delete(target).execute(connection)?;
    if deleted == 1 { Ok(()) } else { Err(Error::NotFound { what: "campaign" }) }
}

/// The launched campaigns to which each coupon code belongs.
pub fn coupon_owners(
    connection: &mut AnyConnection,
    tenant: TenantId,
) -> Result<BTreeMap<String, BTreeSet<CampaignId>>> {
    let text = format!(
        "SELECT {COLUMNS} FROM campaigns k WHERE k.tenant_id = {{}} AND k.launched_at IS NOT NULL ORDER BY k.launched_at"
    );
    let rows: Vec<CampaignRow> = sql!(&text, tenant).load(connection)?;
    let mut owners: BTreeMap<String, BTreeSet<CampaignId>> = BTreeMap::new();
    for row in rows {
        let campaign = row.into_campaign()?;
        for code in campaign.document.coupon_codes {
            owners.entry(code).or_default().insert(campaign.id);
        }
    }
    Ok(owners)
}
