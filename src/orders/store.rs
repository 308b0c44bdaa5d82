//! All SQL that reads orders. What writes them is in [`crate::ingest`].

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::OrderStatus;
use super::document::{BuyerDocument, LineDocument};
use super::model::{OrderResponse, RefundResponse};
use crate::customers::keys::after_prefix;
use crate::db::schema::{order_lines, order_refunds, orders};
use crate::db::types::Document;
use crate::db::{AnyConnection, Column, Sql};
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
    let found = rows(connection, sql!("o.tenant_id = {} AND o.id = {}", tenant, id), sql!(""))?;
    Ok(whole(connection, tenant, found)?.pop())
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
    let found = rows(connection, condition, sql!(order, limit))?;
    whole(connection, tenant, found)
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
}

fn rows(connection: &mut AnyConnection, condition: Sql<'_>, tail: Sql<'_>) -> Result<Vec<OrderRow>> {
    let query = sql!(
        "SELECT o.id, o.shop_id, o.external_id, o.customer_id, o.status, o.version, o.ordered_at, o.paid_at,
             o.shipped_at, o.delivered_at, o.completed_at, o.closed_at, o.currency, o.total_amount,
             o.discount_amount, o.shipping_amount, o.refunded_amount, o.exchange_rate, o.gross_amount, o.net_amount,
             o.items, o.source, o.promotions, o.coupon_codes, o.personal, o.attributes, o.created_at, o.updated_at,
             o.revision
         FROM orders o WHERE {}{}",
        condition,
        tail
    );
    Ok(query.load(connection)?)
}

#[derive(QueryableByName)]
#[diesel(table_name = order_lines)]
struct LineRow {
    order_id: OrderId,
    external_id: Option<String>,
    sku: Option<String>,
    product_external_id: Option<String>,
    title: Option<String>,
    category: Option<String>,
    attributes: Document,
    quantity: i64,
    unit_amount: Option<i64>,
    total_amount: i64,
}

#[derive(QueryableByName)]
#[diesel(table_name = order_refunds)]
struct RefundRow {
    order_id: OrderId,
    external_id: String,
    refunded_at: Timestamp,
    amount: i64,
    derived: bool,
}

/// The orders with their lines and refunds, each kind read in one go.
fn whole(
    connection: &mut AnyConnection,
    tenant: TenantId,
    orders: Vec<OrderRow>,
) -> Result<Vec<OrderResponse>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = || Column::ids(orders.iter().map(|order| order.id));
    let found: Vec<LineRow> = sql!(
        "SELECT order_id, external_id, sku, product_external_id, title, category, attributes, quantity, unit_amount,
             total_amount
         FROM order_lines WHERE tenant_id = {} AND order_id {} ORDER BY order_id, position",
        tenant,
        wanted()
    )
    .load(connection)?;
    let mut lines: HashMap<OrderId, Vec<LineDocument>> = HashMap::new();
    for row in found {
        lines.entry(row.order_id).or_default().push(row.into_line()?);
    }
    let found: Vec<RefundRow> = sql!(
        "SELECT order_id, external_id, refunded_at, amount, derived FROM order_refunds
         WHERE tenant_id = {} AND order_id {} ORDER BY order_id, refunded_at, external_id",
        tenant,
        wanted()
    )
    .load(connection)?;
    let mut refunds: HashMap<OrderId, Vec<RefundResponse>> = HashMap::new();
    for row in found {
        let RefundRow { order_id, external_id, refunded_at, amount, derived } = row;
        let refund = RefundResponse { external_id, refunded_at, amount, derived };
        refunds.entry(order_id).or_default().push(refund);
    }
    let mut whole = |order: OrderRow| {
        let lines = lines.remove(&order.id).unwrap_or_default();
        let refunds = refunds.remove(&order.id).unwrap_or_default();
        order.into_response(lines, refunds)
    };
    orders.into_iter().map(&mut whole).collect()
}

impl LineRow {
    fn into_line(self) -> Result<LineDocument> {
        Ok(LineDocument {
            external_id: self.external_id,
            sku: self.sku,
            product_external_id: self.product_external_id,
            title: self.title,
            category: self.category,
            attributes: self.attributes.parse()?,
            quantity: self.quantity,
            unit_amount: self.unit_amount,
            total_amount: self.total_amount,
        })
    }
}

impl OrderRow {
    fn into_response(self, lines: Vec<LineDocument>, refunds: Vec<RefundResponse>) -> Result<OrderResponse> {
        let Personal { buyer_id, buyer, note, .. } = self.personal.parse()?;
        let customer = (buyer_id.is_some() || buyer.is_some())
            .then(|| BuyerDocument { external_id: buyer_id, ..buyer.unwrap_or_default() });
        let status = OrderStatus::parse(&self.status)
            .ok_or_else(|| Error::internal(format!("an order has the status {:?}", self.status)))?;
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
            refunds,
            source: self.source,
            promotions: self.promotions.parse()?,
            customer,
            lines,
            coupon_codes: self.coupon_codes.parse()?,
            note,
            attributes: self.attributes.parse()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}
