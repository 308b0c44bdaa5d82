//! In which state what a report is made from is.

use crate::campaigns::model::Campaign;
use crate::db::{AnyConnection, DbError, Sql, each_row_of_all};
use crate::error::Result;
use crate::sql;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// How far before the window contacts and other campaigns are looked at; no contact is credited with orders for longer.
const BEFORE_DAYS: i64 = 180;
const DAY_SECONDS: i64 = 86_400;

/// A text that is another whenever anything has changed that the report is made from: orders paid from `first` until
/// `last`, touches, products, merges, campaigns and settings.
///
/// How many rows there are, how often they were changed and when last, instead of what is in them.
pub fn version(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    first: Timestamp,
    last: Timestamp,
) -> Result<String> {
    let (from, until) = campaign.window()?;
    let before = from.plus_seconds(-BEFORE_DAYS * DAY_SECONDS);
    let id = tenant.id;
    let states = [
        sql!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(o.revision), 0) AS bigint), MAX(o.updated_at) FROM orders o
             WHERE o.tenant_id = {} AND o.paid_at >= {} AND o.paid_at < {}",
            id,
            first,
            last
        ),
        sql!(
            "SELECT COUNT(*), COUNT(t.sent_at), MAX(t.updated_at) FROM touches t
             WHERE t.tenant_id = {} AND t.campaign_id IN (SELECT k.id FROM campaigns k
                 WHERE k.tenant_id = {} AND k.launched_at < {} AND k.ends_at > {})",
            id,
            id,
            until,
            before
        ),
        sql!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(p.revision), 0) AS bigint), MAX(p.updated_at) FROM products p
             WHERE p.tenant_id = {}",
            id
        ),
        sql!(
            "SELECT COUNT(*), COUNT(g.undone_at), MAX(COALESCE(g.undone_at, g.created_at)) FROM merges g
             WHERE g.tenant_id = {}",
            id
        ),
        sql!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(k.revision), 0) AS bigint), MAX(k.updated_at) FROM campaigns k
             WHERE k.tenant_id = {} AND k.launched_at IS NOT NULL",
            id
        ),
    ];
    let mut version = format!("{} {} {}", env!("CARGO_PKG_VERSION"), tenant.revision, campaign.revision);
    for state in &states {
        version.push_str(&told(connection, state)?);
    }
    Ok(version)
}

fn told(connection: &mut AnyConnection, state: &Sql<'_>) -> Result<String> {
    let mut told = String::new();
    each_row_of_all::<DbError>(connection, state, |row| {
        let count = |place| Ok::<_, DbError>(row.int(place)?.unwrap_or(0));
        let latest = row.instant(2)?.map_or(0, Timestamp::micros);
        told = format!(", {} {} {latest}", count(0)?, count(1)?);
        Ok(())
    })?;
    Ok(told)
}

/// The report that was kept for this version.
pub fn kept(connection: &mut AnyConnection, campaign: &Campaign, version: &str) -> Result<Option<String>> {
    let query = sql!(
        "SELECT r.report FROM campaign_reports r WHERE r.tenant_id = {} AND r.campaign_id = {} AND r.version = {}",
        campaign.tenant,
        campaign.id,
        version
    );
    let mut kept = None;
    each_row_of_all::<DbError>(connection, &query, |row| {
        kept = row.text(0)?;
        Ok(())
    })?;
    Ok(kept)
}
