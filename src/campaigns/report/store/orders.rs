//! The orders of the window.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Scope;
use crate::campaigns::document::Conversion;
use crate::campaigns::settings::{Margin, Margins};
use crate::campaigns::store::qualifying::{codes_of, qualifying};
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::sql;
use crate::time::Timestamp;

/// A qualifying order of a member.
#[derive(Debug, Clone, QueryableByName)]
pub struct OrderRow {
    #[diesel(sql_type = Guid)]
    pub origin_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub spend_band: Option<String>,
    #[diesel(sql_type = Nullable<Guid>)]
    pub member_shop: Option<ShopId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub covariate_amount: Option<i64>,
    #[diesel(sql_type = Guid)]
    pub order_id: OrderId,
    #[diesel(sql_type = Instant)]
    pub paid_at: Timestamp,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub total_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub discount_amount: Option<i64>,
    /// In the tenant's currency; `None` while no exchange rate is known.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub gross_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub net_amount: Option<i64>,
}

impl OrderRow {
    /// What was paid less what was refunded since.
    pub fn revenue(&self) -> i64 {
        self.net_amount.unwrap_or(0)
    }

    /// An amount in the order's currency, at the order's own rate.
    pub fn in_tenants_currency(&self, amount: i64) -> i64 {
        match (self.total_amount, self.gross_amount) {
            (Some(total), Some(gross)) if total != gross && total != 0 => {
                let product = 2 * i128::from(amount) * i128::from(gross) + i128::from(total);
                i64::try_from(product.div_euclid(2 * i128::from(total))).unwrap_or(i64::MAX)
            }
            (_, Some(_)) => amount,
            (_, None) => 0,
        }
    }
}

/// The qualifying orders of the window by members of the arms.
pub fn orders(
    connection: &mut AnyConnection,
    scope: &Scope,
    conversion: &Conversion,
) -> Result<Vec<OrderRow>> {
    let qualifying = qualifying(scope.tenant, conversion, connection.backend());
    let query = sql!(
        "SELECT m.origin_id, m.customer_id, m.arm, m.stage, m.spend_band, m.shop_id AS member_shop, m.covariate_amount,
             o.id AS order_id, o.paid_at, o.total_amount, o.discount_amount, o.gross_amount, o.net_amount
         FROM campaign_members m JOIN orders o ON o.tenant_id = {} AND o.customer_id = m.customer_id
         WHERE {} AND o.paid_at >= {} AND o.paid_at < {}{}
         ORDER BY o.paid_at, o.id",
        scope.tenant,
        scope.members(),
        scope.from,
        scope.until,
        qualifying
    );
    Ok(query.load(connection)?)
}

#[derive(QueryableByName)]
struct CouponRow {
    #[diesel(sql_type = Guid)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    code: String,
}

/// The orders of the window on which one of the codes was used.
pub fn coupons(
    connection: &mut AnyConnection,
    scope: &Scope,
    codes: &[String],
) -> Result<HashMap<OrderId, Vec<String>>> {
    let mut used: HashMap<OrderId, Vec<String>> = HashMap::new();
    if codes.is_empty() {
        return Ok(used);
    }
    let (rows, code) = codes_of(connection.backend());
    let rows: Vec<CouponRow> = sql!(
        "SELECT o.id AS order_id, {} AS code FROM orders o CROSS JOIN {}
         WHERE o.tenant_id = {} AND o.paid_at >= {} AND o.paid_at < {} AND {} {}",
        Sql::text(code),
        Sql::text(rows),
        scope.tenant,
        scope.from,
        scope.until,
        Sql::text(code),
        Column::texts(codes.iter().map(String::as_str))
    )
    .load(connection)?;
    for row in rows {
        used.entry(row.order_id).or_default().push(row.code);
    }
    Ok(used)
}

/// What the goods of an order cost, in the order's currency.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct GoodsCost {
    #[diesel(sql_type = Guid)]
    order_id: OrderId,
    /// Of lines whose product's cost is known.
    #[diesel(sql_type = BigInt)]
    pub known: i64,
    /// The hundredfold of what the others cost by the margin of their category or of the tenant.
    #[diesel(sql_type = BigInt)]
    pub estimated_hundredfold: i64,
    /// Lines of which neither is known.
    #[diesel(sql_type = BigInt)]
    pub unknown_lines: i64,
}

/// The cost of goods of the qualifying orders, as far as they have lines.
pub fn goods_cost(
    connection: &mut AnyConnection,
    scope: &Scope,
    margins: &Margins,
) -> Result<HashMap<OrderId, GoodsCost>> {
    // What a line came to before the offer's discount.
    const WORTH: &str = "COALESCE(l.quantity * l.unit_amount, l.total_amount)";
    let mut rest = Sql::text("CASE");
    for Margin { category, percent } in &margins.categories {
        rest.push(sql!(" WHEN l.category = {} THEN {}", category, 100 - percent));
    }
    // A CASE without a branch would be no expression.
    rest.push(Sql::text(" WHEN l.category IS NULL AND l.category IS NOT NULL THEN 0 ELSE "));
    rest.push(match margins.default_percent {
        Some(percent) => sql!("{}", 100 - percent),
        None => Sql::text("NULL"),
    });
    rest.push(Sql::text(" END"));
    let rows: Vec<GoodsCost> = sql!(
        "SELECT x.order_id, CAST(COALESCE(SUM(x.known), 0) AS bigint) AS known,
             CAST(COALESCE(SUM(CASE WHEN x.known IS NULL THEN x.worth * x.rest END), 0) AS bigint) AS estimated_hundredfold,
             COUNT(CASE WHEN x.known IS NULL AND x.rest IS NULL THEN 1 END) AS unknown_lines
         FROM (
             SELECT l.order_id, p.cost_amount * l.quantity AS known, {} AS worth, CAST({} AS bigint) AS rest
             FROM orders o JOIN order_lines l ON l.tenant_id = {} AND l.order_id = o.id
             LEFT JOIN products p ON p.tenant_id = {} AND p.shop_id = l.shop_id
                 AND p.external_id = l.product_external_id AND p.currency = o.currency
             WHERE o.tenant_id = {} AND o.paid_at >= {} AND o.paid_at < {} AND o.customer_id IN (
                 SELECT m.customer_id FROM campaign_members m WHERE {})
         ) x GROUP BY x.order_id",
        Sql::text(WORTH),
        rest,
        scope.tenant,
        scope.tenant,
        scope.tenant,
        scope.from,
        scope.until,
        scope.members()
    )
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.order_id, row)).collect())
}
