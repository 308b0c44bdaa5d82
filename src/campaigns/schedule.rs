//! Campaigns that are launched by themselves.

use super::launch::Launch;
use super::model::{Campaign, CampaignState};
use super::service::manage::unschedule;
use super::store;
use crate::error::{Error, Result};
use crate::jobs::{Job, Progress, Run, Schedule};
use crate::tenants::{Tenant, find_tenant};

/// Launches what is due, once a minute.
pub fn job() -> Job {
    Job::new("campaign_launches", Schedule::Every(60), launch_next)
}

/// One campaign a portion. One that cannot be launched becomes a draft again, and holds up no other.
fn launch_next(run: &Run<'_>) -> Result<Progress> {
    let (tenant, due) = run.db.read_blocking(|connection| {
        let tenant = find_tenant(connection, run.tenant)?;
        Ok::<_, Error>((tenant, store::due(connection, run.tenant, run.now)?))
    })?;
    let (Some(tenant), Some(campaign)) = (tenant, due) else { return Ok(Progress::Done) };
    match launch(run, &tenant, &campaign) {
        Ok(_) => Ok(Progress::More),
        Err(error @ (Error::Unavailable { .. } | Error::Internal(_))) => Err(error),
        // Somebody is launching it by hand at this moment.
        Err(Error::Conflict { code: "launch_in_progress", .. }) => Ok(Progress::Done),
        Err(error) => {
            tracing::warn!(campaign = %campaign.id, code = error.code(), "a campaign cannot be launched as planned");
            run.db.write_blocking(|connection| unschedule(connection, &campaign, run.now))?;
            Ok(Progress::More)
        }
    }
}

/// Nobody's permission stands behind the clock, so personal data decides only through segments, which were checked when
/// they were saved.
fn launch(run: &Run<'_>, tenant: &Tenant, campaign: &Campaign) -> Result<Campaign> {
    debug_assert_eq!(campaign.state, CampaignState::Scheduled);
    let audience = campaign.document.audience.as_ref();
    let personal = audience.is_none_or(|audience| audience.query.is_none());
    Launch {
        db: run.db,
        tenant,
        campaign: campaign.id,
        launched_at: None,
        now: run.now,
        ids: run.ids,
        personal,
        personal_cells: true,
    }
    .run()
}
