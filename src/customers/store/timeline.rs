//! What happened with a customer, newest first.
//!
//! Each kind of entry is a source: a query for when it happened, which step it is, of what and which part of it. Rows of a
//! table with a `customer_id` need a line in [`RECORDS`], and what is told of them a field in [`details::Details`].

mod details;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};

use self::details::Details;
use crate::customers::merging::log;
use crate::customers::timeline::{EventType, TimelineEventResponse};
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, AnyKind, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, Id, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// The place of an entry: when, which step, of what, which part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment(Timestamp, i64, Id<AnyKind>, String);

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = Instant)]
    at: Timestamp,
    #[diesel(sql_type = BigInt)]
    step: i64,
    /// The order, note, statement, event, touch or tag.
    #[diesel(sql_type = Guid)]
    id: Id<AnyKind>,
    /// The refund of the order, or what gave or took the tag.
    #[diesel(sql_type = Text)]
    part: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// The steps of an order, each with the column that keeps its date.
const STEPS: [(EventType, &str); 6] = [
    (EventType::OrderPlaced, "ordered_at"),
    (EventType::OrderPaid, "paid_at"),
    (EventType::OrderShipped, "shipped_at"),
    (EventType::OrderDelivered, "delivered_at"),
    (EventType::OrderCompleted, "completed_at"),
    (EventType::OrderClosed, "closed_at"),
];

/// What belongs to a customer by itself, each with its table and the column that keeps its date.
const RECORDS: [(EventType, &str, &str); 4] = [
    (EventType::ConsentStated, "consents", "stated_at"),
    (EventType::NoteWritten, "notes", "created_at"),
    (EventType::EventOccurred, "events", "occurred_at"),
    (EventType::CustomerTouched, "touches", "touched_at"),
];

/// When a merge was done, and when it was undone.
const MERGES: [(EventType, &str); 2] = [
    (
        EventType::CustomerMerged,
        "SELECT g.created_at AS at, {} AS step, g.id, {} AS part, {} AS amount FROM ({}) g",
    ),
    (
        EventType::MergeUndone,
        "SELECT g.undone_at AS at, {} AS step, g.id, {} AS part, {} AS amount FROM ({}) g
         WHERE g.undone_at IS NOT NULL",
    ),
];

/// Up to `limit` entries before a moment, each with its own.
///
/// The customer's orders are read once (`MATERIALIZED`; else each kind of event would be looked for by whatever index
/// has its date); each kind of entry yields at most a page, so that the work of sorting does not
/// grow with the number of orders.
pub fn timeline(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    after: Option<&Moment>,
    limit: i64,
) -> Result<Vec<(Moment, TimelineEventResponse)>> {
    let steps: Vec<String> = STEPS.iter().map(|(event, column)| step_text(*event, column)).collect();
    let records: Vec<String> =
        RECORDS.iter().map(|(event, table, column)| record_text(*event, table, column)).collect();
    let mut sources = vec![created(tenant, customer), refunds(tenant), tags(tenant, customer)];
    sources.extend(
        MERGES.map(|(event, text)| sql!(text, event.rank(), "", 0, log::concerning(tenant, customer))),
    );
    sources.extend(steps.iter().map(|text| sql!(text, "", 0)));
    sources.extend(records.iter().map(|text| sql!(text, "", 0, tenant, customer)));
    let rows: Vec<EntryRow> = query(tenant, customer, sources, after, limit).load(connection)?;
    let mut details = Details::load(connection, tenant, customer, &rows)?;
    rows.into_iter().map(|row| Ok((row.moment(), details.show(row)?))).collect()
}

fn query<'a>(
    tenant: TenantId,
    customer: CustomerId,
    sources: Vec<Sql<'a>>,
    after: Option<&'a Moment>,
    limit: i64,
) -> Sql<'a> {
    let mut entries = Sql::default();
    for (place, source) in sources.into_iter().enumerate() {
        entries.push(Sql::text(if place > 0 { " UNION ALL " } else { "" }));
        entries.push(page_of(source, after, limit));
    }
    sql!(
        "WITH mine AS MATERIALIZED (
             SELECT o.id, o.ordered_at, o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, o.closed_at,
                 o.refunded_amount
             FROM orders o WHERE o.tenant_id = {} AND o.customer_id = {})
         SELECT u.at, u.step, u.id, u.part, u.amount FROM ({}) u
         ORDER BY u.at DESC, u.step DESC, u.id DESC, u.part DESC LIMIT {}",
        tenant,
        customer,
        entries,
        limit
    )
}

fn created<'a>(tenant: TenantId, customer: CustomerId) -> Sql<'a> {
    sql!(
        "SELECT c.created_at AS at, {} AS step, {} AS id, {} AS part, {} AS amount
         FROM customers c WHERE c.tenant_id = {} AND c.id = {}",
        EventType::CustomerCreated.rank(),
        Id::<AnyKind>::nil(),
        "",
        0,
        tenant,
        customer
    )
}

fn step_text(event: EventType, column: &str) -> String {
    let step = event.rank();
    format!(
        "SELECT m.{column} AS at, CAST({step} AS BIGINT) AS step, m.id, {{}} AS part, {{}} AS amount
         FROM mine m WHERE m.{column} IS NOT NULL"
    )
}

fn record_text(event: EventType, table: &str, column: &str) -> String {
    let step = event.rank();
    format!(
        "SELECT r.{column} AS at, CAST({step} AS BIGINT) AS step, r.id, {{}} AS part, {{}} AS amount
         FROM {table} r WHERE r.tenant_id = {{}} AND r.customer_id = {{}}"
    )
}

/// A refund that was called off has no amount and did not happen.
fn refunds<'a>(tenant: TenantId) -> Sql<'a> {
    sql!(
        "SELECT r.refunded_at AS at, {} AS step, r.order_id AS id, r.external_id AS part, r.amount
         FROM order_refunds r
         WHERE r.tenant_id = {} AND r.order_id IN (SELECT m.id FROM mine m WHERE m.refunded_amount > 0)
             AND r.amount > 0",
        EventType::OrderRefunded.rank(),
        tenant
    )
}

/// A tag that several sources gave or took at once came or went once.
fn tags<'a>(tenant: TenantId, customer: CustomerId) -> Sql<'a> {
    sql!(
        "SELECT DISTINCT h.changed_at AS at, CASE WHEN h.gained = {} THEN {} ELSE {} END AS step, h.tag_id AS id,
             h.actor AS part, {} AS amount
         FROM tag_changes h WHERE h.tenant_id = {} AND h.customer_id = {}",
        true,
        EventType::TagGained.rank(),
        EventType::TagLost.rank(),
        0,
        tenant,
        customer
    )
}

/// The newest of these entries before the moment.
fn page_of<'a>(entries: Sql<'a>, after: Option<&'a Moment>, limit: i64) -> Sql<'a> {
    let beyond = match after {
        // The first condition says nothing new, but an index can go by it.
        Some(Moment(at, step, id, part)) => sql!(
            " WHERE a.at <= {} AND (a.at, a.step, a.id, a.part) < ({}, {}, {}, {})",
            *at,
            *at,
            *step,
            *id,
            part
        ),
        None => Sql::default(),
    };
    sql!(
        "SELECT * FROM (SELECT * FROM ({}) a{}
             ORDER BY a.at DESC, a.step DESC, a.id DESC, a.part DESC LIMIT {}) p",
        entries,
        beyond,
        limit
    )
}

impl EntryRow {
    fn moment(&self) -> Moment {
        Moment(self.at, self.step, self.id, self.part.clone())
    }
}
