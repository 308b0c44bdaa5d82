//! The launch: who is in, who is in which arm, and what they were at that moment, frozen.
//!
//! The audience is looked up once and drawn in memory, from the seed and the customers' ids alone; then it is written in
//! chunks, each a transaction of its own, so that other writers get their turn. Nobody sees the members before the last
//! step makes the campaign run. Who launches holds a lease on the campaign: a second launch waits for nobody and is
//! refused; one that dies leaves a draft, whose leftovers the next launch clears away.

mod draw;

pub use draw::Draw;

use std::time::{Duration, Instant};

use super::cells;
use super::document::Stratum;
use super::model::{Campaign, CampaignState, HOLDOUT};
use super::service;
use super::store::eligibility::Rules;
use super::store::launch::{self as store, Candidate, Frozen};
use crate::clock::IdGen;
use crate::currency;
use crate::db::{AnyConnection, Backend, Db, Sql, join_large_sets, snapshot};
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::lifecycle;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// Members written in one transaction.
const CHUNK: usize = 10_000;
/// How long the audience may be looked for.
const LONGEST_LOOK: Duration = Duration::from_secs(300);
/// How long a launch that went silent is waited for.
const LEASE_SECONDS: i64 = 60;
pub const DAY_SECONDS: i64 = 86_400;
/// Why the tenant's own holdout is kept out.
pub const TENANT_HOLDOUT: &str = "tenant_holdout";
/// More than this does not count as the covariate, in minor units: whatever is known before the draw serves as one, and
/// so the squares of millions of members can be added up in 64 bits.
pub const MAX_COVARIATE: i64 = 1_000_000_000_000;
/// How far back the covariate looks.
pub const COVARIATE_DAYS: i64 = 365;

/// What a launch goes by.
pub struct Launch<'a> {
    pub db: &'a Db,
    pub tenant: &'a Tenant,
    pub campaign: CampaignId,
    /// When an experiment that was drawn elsewhere began.
    pub launched_at: Option<Timestamp>,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
    /// Whether the audience may go by personal data.
    pub personal: bool,
    /// Whether the segments by which the report is divided may.
    pub personal_cells: bool,
}

