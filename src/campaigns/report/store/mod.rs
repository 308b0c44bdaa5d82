//! What a report is made from: members and touches summed up by the database, the orders of the window one by one.

mod after;
mod contacts;
mod funnel;
mod members;
mod orders;
mod version;

pub use after::{Span, after};
pub use contacts::{ContactRow, contacts, holdout_contacted, overlaps};
pub use funnel::{FunnelRow, ObjectionRow, funnel, objections};
pub use members::{Group, MemberSums};
pub use orders::{OrderRow, coupons, each_order};
pub use version::{kept, version};

use crate::campaigns::model::Campaign;
use crate::db::{AnyConnection, Column, Sql, join_as_written};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A campaign whose members are looked at, those left out who turned out to be one person.
#[derive(Debug, Clone)]
pub struct Scope {
    pub tenant: TenantId,
    pub campaign: CampaignId,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The members of each arm, and those who were kept out, by reason.
    pub arms: Vec<(String, i64)>,
    pub suppressed: Vec<(String, i64)>,
    /// The customers in whose file several members of the campaign are.
    pub merged: Vec<CustomerId>,
    /// The members that count, by group.
    pub sums: Vec<MemberSums>,
    /// Whether so many are in it that the orders of the window are gone through, not those of each member.
    large: bool,
}

/// From so many members on a campaign is large.
const LARGE: i64 = 20_000;

impl Scope {
    /// To be called within a snapshot.
    pub fn of(connection: &mut AnyConnection, campaign: &Campaign) -> Result<Self> {
        join_as_written(connection)?;
        let (from, until) = campaign.window()?;
        let mut scope = Self {
            tenant: campaign.tenant,
            campaign: campaign.id,
            from,
            until,
            arms: Vec::new(),
            suppressed: Vec::new(),
            merged: Vec::new(),
            sums: Vec::new(),
            large: false,
        };
        members::count(connection, &mut scope)?;
        scope.large = scope.arms.iter().map(|(_, members)| members).sum::<i64>() >= LARGE;
        Ok(scope)
    }

    /// The members who have an arm and count, over `m`.
    fn members(&self) -> Sql<'_> {
        let mut condition =
            sql!("m.tenant_id = {} AND m.campaign_id = {} AND m.arm IS NOT NULL", self.tenant, self.campaign);
        if !self.merged.is_empty() {
            condition.push(sql!(" AND NOT (m.customer_id {})", Column::ids(self.merged.iter().copied())));
        }
        condition
    }

    /// The touches of members who count, over `t`.
    fn touched(&self) -> Sql<'_> {
        let mut condition =
            sql!("t.tenant_id = {} AND t.campaign_id = {} AND t.arm IS NOT NULL", self.tenant, self.campaign);
        if !self.merged.is_empty() {
            condition.push(sql!(
                " AND t.origin_id NOT IN (SELECT m.origin_id FROM campaign_members m
                     WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.customer_id {})",
                self.tenant,
                self.campaign,
                Column::ids(self.merged.iter().copied())
            ));
        }
        condition
    }

    /// The members `m` with their orders `o` of the window; joined in the order in which fewer rows are looked at.
    fn orders(&self) -> Sql<'_> {
        let from = if self.large {
            "orders o CROSS JOIN campaign_members m"
        } else {
            "campaign_members m CROSS JOIN orders o"
        };
        sql!("{} ", Sql::text(from))
    }

    /// What holds for the rows of [`Self::orders`].
    fn ordered(&self) -> Sql<'_> {
        sql!(
            "o.tenant_id = {} AND o.customer_id = m.customer_id AND {} AND o.paid_at >= {} AND o.paid_at < {}",
            self.tenant,
            self.members(),
            self.from,
            self.until
        )
    }
}
