//! Freezing an audience.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use uuid::Uuid;

use crate::campaigns::launch::{LAUNCHABLE, MAX_COVARIATE};
use crate::campaigns::model::CampaignState;
use crate::campaigns::store::eligibility::Reasons;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, OnConflict, Sql, Table, Upsert};
use crate::error::Result;
use crate::ids::{CampaignId, CustomerId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// One launch's hold on its campaign.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    pub tenant: TenantId,
    pub campaign: CampaignId,
    pub token: Uuid,
}

impl Lease {
    /// Takes hold of a campaign that can be launched and that nobody is launching.
    pub fn take(&self, connection: &mut AnyConnection, now: Timestamp, until: Timestamp) -> Result<bool> {
        let [draft, scheduled] = LAUNCHABLE.map(CampaignState::as_text);
        self.set(
            connection,
            sql!("launch_token = {}, launch_until = {}", self.token, until),
            sql!(
                " AND state IN ({}, {}) AND (launch_until IS NULL OR launch_until < {})",
                draft,
                scheduled,
                now
            ),
        )
    }

    /// Holds on; `false` if somebody else has taken over.
    pub fn hold(&self, connection: &mut AnyConnection, until: Timestamp) -> Result<bool> {
        self.set(connection, sql!("launch_until = {}", until), sql!(" AND launch_token = {}", self.token))
    }

    pub fn give_up(&self, connection: &mut AnyConnection) -> Result<()> {
        let free = Sql::text("launch_token = NULL, launch_until = NULL");
        self.set(connection, free, sql!(" AND launch_token = {}", self.token))?;
        Ok(())
    }

    /// Makes the campaign run as it was when it was read at this revision, and its members visible.
    pub fn finish(
        &self,
        connection: &mut AnyConnection,
        revision: i64,
        launched_at: Timestamp,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.set(
            connection,
            sql!(
                "state = {}, launched_at = {}, ends_at = {}, launch_token = NULL, launch_until = NULL, updated_at = {},
                 revision = revision + 1",
                CampaignState::Running.as_text(),
                launched_at,
                ends_at,
                now
            ),
            sql!(" AND launch_token = {} AND revision = {}", self.token, revision),
        )
    }

    fn set(&self, connection: &mut AnyConnection, what: Sql<'_>, condition: Sql<'_>) -> Result<bool> {
        let statement = sql!(
            "UPDATE campaigns SET {} WHERE tenant_id = {} AND id = {}{}",
            what,
            self.tenant,
            self.campaign,
            condition
        );
        Ok(statement.execute(connection)? == 1)
    }
}

/// Somebody who is in the audience.
#[derive(Debug, Clone, QueryableByName)]
pub struct Candidate {
    #[diesel(sql_type = Guid)]
    pub origin_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    /// Given from outside.
    #[diesel(sql_type = Nullable<Text>)]
    pub arm: Option<String>,
    /// Why the customer is kept out before the draw.
    #[diesel(sql_type = Nullable<Text>)]
    pub suppressed: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub spent_amount: i64,
    #[diesel(sql_type = Nullable<Instant>)]
    pub first_order_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub last_order_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Guid>)]
    pub shop_id: Option<ShopId>,
    #[diesel(sql_type = BigInt)]
    pub covariate_amount: i64,
    /// One bit for each of the campaign's `cell_segments`.
    #[diesel(sql_type = BigInt)]
    pub segments: i64,
}

/// Whom a campaign is for, over `c`, the customers.
pub struct Audience<'a> {
    pub condition: Sql<'a>,
    /// Why somebody is kept out.
    pub reasons: Reasons,
    /// Which of the segments somebody is in by which the report is divided.
    pub cells: Sql<'a>,
}

/// As of when people are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub at: Timestamp,
    /// From when on spends count for the covariate.
    pub covariate_from: Timestamp,
    pub now: Timestamp,
}

impl Moment {
    /// What is frozen of a customer: columns over the joins of [`Moment::joins`].
    const COLUMNS: &'static str = "COALESCE(f.spent_amount, 0) AS spent_amount, f.first_order_at, f.last_order_at, \
         s.shop_id, COALESCE(b.covariate_amount, 0) AS covariate_amount";

    /// What orders tell of the customers whose id is the column: their sums at the moment, where they bought last, and what
    /// they spent before.
    fn joins(&self, tenant: TenantId, id: &'static str) -> Sql<'static> {
        // The facts are those of now; for an experiment that began earlier the orders are asked.
        let facts = if self.at == self.now {
            sql!(
                "SELECT customer_id, spent_amount, first_order_at, last_order_at FROM customer_facts
                 WHERE tenant_id = {}",
                tenant
            )
        } else {
            sql!(
                "SELECT customer_id, CAST(SUM(COALESCE(net_amount, 0)) AS bigint) AS spent_amount,
                     MIN(paid_at) AS first_order_at, MAX(paid_at) AS last_order_at
                 FROM orders WHERE tenant_id = {} AND customer_id IS NOT NULL AND paid_at < {} GROUP BY customer_id",
                tenant,
                self.at
            )
        };
        let shops = if self.at == self.now {
            sql!(
                "SELECT customer_id, shop_id, ROW_NUMBER() OVER (
                     PARTITION BY customer_id ORDER BY last_order_at DESC, shop_id) AS place
                 FROM customer_shop_facts WHERE tenant_id = {} AND last_order_at IS NOT NULL",
                tenant
            )
        } else {
            sql!(
                "SELECT customer_id, shop_id, ROW_NUMBER() OVER (
                     PARTITION BY customer_id ORDER BY paid_at DESC, shop_id) AS place
                 FROM orders WHERE tenant_id = {} AND customer_id IS NOT NULL AND paid_at < {}",
                tenant,
                self.at
            )
        };
        sql!(
            "LEFT JOIN ({}) f ON f.customer_id = {}
             LEFT JOIN ({}) s ON s.customer_id = {} AND s.place = 1
             LEFT JOIN (SELECT customer_id, CAST(SUM(COALESCE(net_amount, 0)) AS bigint) AS covariate_amount
                 FROM orders WHERE tenant_id = {} AND customer_id IS NOT NULL AND paid_at >= {} AND paid_at < {}
                 GROUP BY customer_id) b ON b.customer_id = {}",
            facts,
            Sql::text(id),
            shops,
            Sql::text(id),
            tenant,
            self.covariate_from,
            self.at,
            Sql::text(id)
        )
    }
}