impl Launch<'_> {
    /// Launches the campaign, or answers it as it is if it was launched before. Blocks.
    pub fn run(&self) -> Result<Campaign> {
        let (tenant, id) = (self.tenant.id, self.campaign);
        let campaign = self.db.read_blocking(|connection| service::get(connection, tenant, id))?;
        if campaign.is_launched() {
            return Ok(campaign);
        }
        let at = self.moment(&campaign)?;
        let token = self.ids.uuid(self.now);
        let lease = store::Lease { tenant, campaign: id, token };
        let started = Instant::now();
        let until = self.until(started, LONGEST_LOOK);
        if !self.db.write_blocking(|connection| lease.take(connection, self.now, until))? {
            // Somebody else may have finished between the two looks.
            let campaign = self.db.read_blocking(|connection| service::get(connection, tenant, id))?;
            return if campaign.is_launched() {
                Ok(campaign)
            } else {
                Err(Error::conflict("launch_in_progress", "the campaign is being launched already"))
            };
        }
        let launched = self.freeze(&lease, at, started);
        if launched.is_err() {
            // What was written stays unseen; the next launch clears it away.
            let _: Result<()> = self.db.write_blocking(|connection| lease.give_up(connection));
        }
        launched?;
        self.db.read_blocking(|connection| service::get(connection, tenant, id))
    }

    fn moment(&self, campaign: &Campaign) -> Result<Timestamp> {
        match self.launched_at {
            None => Ok(self.now),
            Some(_) if !campaign.external => Err(Error::invalid(
                "/launched_at",
                "not_external",
                "is only for a campaign whose arms were given from outside; others begin when they are launched",
            )),
            Some(at) if at > self.now => {
                Err(Error::invalid("/launched_at", "out_of_range", "must not lie in the future"))
            }
            Some(at) => Ok(at),
        }
    }

    /// Until when the lease goes from now on. The look at the audience is one read, during which it cannot be renewed.
    fn until(&self, started: Instant, look: Duration) -> Timestamp {
        let seconds = (started.elapsed() + look).as_secs() as i64 + LEASE_SECONDS;
        self.now.plus_seconds(seconds)
    }

    fn freeze(&self, lease: &store::Lease, at: Timestamp, started: Instant) -> Result<()> {
        // As it is under the lease: it may have been changed before.
        let campaign =
            self.db.read_blocking(|connection| service::get(connection, lease.tenant, lease.campaign))?;
        let campaign = &campaign;
        let moment = store::Moment {
            at,
            covariate_from: at.plus_seconds(-COVARIATE_DAYS * DAY_SECONDS),
            now: self.now,
        };
        if !campaign.external {
            self.clear(lease, started)?;
        }
        let mut candidates = self.db.read_blocking(|connection| {
            snapshot(connection, LONGEST_LOOK, |connection| {
                join_large_sets(connection)?;
                if campaign.external {
                    let cells = self.cells(connection, campaign, "m.customer_id", &moment)?;
                    return store::assigned(connection, lease, &moment, cells);
                }
                let personal = [self.personal, self.personal_cells];
                let audience = audience(connection, self.tenant, campaign, personal, self.now)?;
                store::candidates(connection, lease.tenant, &audience, &moment)
            })
        })?;
        if candidates.is_empty() {
            return Err(Error::conflict("empty_audience", "nobody is in the campaign's audience"));
        }
        candidates.sort_by_key(|candidate| candidate.origin_id);
        let members = draw(self.tenant, campaign, &candidates, at)?;
        for chunk in members.chunks(CHUNK) {
            let until = self.until(started, Duration::ZERO);
            self.db.write_blocking(|connection| {
                if !lease.hold(connection, until)? {
                    return Err(lost());
                }
                Ok(store::freeze(connection, lease, chunk)?)
            })?;
        }
        let ends_at = at.plus_seconds(campaign.document.window_days * DAY_SECONDS);
        let finished = self.db.write_blocking(|connection| {
            if !lease.hold(connection, self.until(started, Duration::ZERO))? {
                return Err(lost());
            }
            lease.finish(connection, campaign.revision, at, ends_at, self.now)
        })?;
        if finished {
            Ok(())
        } else {
            let detail =
                "the campaign was changed while it was being launched: look at it and launch it again";
            Err(Error::conflict("campaign_changed", detail))
        }
    }

    fn cells(
        &self,
        connection: &mut AnyConnection,
        campaign: &Campaign,
        id: &'static str,
        moment: &store::Moment,
    ) -> Result<Sql<'static>> {
        let segments = &campaign.document.cell_segments;
        if !segments.is_empty() && moment.at != moment.now {
            return Err(Error::conflict(
                "cells_unknown",
                "the campaign names `cell_segments`, but who was in them at an earlier launch is not known: leave one of \
                 the two away",
            ));
        }
        super::audience::cells(connection, self.tenant, segments, id, self.personal_cells, self.now)
    }

    /// Removes members that a launch which died left behind.
    fn clear(&self, lease: &store::Lease, started: Instant) -> Result<()> {
        let clear_some = |connection: &mut AnyConnection| {
            if !lease.hold(connection, self.until(started, LONGEST_LOOK))? {
                return Err(lost());
            }
            store::clear(connection, lease, CHUNK as i64)
        };
        while self.db.write_blocking(clear_some)? > 0 {}
        Ok(())
    }
}

