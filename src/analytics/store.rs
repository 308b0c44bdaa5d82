//! All SQL of the figures: each answer comes out of one pass over an index or over the facts.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{ShopId, TenantId};
use crate::ingest::facts::KEPT;
use crate::sql;
use crate::time::Timestamp;

/// Whose orders are summed up: all of the tenant, or those of one shop.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub tenant: TenantId,
    pub shop: Option<ShopId>,
}

/// A span of time, from `from` (inclusive) until `until` (exclusive).
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Span {
    /// Whether it leaves nothing out.
    pub fn is_everything(self) -> bool {
        self.from.is_none() && self.until.is_none()
    }
}

/// What orders add up to; amounts in the tenant's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Sums {
    /// Customers with at least one paid order.
    #[diesel(sql_type = BigInt)]
    pub buyers: i64,
    /// Customers with two or more.
    #[diesel(sql_type = BigInt)]
    pub repeat_buyers: i64,
    /// Paid orders.
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    /// Those not refunded in full.
    #[diesel(sql_type = BigInt)]
    pub orders_kept: i64,
    /// Kept ones whose worth in the tenant's currency is not known.
    #[diesel(sql_type = BigInt)]
    pub unconverted_orders: i64,
    #[diesel(sql_type = BigInt)]
    pub gross_amount: i64,
    #[diesel(sql_type = BigInt)]
    pub net_amount: i64,
    /// Paid orders without a customer.
    #[diesel(sql_type = BigInt)]
    pub guest_orders: i64,
    /// What they came to.
    #[diesel(sql_type = BigInt)]
    pub guest_gross_amount: i64,
    #[diesel(sql_type = BigInt)]
    pub guest_net_amount: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What the orders paid within the span add up to.
pub fn sums(connection: &mut AnyConnection, scope: Scope, span: Span) -> Result<Sums> {
    let buyers = if span.is_everything() { scope.buyers_of_all_time() } else { scope.buyers_within(span) };
    let total = |expression: &str| format!("CAST(COALESCE(SUM({expression}), 0) AS bigint)");
    let of_guests = |column: &str| total(&format!("CASE WHEN customer_id IS NULL THEN {column} END"));
    let text = format!(
        "WITH b(customer_id, orders, kept, unconverted, gross, net) AS ({{}})
         SELECT COUNT(customer_id) AS buyers,
             COUNT(CASE WHEN orders > 1 THEN customer_id END) AS repeat_buyers,
             {} AS orders, {} AS orders_kept, {} AS unconverted_orders, {} AS gross_amount, {} AS net_amount,
             {} AS guest_orders, {} AS guest_gross_amount, {} AS guest_net_amount
         FROM b",
        total("orders"),
        total("kept"),
        total("unconverted"),
        total("gross"),
        total("net"),
        of_guests("orders"),
        of_guests("gross"),
        of_guests("net"),
    );
    Ok(sql!(&text, buyers).first(connection)?.unwrap_or_default())
}

/// Orders placed within the span and not paid.
pub fn unpaid_orders(connection: &mut AnyConnection, scope: Scope, span: Span) -> Result<i64> {
    let query = sql!(
        "SELECT COUNT(*) AS count FROM orders WHERE {} AND paid_at IS NULL{}",
        scope.orders(),
        within("ordered_at", span)
    );
    count(connection, &query)
}

/// The customers there are; in a shop those who ordered there.
pub fn customers(connection: &mut AnyConnection, scope: Scope) -> Result<i64> {
    let query = match scope.shop {
        Some(shop) => sql!(
            "SELECT COUNT(*) AS count FROM customer_shop_facts WHERE tenant_id = {} AND shop_id = {}",
            scope.tenant,
            shop
        ),
        None => sql!(
            "SELECT COUNT(*) AS count FROM customers
             WHERE tenant_id = {} AND merged_into IS NULL AND erased_at IS NULL",
            scope.tenant
        ),
    };
    count(connection, &query)
}

fn count(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<i64> {
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

fn within(column: &'static str, span: Span) -> Sql<'static> {
    let mut condition = Sql::default();
    if let Some(from) = span.from {
        condition.push(sql!(" AND {} >= {}", sql!(column), from));
    }
    if let Some(until) = span.until {
        condition.push(sql!(" AND {} < {}", sql!(column), until));
    }
    condition
}

impl Scope {
    fn orders(self) -> Sql<'static> {
        let mut condition = sql!("tenant_id = {}", self.tenant);
        condition.push(self.shop.map(|shop| sql!(" AND shop_id = {}", shop)).unwrap_or_default());
        condition
    }

    /// A row for each customer who paid within the span, and one for all guests together.
    fn buyers_within(self, span: Span) -> Sql<'static> {
        let mut paid = self.orders();
        paid.push(sql!(" AND paid_at IS NOT NULL"));
        paid.push(within("paid_at", span));
        grouped(paid)
    }

    /// The same for all time: the facts hold it, so that only the guests' orders are read one by one.
    fn buyers_of_all_time(self) -> Sql<'static> {
        const SUMS: &str =
            "SELECT customer_id, orders, orders_kept, orders_unconverted, gross_amount, spent_amount";
        let mut buyers = sql!(SUMS);
        buyers.push(match self.shop {
            Some(shop) => sql!(
                " FROM customer_shop_facts WHERE tenant_id = {} AND shop_id = {} AND orders > 0 UNION ALL ",
                self.tenant,
                shop
            ),
            None => sql!(" FROM customer_facts WHERE tenant_id = {} AND orders > 0 UNION ALL ", self.tenant),
        });
        let mut guests = self.orders();
        // Not as a plain condition: there is an index on it, which leads to far more orders than the guests have.
        guests.push(sql!(" AND customer_id IS NULL AND CASE WHEN paid_at IS NULL THEN 0 ELSE 1 END = 1"));
        buyers.push(grouped(guests));
        buyers
    }
}

/// The paid orders under a condition, by customer.
fn grouped(condition: Sql<'static>) -> Sql<'static> {
    sql!(
        "SELECT customer_id, COUNT(*), SUM(CASE WHEN {} THEN 1 ELSE 0 END),
             SUM(CASE WHEN {} AND gross_amount IS NULL THEN 1 ELSE 0 END),
             COALESCE(SUM(gross_amount), 0), COALESCE(SUM(net_amount), 0)
         FROM orders WHERE {} GROUP BY customer_id",
        sql!(KEPT),
        sql!(KEPT),
        condition
    )
}