/// The members of an audience, with what is frozen of them.
pub fn candidates(
    connection: &mut AnyConnection,
    tenant: TenantId,
    audience: &Audience<'_>,
    moment: &Moment,
) -> Result<Vec<Candidate>> {
    let query = sql!(
        "SELECT c.id AS origin_id, c.id AS customer_id, CAST(NULL AS text) AS arm, {} AS suppressed, {}, {} AS segments
         FROM customers c {}{}
         WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL AND ({})",
        audience.reasons.reason.clone(),
        Sql::text(Moment::COLUMNS),
        audience.cells.clone(),
        moment.joins(tenant, "c.id"),
        audience.reasons.joins.clone(),
        tenant,
        audience.condition.clone()
    );
    Ok(query.load(connection)?)
}

/// Those to whom an arm was given from outside, with what is frozen of them.
pub fn assigned(
    connection: &mut AnyConnection,
    lease: &Lease,
    moment: &Moment,
    cells: Sql<'_>,
) -> Result<Vec<Candidate>> {
    let query = sql!(
        "SELECT m.origin_id, m.customer_id, m.arm, CAST(NULL AS text) AS suppressed, {}, {} AS segments
         FROM campaign_members m {} WHERE m.tenant_id = {} AND m.campaign_id = {}",
        Sql::text(Moment::COLUMNS),
        cells,
        moment.joins(lease.tenant, "m.customer_id"),
        lease.tenant,
        lease.campaign
    );
    Ok(query.load(connection)?)
}

/// A member as it is written.
#[derive(Debug, Clone)]
pub struct Frozen<'c> {
    pub candidate: &'c Candidate,
    pub arm: Option<&'c str>,
    /// Why the member has none.
    pub suppressed: Option<&'c str>,
    pub stage: Option<&'static str>,
    pub spend_band: &'static str,
}

const MEMBERS: Table = Table {
    name: "campaign_members",
    columns: &[
        "tenant_id",
        "campaign_id",
        "origin_id",
        "customer_id",
        "arm",
        "suppressed",
        "stage",
        "spend_band",
        "shop_id",
        "covariate_amount",
        "segments",
    ],
    key: &["tenant_id", "campaign_id", "origin_id"],
};

/// Writes members as they are at the launch.
pub fn freeze(connection: &mut AnyConnection, lease: &Lease, members: &[Frozen<'_>]) -> Result<(), DbError> {
    let candidates = || members.iter().map(|member| member.candidate);
    Upsert {
        table: &MEMBERS,
        values: vec![
            Column::ids(members.iter().map(|_| lease.tenant)),
            Column::ids(members.iter().map(|_| lease.campaign)),
            Column::ids(candidates().map(|candidate| candidate.origin_id)),
            Column::ids(candidates().map(|candidate| candidate.customer_id)),
            Column::optional_texts(members.iter().map(|member| member.arm)),
            Column::optional_texts(members.iter().map(|member| member.suppressed)),
            Column::optional_texts(members.iter().map(|member| member.stage)),
            Column::texts(members.iter().map(|member| member.spend_band)),
            Column::optional_ids(candidates().map(|candidate| candidate.shop_id)),
            Column::ints(candidates().map(|candidate| candidate.covariate_amount.min(MAX_COVARIATE))),
            Column::ints(candidates().map(|candidate| candidate.segments)),
        ],
        on_conflict: OnConflict::Update(&[
            "arm",
            "suppressed",
            "stage",
            "spend_band",
            "shop_id",
            "covariate_amount",
            "segments",
        ]),
    }
    .execute(connection)?;
    Ok(())
}

/// Removes up to so many members of a campaign that was not launched, and tells how many.
pub fn clear(connection: &mut AnyConnection, lease: &Lease, most: i64) -> Result<usize> {
    let Lease { tenant, campaign, .. } = *lease;
    let statement = sql!(
        "DELETE FROM campaign_members WHERE tenant_id = {} AND campaign_id = {} AND origin_id IN (
             SELECT m.origin_id FROM campaign_members m WHERE m.tenant_id = {} AND m.campaign_id = {}
             ORDER BY m.origin_id LIMIT {})",
        tenant,
        campaign,
        tenant,
        campaign,
        most
    );
    Ok(statement.execute(connection)?)
}