/// Whom the campaign is for, and whom the contact plan keeps out of it now. `personal`: whether the audience, and the segments
/// of the cells, may go by personal data.
pub fn audience(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    [personal, personal_cells]: [bool; 2],
    now: Timestamp,
) -> Result<store::Audience<'static>> {
    let audience = campaign.document.audience.as_ref().ok_or_else(|| {
        Error::conflict("no_audience", "the campaign has neither an audience nor arms given from outside")
    })?;
    let condition = super::audience::condition(connection, tenant, audience, personal, now)?;
    let reasons = eligibility(tenant, campaign, connection.backend(), now).reasons();
    let segments = &campaign.document.cell_segments;
    let cells = super::audience::cells(connection, tenant, segments, "c.id", personal_cells, now)?;
    Ok(store::Audience { condition, reasons, cells })
}

/// Where each candidate ends up: kept out, held back by the tenant, or in an arm. The seed and the ids decide it alone.
pub fn draw<'c>(
    tenant: &Tenant,
    campaign: &'c Campaign,
    candidates: &'c [Candidate],
    at: Timestamp,
) -> Result<Vec<Frozen<'c>>> {
    let bounds = lifecycle::Rules::overall(tenant, at)?.bounds();
    let decimals = currency::decimals(&tenant.currency);
    let mut members: Vec<Frozen<'_>> = candidates
        .iter()
        .map(|candidate| Frozen {
            candidate,
            arm: candidate.arm.as_deref(),
            suppressed: candidate.suppressed.as_deref(),
            stage: candidate
                .first_order_at
                .zip(candidate.last_order_at)
                .map(|(first, last)| bounds.stage(first, last).as_str()),
            spend_band: cells::spend_band(candidate.spent_amount, decimals),
        })
        .collect();
    if !campaign.external {
        let draw = Draw::new(campaign);
        let apart = tenant.settings.contact_plan.holdout.as_ref().filter(|_| campaign.document.contact_plan);
        for member in members.iter_mut().filter(|member| member.suppressed.is_none()) {
            let held = apart.is_some_and(|holdout| draw::is_held(holdout, member.candidate.customer_id));
            member.suppressed = held.then_some(TENANT_HOLDOUT);
        }
        let by = &campaign.document.stratify_by;
        let stratum = |member: &Frozen<'_>| {
            let part = |wanted, cell| if by.contains(&wanted) { cell } else { None };
            (part(Stratum::Stage, member.stage), part(Stratum::SpendBand, Some(member.spend_band)))
        };
        let eligible = members.iter_mut().filter(|member| member.suppressed.is_none());
        let mut eligible: Vec<&mut Frozen<'_>> = eligible.collect();
        if by.is_empty() {
            for member in eligible {
                member.arm = Some(draw.arm(member.candidate.origin_id));
            }
        } else {
            let order = draw
                .within_strata(eligible.iter().map(|member| (member.candidate.origin_id, stratum(member))));
            for (place, arm) in order {
                eligible[place].arm = Some(arm);
            }
        }
    }
    Ok(members)
}

/// Who may be contacted by the campaign now.
pub fn eligibility<'a>(
    tenant: &'a Tenant,
    campaign: &'a Campaign,
    backend: Backend,
    now: Timestamp,
) -> Rules<'a> {
    let considered = campaign.document.contact_plan;
    Rules {
        tenant: tenant.id,
        backend,
        plan: considered.then_some(&tenant.settings.contact_plan),
        consents: &tenant.settings.consent_policy,
        channels: if considered { &campaign.document.channels } else { &[] },
        subject: campaign.document.subject.as_deref(),
        now,
        only: None,
    }
}

fn lost() -> Error {
    Error::conflict("launch_in_progress", "another launch of the campaign took over")
}

/// The states from which a campaign is launched.
pub const LAUNCHABLE: [CampaignState; 2] = [CampaignState::Draft, CampaignState::Scheduled];

/// The arms of a campaign: the variants in their order, and the holdout where there is one.
pub fn arms(campaign: &Campaign) -> Vec<&str> {
    let holdout = (campaign.document.holdout_percent.is_some() || campaign.external).then_some(HOLDOUT);
    campaign.document.variants.iter().map(|variant| variant.key.as_str()).chain(holdout).collect()
}
