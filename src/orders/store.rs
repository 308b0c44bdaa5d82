//! All SQL that reads orders. What writes them is in [`crate::ingest`].

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::OrderStatus;
use super::document::{BuyerDocument, LineDocument};
use super::model::{OrderResponse, RefundResponse};
use crate::customers::keys::after_prefix;
use crate::db::schema::orders;
use crate::db::types::{Document, JsonText};
use crate::db::{AnyConnection, Backend, Sql};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, OrderId, ShopId, TenantId};
use crate::ingest::Personal;
use crate::sql;
use crate::time::Timestamp;

/// Which orders a list shows. What is absent does not limit it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub customer_id: Option<CustomerId>,
    pub shop_id: Option<ShopId>,
    pub status: Option<OrderStatus>,
    pub ordered: Span,
    pub paid: Span,
    pub sku: Option<String>,
    /// The whole `external_id`, or what it begins with.
    pub external_id: Option<String>,
    /// Whether their worth in the tenant's currency is unknown.
    pub unconverted: Option<bool>,
}

/// A span of time: from `after` (inclusive) until `before` (exclusive).
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    pub after: Option<Timestamp>,
    pub before: Option<Timestamp>,
}

/// The place of an order in a list: when it was ordered, and its id where that is the same.
pub type Place = (Timestamp, OrderId);

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = OrderSort)]
pub enum Sort {
    #[default]
    #[serde(rename = "-ordered_at")]
    NewestFirst,
    #[serde(rename = "ordered_at")]
    OldestFirst,
}

/// The order with this id.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: OrderId) -> Result<Option<OrderResponse>> {
    Ok(orders(connection, tenant, sql!("o.tenant_id = {} AND o.id = {}", tenant, id), sql!(""))?.pop())
}

/// Up to `limit` orders after a place in the list.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<OrderResponse>> {
    let mut condition = filter.condition(tenant);
    let (beyond, order) = match (sort, filter.is_narrow()) {
        (Sort::NewestFirst, false) => (BEFORE, " ORDER BY o.ordered_at DESC, o.id DESC LIMIT {}"),
        (Sort::OldestFirst, false) => (BEHIND, " ORDER BY o.ordered_at, o.id LIMIT {}"),
        (Sort::NewestFirst, true) => {
            (BEFORE, " ORDER BY COALESCE(o.ordered_at, NULL) DESC, o.id DESC LIMIT {}")
        }
        (Sort::OldestFirst, true) => (BEHIND, " ORDER BY COALESCE(o.ordered_at, NULL), o.id LIMIT {}"),
    };
    if let Some((at, id)) = after {
        condition.push(sql!(beyond, at, id));
    }
    orders(connection, tenant, condition, sql!(order, limit))
}

const BEFORE: &str = " AND (o.ordered_at, o.id) < ({}, {})";
const BEHIND: &str = " AND (o.ordered_at, o.id) > ({}, {})";

/// How many orders the list has in all.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = sql!("SELECT COUNT(*) AS count FROM orders o WHERE {}", filter.condition(tenant));
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// A customer's newest orders with their lines and refunds.
pub fn recent_of_customer(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<OrderResponse>> {
    let filter = Filter { customer_id: Some(customer), ..Filter::default() };
    list(connection, tenant, &filter, Sort::NewestFirst, None, limit)
}

impl Filter {
    /// Whether an index leads to the few orders that fit. They are then read and sorted: by an expression, because the
    /// databases are tempted to walk through all orders by time instead and pick out those that fit.
    fn is_narrow(&self) -> bool {
        self.sku.is_some() || self.external_id.is_some()
    }

    fn condition<'a>(&'a self, tenant: TenantId) -> Sql<'a> {
        let mut condition = sql!("o.tenant_id = {}", tenant);
        let mut and = |more: Option<Sql<'a>>| more.into_iter().for_each(|more| condition.push(more));
        and(self.customer_id.map(|customer| sql!(" AND o.customer_id = {}", customer)));
        and(self.shop_id.map(|shop| sql!(" AND o.shop_id = {}", shop)));
        and(self.status.map(|status| sql!(" AND o.status = {}", status.as_str())));
        and(self.ordered.after.map(|at| sql!(" AND o.ordered_at >= {}", at)));
        and(self.ordered.before.map(|at| sql!(" AND o.ordered_at < {}", at)));
        and(self.paid.after.map(|at| sql!(" AND o.paid_at >= {}", at)));
        and(self.paid.before.map(|at| sql!(" AND o.paid_at < {}", at)));
        and(self.unconverted.map(|unknown| {
            sql!(if unknown { " AND o.gross_amount IS NULL" } else { " AND o.gross_amount IS NOT NULL" })
        }));
        // As sets, because a correlated EXISTS runs once for each order.
        and(self.sku.as_ref().map(|sku| {
            sql!(
                " AND o.id IN (SELECT l.order_id FROM order_lines l WHERE l.tenant_id = {} AND l.sku = {})",
                tenant,
                sku
            )
        }));
        // The natural key is (shop, external id): going through the shops lets its index be used for all of them.
        and(self.external_id.as_ref().map(|start| {
            sql!(
                " AND o.id IN (SELECT x.id FROM shops s CROSS JOIN orders x
                     WHERE s.tenant_id = {} AND x.tenant_id = {} AND x.shop_id = s.id
                         AND x.external_id >= {} AND x.external_id < {})",
                tenant,
                tenant,
                start,
                after_prefix(start)
            )
        }));
        condition
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = orders)]
struct OrderRow {
    id: OrderId,
    shop_id: ShopId,
    external_id: String,
    customer_id: Option<CustomerId>,
    status: String,
    version: Timestamp,
    ordered_at: Timestamp,
    paid_at: Option<Timestamp>,
    shipped_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    currency: Option<String>,
    total_amount: Option<i64>,
    discount_amount: Option<i64>,
    shipping_amount: Option<i64>,
    refunded_amount: i64,
    exchange_rate: Option<String>,
    gross_amount: Option<i64>,
    net_amount: Option<i64>,
    items: i64,
    source: Option<String>,
    promotions: Document,
    coupon_codes: Document,
    personal: Document,
    attributes: Document,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
    #[diesel(sql_type = JsonText)]
    lines: Document,
    #[diesel(sql_type = JsonText)]
    refunds: Document,
}

