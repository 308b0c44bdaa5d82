//! Jobs on the inbox: what was stored without being applied, and what is too old.

use super::delivery::DeliveryStatus;
use super::replay::{self, Filter};
use super::store;
use crate::db::{AnyConnection, Db, DbError};
use crate::error::Result;
use crate::ids::{DeliveryId, TenantId};
use crate::jobs::{self, Job, Progress, Run, Schedule};
use crate::time::Timestamp;

/// The job that applies pending deliveries.
pub const NAME: &str = "pending_deliveries";

/// How many deliveries are pending, of all tenants. Only those are counted for whom the job has something to do, which are
/// none most of the time.
pub fn count(connection: &mut AnyConnection) -> Result<i64> {
    let pending = Filter { status: Some(DeliveryStatus::Pending), ..Filter::default() };
    let tenants = jobs::asked_for(connection, NAME)?;
    tenants.into_iter().map(|tenant| store::count(connection, tenant, &pending)).sum()
}

/// Tells the metrics how many that are.
pub async fn measure(db: &Db) -> Result<()> {
    let pending = db.read(count).await?;
    metrics::gauge!("huitou_webhook_deliveries_pending").set(pending as f64);
    Ok(())
}

/// Asks for that job, in the transaction that stores such a delivery.
pub fn ask(connection: &mut AnyConnection, tenant: TenantId, now: Timestamp) -> Result<(), DbError> {
    jobs::ask(connection, tenant, NAME, now)
}

/// The jobs of the inbox; deliveries are kept so many days.
pub fn jobs(retention_days: i64) -> Vec<Job> {
    vec![
        Job::new(NAME, Schedule::WhenAsked, apply_pending),
        Job::in_transactions("old_deliveries", Schedule::AtLocalMidnight, move |connection, run| {
            purge(connection, run, retention_days)
        }),
    ]
}

fn apply_pending(run: &Run<'_>) -> Result<Progress> {
    let pending = Filter { status: Some(DeliveryStatus::Pending), ..Filter::default() };
    let (_, more) = replay::portion(run.db, run.tenant, &pending, DeliveryId::nil(), run.now, run.ids)?;
    Ok(if more.is_some() { Progress::More } else { Progress::Done })
}

/// Rows that go at once.
const ROWS: i64 = 1_000;

fn purge(connection: &mut AnyConnection, run: &Run<'_>, retention_days: i64) -> Result<Progress> {
    let before = run.now.plus_seconds(-retention_days * 24 * 60 * 60);
    store::purge_rejections(connection, run.tenant, before)?;
    let gone = store::purge(connection, run.tenant, before, ROWS)?;
    Ok(if gone as i64 == ROWS { Progress::More } else { Progress::Done })
}
