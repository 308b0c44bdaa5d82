//! What happened with a customer, newest first.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};

use crate::customers::timeline::{EventType, TimelineEventResponse, TimelineOrder, TimelineRefund};
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Sql};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, OrderId, ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// The place of an event: when, which step, of which order, which refund.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment(Timestamp, i64, OrderId, String);

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Instant)]
    at: Timestamp,
    #[diesel(sql_type = BigInt)]
    step: i64,
    #[diesel(sql_type = Guid)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    refund: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Nullable<Guid>)]
    shop_id: Option<ShopId>,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    items: Option<i64>,
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

/// Up to `limit` events before a moment, each with its own.
///
/// The customer's orders are read once (`MATERIALIZED`; else each kind of event would be looked for by whatever index
/// has its date); each kind of event yields at most a page, so that the work of sorting does not
/// grow with the number of orders.
pub fn timeline(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    after: Option<&Moment>,
    limit: i64,
) -> Result<Vec<(Moment, TimelineEventResponse)>> {
    let texts: Vec<String> = STEPS.iter().map(|(event, column)| step_text(*event, column)).collect();
    let query = query(tenant, customer, after, limit, &texts);
    let rows: Vec<EventRow> = query.load(connection)?;
    rows.into_iter().map(|row| Ok((row.moment(), row.into_event()?))).collect()
}

fn query<'a>(
    tenant: TenantId,
    customer: CustomerId,
    after: Option<&'a Moment>,
    limit: i64,
    steps: &'a [String],
) -> Sql<'a> {
    let mut events = page_of(created(tenant, customer), after, limit);
    let others = steps.iter().map(|text| sql!(text, "", 0)).chain([refunds(tenant)]);
    for other in others {
        events.push(sql!(" UNION ALL {}", page_of(other, after, limit)));
    }
    sql!(
        "WITH mine AS MATERIALIZED (
             SELECT o.id, o.ordered_at, o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, o.closed_at,
                 o.refunded_amount
             FROM orders o WHERE o.tenant_id = {} AND o.customer_id = {})
         SELECT e.at, e.step, e.order_id, e.refund, e.amount, o.shop_id, o.external_id, o.currency, o.total_amount,
             o.items
         FROM (SELECT * FROM ({}) u ORDER BY u.at DESC, u.step DESC, u.order_id DESC, u.refund DESC LIMIT {}) e
         LEFT JOIN orders o ON o.tenant_id = {} AND o.id = e.order_id
         ORDER BY e.at DESC, e.step DESC, e.order_id DESC, e.refund DESC",
        tenant,
        customer,
        events,
        limit,
        tenant
    )
}

fn created<'a>(tenant: TenantId, customer: CustomerId) -> Sql<'a> {
    sql!(
        "SELECT c.created_at AS at, {} AS step, {} AS order_id, {} AS refund, {} AS amount
         FROM customers c WHERE c.tenant_id = {} AND c.id = {}",
        EventType::CustomerCreated.rank(),
        OrderId::nil(),
        "",
        0,
        tenant,
        customer
    )
}

fn step_text(event: EventType, column: &str) -> String {
    let step = event.rank();
    format!(
        "SELECT m.{column} AS at, CAST({step} AS BIGINT) AS step, m.id AS order_id, {{}} AS refund, {{}} AS amount
         FROM mine m WHERE m.{column} IS NOT NULL"
    )
}

/// A refund that was called off has no amount and did not happen.
fn refunds<'a>(tenant: TenantId) -> Sql<'a> {
    sql!(
        "SELECT r.refunded_at AS at, {} AS step, r.order_id, r.external_id AS refund, r.amount
         FROM order_refunds r
         WHERE r.tenant_id = {} AND r.order_id IN (SELECT m.id FROM mine m WHERE m.refunded_amount > 0)
             AND r.amount > 0",
        EventType::OrderRefunded.rank(),
        tenant
    )
}

/// The newest of these events before the moment.
fn page_of<'a>(events: Sql<'a>, after: Option<&'a Moment>, limit: i64) -> Sql<'a> {
    let beyond = match after {
        Some(Moment(at, step, order, refund)) => {
            sql!(" WHERE (a.at, a.step, a.order_id, a.refund) < ({}, {}, {}, {})", *at, *step, *order, refund)
        }
        None => Sql::default(),
    };
    sql!(
        "SELECT * FROM (SELECT * FROM ({}) a{}
             ORDER BY a.at DESC, a.step DESC, a.order_id DESC, a.refund DESC LIMIT {}) p",
        events,
        beyond,
        limit
    )
}

impl EventRow {
    fn moment(&self) -> Moment {
        Moment(self.at, self.step, self.order_id, self.refund.clone())
    }

    fn into_event(self) -> Result<TimelineEventResponse> {
        let event = EventType::of_rank(self.step)
            .ok_or_else(|| Error::internal(format!("there is no step {} in a timeline", self.step)))?;
        let order = self.shop_id.zip(self.external_id).zip(self.items);
        let order = order.map(|((shop_id, external_id), items)| TimelineOrder {
            id: self.order_id,
            shop_id,
            external_id,
            currency: self.currency,
            total_amount: self.total_amount,
            items,
        });
        let refund = (event == EventType::OrderRefunded)
            .then_some(TimelineRefund { external_id: self.refund, amount: self.amount });
        Ok(TimelineEventResponse { event, at: self.at, order, refund })
    }
}