/// The orders with their lines and refunds, all in one round trip.
fn orders(
    connection: &mut AnyConnection,
    tenant: TenantId,
    condition: Sql<'_>,
    tail: Sql<'_>,
) -> Result<Vec<OrderResponse>> {
    let (lines, refunds) = parts(connection.backend());
    let query = sql!(
        "SELECT o.id, o.shop_id, o.external_id, o.customer_id, o.status, o.version, o.ordered_at, o.paid_at,
             o.shipped_at, o.delivered_at, o.completed_at, o.closed_at, o.currency, o.total_amount,
             o.discount_amount, o.shipping_amount, o.refunded_amount, o.exchange_rate, o.gross_amount, o.net_amount,
             o.items, o.source, o.promotions, o.coupon_codes, o.personal, o.attributes, o.created_at, o.updated_at,
             o.revision, {} AS lines, {} AS refunds
         FROM orders o WHERE {}{}",
        sql!(lines, tenant),
        sql!(refunds, tenant),
        condition,
        tail
    );
    let rows: Vec<OrderRow> = query.load(connection)?;
    rows.into_iter().map(OrderRow::into_response).collect()
}

/// The lines of `o` as a JSON list of documents, and its refunds as one of `[external_id, refunded_at, amount, derived]`.
fn parts(backend: Backend) -> (&'static str, &'static str) {
    match backend {
        Backend::Postgres => (
            "COALESCE((SELECT jsonb_agg(jsonb_build_object('external_id', l.external_id, 'sku', l.sku,
                 'product_external_id', l.product_external_id, 'title', l.title, 'category', l.category,
                 'attributes', l.attributes, 'quantity', l.quantity, 'unit_amount', l.unit_amount,
                 'total_amount', l.total_amount) ORDER BY l.position)
             FROM order_lines l WHERE l.tenant_id = {} AND l.order_id = o.id), '[]'::jsonb)",
            "COALESCE((SELECT jsonb_agg(jsonb_build_array(r.external_id,
                 CAST(EXTRACT(EPOCH FROM r.refunded_at) * 1000000 AS bigint), r.amount, r.derived)
                 ORDER BY r.refunded_at, r.external_id)
             FROM order_refunds r WHERE r.tenant_id = {} AND r.order_id = o.id), '[]'::jsonb)",
        ),
        Backend::Sqlite => (
            "(SELECT json_group_array(json_object('external_id', l.external_id, 'sku', l.sku,
                 'product_external_id', l.product_external_id, 'title', l.title, 'category', l.category,
                 'attributes', json(l.attributes), 'quantity', l.quantity, 'unit_amount', l.unit_amount,
                 'total_amount', l.total_amount) ORDER BY l.position)
             FROM order_lines l WHERE l.tenant_id = {} AND l.order_id = o.id)",
            "(SELECT json_group_array(json_array(r.external_id, r.refunded_at, r.amount,
                 json(CASE WHEN r.derived THEN 'true' ELSE 'false' END)) ORDER BY r.refunded_at, r.external_id)
             FROM order_refunds r WHERE r.tenant_id = {} AND r.order_id = o.id)",
        ),
    }
}

impl OrderRow {
    fn into_response(self) -> Result<OrderResponse> {
        let Personal { buyer_id, buyer, note, .. } = self.personal.parse()?;
        let customer = (buyer_id.is_some() || buyer.is_some())
            .then(|| BuyerDocument { external_id: buyer_id, ..buyer.unwrap_or_default() });
        let status = OrderStatus::parse(&self.status)
            .ok_or_else(|| Error::internal(format!("an order has the status {:?}", self.status)))?;
        let refunds: Vec<(String, i64, i64, bool)> = self.refunds.parse()?;
        let refunds = refunds.into_iter().map(|(external_id, refunded_at, amount, derived)| RefundResponse {
            external_id,
            refunded_at: Timestamp::from_micros(refunded_at),
            amount,
            derived,
        });
        Ok(OrderResponse {
            id: self.id,
            shop_id: self.shop_id,
            external_id: self.external_id,
            customer_id: self.customer_id,
            version: self.version,
            status,
            ordered_at: self.ordered_at,
            paid_at: self.paid_at,
            shipped_at: self.shipped_at,
            delivered_at: self.delivered_at,
            completed_at: self.completed_at,
            closed_at: self.closed_at,
            currency: self.currency,
            unconverted: self.gross_amount.is_none(),
            total_amount: self.total_amount,
            discount_amount: self.discount_amount,
            shipping_amount: self.shipping_amount,
            refunded_amount: self.refunded_amount,
            exchange_rate: self.exchange_rate,
            gross_amount: self.gross_amount,
            net_amount: self.net_amount,
            items: self.items,
            refunds: refunds.collect(),
            source: self.source,
            promotions: self.promotions.parse()?,
            customer,
            lines: self.lines.parse::<Vec<LineDocument>>()?,
            coupon_codes: self.coupon_codes.parse()?,
            note,
            attributes: self.attributes.parse()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}
