//! All SQL on touches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};

use super::TouchResponse;
use super::model::Outcome;
use crate::consents::Channel;
use crate::db::schema::touches;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CustomerId, TenantId, TouchId};
use crate::sql;
use crate::time::Timestamp;

/// What a touch is known by.
pub type Key = (Channel, String);

/// A touch with the first moment of each outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    pub id: TouchId,
    pub customer: CustomerId,
    pub origin: CustomerId,
    pub campaign: Option<CampaignId>,
    pub arm: Option<String>,
    pub subject: Option<String>,
    pub touched_at: Timestamp,
    /// By [`Outcome`].
    pub times: [Option<Timestamp>; Outcome::ALL.len()],
    pub objection: Option<String>,
    pub units: Option<i64>,
    pub seconds: Option<i64>,
}

impl Touch {
    /// Both together: the earliest moments, and what either tells; of two different texts the smaller, of two numbers the
    /// larger, so that the order does not matter.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let mut times = self.times;
        for (time, other) in times.iter_mut().zip(other.times) {
            *time = earliest(*time, other);
        }
        let first = self.touched_at.min(other.touched_at);
        Self {
            touched_at: times[Outcome::Sent as usize].unwrap_or(first),
            times,
            subject: smaller(self.subject, other.subject),
            objection: smaller(self.objection, other.objection),
            units: self.units.max(other.units),
            seconds: self.seconds.max(other.seconds),
            id: self.id,
            customer: self.customer,
            origin: self.origin,
            campaign: self.campaign,
            arm: self.arm,
        }
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

fn smaller(a: Option<String>, b: Option<String>) -> Option<String> {
    a.into_iter().chain(b).min()
}

/// A member of a campaign, as far as touches are concerned.
#[derive(Debug, Clone, QueryableByName)]
pub struct Member {
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub origin_id: CustomerId,
    #[diesel(sql_type = Nullable<Text>)]
    pub arm: Option<String>,
}

/// The members of a campaign in whose file these customers are. Of two who were merged the first counts.
pub fn members(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    customers: BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Member>, DbError> {
    let keys = Column::ids(customers);
    let keyed = Keyed::of_tenant("campaign_members", "m", tenant, "customer_id", keys);
    let rows = keyed.rows(connection);
    let found: Vec<Member> = sql!(
        "SELECT m.customer_id, m.origin_id, m.arm FROM {} WHERE m.campaign_id = {} ORDER BY m.origin_id DESC",
        rows,
        campaign
    )
    .load(connection)?;
    Ok(found.into_iter().map(|member| (member.customer_id, member)).collect())
}

#[derive(QueryableByName)]
#[diesel(table_name = touches)]
struct TouchRow {
    channel: String,
    external_id: String,
    id: TouchId,
    customer_id: CustomerId,
    origin_id: CustomerId,
    campaign_id: Option<CampaignId>,
    arm: Option<String>,
    subject: Option<String>,
    touched_at: Timestamp,
    sent_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    opened_at: Option<Timestamp>,
    clicked_at: Option<Timestamp>,
    replied_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    refused_at: Option<Timestamp>,
    objected_at: Option<Timestamp>,
    objection: Option<String>,
    bounced_at: Option<Timestamp>,
    complained_at: Option<Timestamp>,
    unsubscribed_at: Option<Timestamp>,
    units: Option<i64>,
    seconds: Option<i64>,
}

impl TouchRow {
    fn into_response(self) -> Result<TouchResponse> {
        let unknown = || Error::internal(format!("touch {} has an unknown channel", self.id));
        Ok(TouchResponse {
            channel: Channel::parse(&self.channel).ok_or_else(unknown)?,
            id: self.id,
            customer_id: self.customer_id,
            external_id: self.external_id,
            campaign_id: self.campaign_id,
            arm: self.arm,
            subject: self.subject,
            touched_at: self.touched_at,
            sent_at: self.sent_at,
            delivered_at: self.delivered_at,
            opened_at: self.opened_at,
            clicked_at: self.clicked_at,
            replied_at: self.replied_at,
            answered_at: self.answered_at,
            refused_at: self.refused_at,
            objected_at: self.objected_at,
            objection: self.objection,
            bounced_at: self.bounced_at,
            complained_at: self.complained_at,
            unsubscribed_at: self.unsubscribed_at,
            units: self.units,
            seconds: self.seconds,
        })
    }

    fn into_touch(self) -> Touch {
        Touch {
            id: self.id,
            customer: self.customer_id,
            origin: self.origin_id,
            campaign: self.campaign_id,
            arm: self.arm,
            subject: self.subject,
            touched_at: self.touched_at,
            times: [
                self.sent_at,
                self.delivered_at,
                self.opened_at,
                self.clicked_at,
                self.replied_at,
                self.answered_at,
                self.refused_at,
                self.objected_at,
                self.bounced_at,
                self.complained_at,
                self.unsubscribed_at,
            ],
            objection: self.objection,
            units: self.units,
            seconds: self.seconds,
        }
    }
}

const COLUMNS: &str = "t.channel, t.external_id, t.id, t.customer_id, t.origin_id, t.campaign_id, t.arm, t.subject, \
    t.touched_at, t.sent_at, t.delivered_at, t.opened_at, t.clicked_at, t.replied_at, t.answered_at, t.refused_at, \
    t.objected_at, t.objection, t.bounced_at, t.complained_at, t.unsubscribed_at, t.units, t.seconds";

/// The touches that have these keys.
pub fn touches(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: BTreeSet<Key>,
) -> Result<HashMap<Key, Touch>, DbError> {
    let channels: BTreeSet<Channel> = keys.iter().map(|(channel, _)| *channel).collect();
    let external: BTreeSet<&str> = keys.iter().map(|(_, external_id)| external_id.as_str()).collect();
    let rows: Vec<TouchRow> = sql!(
        "SELECT {} FROM touches t WHERE t.tenant_id = {} AND t.channel {} AND t.external_id {}",
        Sql::text(COLUMNS),
        tenant,
        Column::texts(channels.into_iter().map(Channel::as_str)),
        Column::texts(external)
    )
    .load(connection)?;
    let keyed = rows.into_iter().filter_map(|row| {
        let key = (Channel::parse(&row.channel)?, row.external_id.clone());
        Some((key, row.into_touch()))
    });
    Ok(keyed.collect())
}

/// All touches of these customers, newest first.
pub fn of_customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<TouchResponse>> {
    let those = sql!(
        "t.tenant_id = {} AND t.customer_id {} ORDER BY t.touched_at DESC, t.id",
        tenant,
        Column::ids(customers.iter().copied())
    );
    told(connection, those)
}

/// The newest touches of a customer.
pub fn recent(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<TouchResponse>> {
    let those = sql!(
        "t.tenant_id = {} AND t.customer_id = {} ORDER BY t.touched_at DESC, t.id DESC LIMIT {}",
        tenant,
        customer,
        limit
    );
    told(connection, those)
}

/// These touches of a customer, which were made between the first and the last of two moments; in any order.
pub fn these(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    (first, last): (Timestamp, Timestamp),
    ids: &[TouchId],
) -> Result<Vec<TouchResponse>> {
    let those = sql!(
        "t.tenant_id = {} AND t.customer_id = {} AND t.touched_at BETWEEN {} AND {} AND t.id {}",
        tenant,
        customer,
        first,
        last,
        Column::ids(ids.iter().copied())
    );
    told(connection, those)
}

fn told(connection: &mut AnyConnection, those: Sql<'_>) -> Result<Vec<TouchResponse>> {
    let rows: Vec<TouchRow> =
        sql!("SELECT {} FROM touches t WHERE {}", Sql::text(COLUMNS), those).load(connection)?;
    rows.into_iter().map(TouchRow::into_response).collect()
}

const TOUCHES: Table = Table {
    name: "touches",
    columns: &[
        "tenant_id",
        "channel",
        "external_id",
        "id",
        "customer_id",
        "origin_id",
        "campaign_id",
        "arm",
        "subject",
        "touched_at",
        "sent_at",
        "delivered_at",
        "opened_at",
        "clicked_at",
        "replied_at",
        "answered_at",
        "refused_at",
        "objected_at",
        "bounced_at",
        "complained_at",
        "unsubscribed_at",
        "objection",
        "units",
        "seconds",
        "created_at",
        "updated_at",
    ],
    key: &["tenant_id", "channel", "external_id"],
};

/// [`Touch::join`] in SQL, so that two who tell of the same touch at once lose nothing.
macro_rules! joined {
    ($column:literal, $better:literal) => {
        concat!(
            $column,
            " = CASE WHEN touches.",
            $column,
            " IS NULL OR excluded.",
            $column,
            " ",
            $better,
            " touches.",
            $column,
            " THEN excluded.",
            $column,
            " ELSE touches.",
            $column,
            " END"
        )
    };
}

const JOIN: &[&str] = &[
    "touched_at = CASE
         WHEN excluded.sent_at IS NOT NULL AND (touches.sent_at IS NULL OR excluded.sent_at < touches.sent_at)
             THEN excluded.sent_at
         WHEN touches.sent_at IS NOT NULL THEN touches.sent_at
         WHEN excluded.touched_at < touches.touched_at THEN excluded.touched_at
         ELSE touches.touched_at END",
    joined!("sent_at", "<"),
    joined!("delivered_at", "<"),
    joined!("opened_at", "<"),
    joined!("clicked_at", "<"),
    joined!("replied_at", "<"),
    joined!("answered_at", "<"),
    joined!("refused_at", "<"),
    joined!("objected_at", "<"),
    joined!("bounced_at", "<"),
    joined!("complained_at", "<"),
    joined!("unsubscribed_at", "<"),
    joined!("objection", "<"),
    joined!("subject", "<"),
    joined!("units", ">"),
    joined!("seconds", ">"),
    "updated_at = excluded.updated_at",
];

/// Writes touches that are new or of which something new was told.
pub fn save(
    connection: &mut AnyConnection,
    tenant: TenantId,
    changed: &BTreeMap<Key, Touch>,
    now: Timestamp,
) -> Result<(), DbError> {
    let touches = || changed.values();
    let mut values = vec![
        Column::ids(touches().map(|_| tenant)),
        Column::texts(changed.keys().map(|(channel, _)| channel.as_str())),
        Column::texts(changed.keys().map(|(_, external_id)| external_id.as_str())),
        Column::ids(touches().map(|touch| touch.id)),
        Column::ids(touches().map(|touch| touch.customer)),
        Column::ids(touches().map(|touch| touch.origin)),
        Column::optional_ids(touches().map(|touch| touch.campaign)),
        Column::optional_texts(touches().map(|touch| touch.arm.as_deref())),
        Column::optional_texts(touches().map(|touch| touch.subject.as_deref())),
        Column::instants(touches().map(|touch| touch.touched_at)),
    ];
    for outcome in Outcome::ALL {
        values.push(Column::optional_instants(touches().map(|touch| touch.times[outcome as usize])));
    }
    values.extend([
        Column::optional_texts(touches().map(|touch| touch.objection.as_deref())),
        Column::optional_ints(touches().map(|touch| touch.units)),
        Column::optional_ints(touches().map(|touch| touch.seconds)),
        Column::instants(touches().map(|_| now)),
        Column::instants(touches().map(|_| now)),
    ]);
    Upsert { table: &TOUCHES, values, on_conflict: OnConflict::Set(JOIN) }.execute(connection)?;
    Ok(())
}
