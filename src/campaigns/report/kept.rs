//! Reports of campaigns whose window is over, kept for as long as nothing changes that they are made from.

use super::service::{self, Options, spans};
use super::store;
use crate::campaigns::model::Campaign;
use crate::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use crate::error::Result;
use crate::ids::{CampaignId, TenantId};
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// A report as the text of its JSON, so that one that was kept is answered to the last digit as it was computed.
pub struct Told {
    pub report: String,
    /// To be kept, as long as the version is this.
    pub keep: Option<Keep>,
}

/// A place for a report that was just computed.
pub struct Keep {
    tenant: TenantId,
    campaign: CampaignId,
    version: String,
}

/// The report on a launched campaign: as it was kept, where nothing has changed since, or computed. To be called within a
/// snapshot.
pub fn told(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    options: Options,
    now: Timestamp,
) -> Result<Told> {
    let (from, until) = campaign.window()?;
    let mut keep = None;
    if until <= now {
        let spans = spans(tenant, until, now);
        let first = spans.iter().fold(from, |first, span| first.min(span.awake_since));
        let last = spans.iter().fold(until, |last, span| last.max(span.until));
        let version = store::version(connection, tenant, campaign, first, last)?;
        let state = campaign.state_at(now);
        let version = format!("{version}, {} {:?} {:?}", spans.len(), options.winsorise, state);
        if let Some(report) = store::kept(connection, campaign, &version)? {
            return Ok(Told { report, keep });
        }
        keep = Some(Keep { tenant: tenant.id, campaign: campaign.id, version });
    }
    let report = service::report(connection, tenant, campaign, options, now)?;
    Ok(Told { report: serde_json::to_string(&report)?, keep })
}

const REPORTS: Table = Table {
    name: "campaign_reports",
    columns: &["tenant_id", "campaign_id", "version", "report"],
    key: &["tenant_id", "campaign_id"],
};

impl Keep {
    /// Keeps the report in place of an earlier one.
    pub fn keep(&self, connection: &mut AnyConnection, report: &str) -> Result<(), DbError> {
        Upsert {
            table: &REPORTS,
            values: vec![
                Column::ids([self.tenant]),
                Column::ids([self.campaign]),
                Column::texts([self.version.as_str()]),
                Column::texts([report]),
            ],
            on_conflict: OnConflict::Update(&["version", "report"]),
        }
        .execute(connection)?;
        Ok(())
    }
}
