//! The orders of the window.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::{Group, Scope};
use crate::campaigns::document::Conversion;
use crate::campaigns::settings::{Margin, Margins};
use crate::campaigns::store::qualifying::{codes_of, qualifying};
use crate::db::types::Guid;
use crate::db::{AnyConnection, Cells, Column, DbError, Sql, each_row};
use crate::error::Result;
use crate::ids::{CustomerId, OrderId};
use crate::sql;
use crate::time::Timestamp;

/// A qualifying order of a member.
#[derive(Debug, Clone)]
pub struct OrderRow {
    pub origin_id: CustomerId,
    pub customer_id: CustomerId,
    pub group: Group,
    pub covariate_amount: i64,
    pub order_id: OrderId,
    pub paid_at: Timestamp,
    total_amount: Option<i64>,
    pub discount_amount: i64,
    /// In the tenant's currency; `None` while no exchange rate is known.
    gross_amount: Option<i64>,
    net_amount: Option<i64>,
    /// The hundredfold of what the goods of its lines cost; `None` without lines, and where a line's cost is not known.
    goods_hundredfold: Option<i64>,
}

impl OrderRow {
    fn read(row: &dyn Cells) -> Result<Self, DbError> {
        let none = || DbError::Failed("an order of a report lacks its key".into());
        Ok(Self {
            origin_id: row.id(0)?.ok_or_else(none)?,
            customer_id: row.id(1)?.ok_or_else(none)?,
            group: Group {
                arm: row.text(2)?.ok_or_else(none)?,
                stage: row.text(3)?,
                spend_band: row.text(4)?,
                shop_id: row.id(5)?,
            },
            covariate_amount: row.int(6)?.unwrap_or(0),
            order_id: row.id(7)?.ok_or_else(none)?,
            paid_at: row.instant(8)?.ok_or_else(none)?,
            total_amount: row.int(9)?,
            discount_amount: row.int(10)?.unwrap_or(0),
            gross_amount: row.int(11)?,
            net_amount: row.int(12)?,
            goods_hundredfold: row.int(13)?,
        })
    }

    /// What was paid less what was refunded since.
    pub fn revenue(&self) -> i64 {
        self.net_amount.unwrap_or(0)
    }

    /// Whether its worth in the tenant's currency is known.
    pub fn is_converted(&self) -> bool {
        self.net_amount.is_some()
    }

    /// What the goods cost, in the tenant's currency; `None` where that is not known.
    pub fn cost(&self, margins: &Margins) -> Option<i64> {
        let hundredfold = match (self.goods_hundredfold, margins.default_percent) {
            (Some(hundredfold), _) => hundredfold,
            // Without lines, the amount before the offer's discount is all there is to go by.
            (None, Some(percent)) => (self.total_amount.unwrap_or(0) + self.discount_amount) * (100 - percent),
            (None, None) => return None,
        };
        Some(self.in_tenants_currency((hundredfold + 50) / 100))
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

/// Shows the qualifying orders of the window by members of the arms, member by member. What their goods cost is asked only
/// where `margins` are given.
pub fn each_order(
    connection: &mut AnyConnection,
    scope: &Scope,
    conversion: &Conversion,
    margins: Option<&Margins>,
    mut see: impl FnMut(&OrderRow),
) -> Result<()> {
    let query = sql!(
        "SELECT m.origin_id, m.customer_id, m.arm, m.stage, m.spend_band, m.shop_id, m.covariate_amount,
             o.id, o.paid_at, o.total_amount, o.discount_amount, o.gross_amount, o.net_amount, {}
         FROM campaign_members m JOIN orders o ON o.tenant_id = {} AND o.customer_id = m.customer_id
         WHERE {} AND o.paid_at >= {} AND o.paid_at < {}{}
         ORDER BY m.origin_id, o.paid_at, o.id",
        margins.map_or(Sql::text("NULL"), |margins| goods_hundredfold(scope, margins)),
        scope.tenant,
        scope.members(),
        scope.from,
        scope.until,
        qualifying(scope.tenant, conversion, connection.backend())
    );
    each_row(connection, &query, |row| {
        see(&OrderRow::read(row)?);
        Ok(())
    })
}

/// The hundredfold of what the goods of the order `o` cost, over its lines; nothing where one of them is not known.
fn goods_hundredfold(scope: &Scope, margins: &Margins) -> Sql<'static> {
    let mut rest = Sql::text("CASE");
    for Margin { category, percent } in &margins.categories {
        rest.push(sql!(" WHEN l.category = {} THEN {}", category.clone(), 100 - percent));
    }
    // A CASE without a branch would be no expression.
    rest.push(Sql::text(" WHEN l.category IS NULL AND l.category IS NOT NULL THEN 0 ELSE "));
    rest.push(match margins.default_percent {
        Some(percent) => sql!("{}", 100 - percent),
        None => Sql::text("NULL"),
    });
    rest.push(Sql::text(" END"));
    // A line whose product tells no cost has the cost that the margin leaves of what it came to before the discount.
    sql!(
        "(SELECT CASE WHEN COUNT(*) = COUNT(x.cost) THEN CAST(SUM(x.cost) AS bigint) END FROM (
             SELECT COALESCE(100 * p.cost_amount * l.quantity,
                 COALESCE(l.quantity * l.unit_amount, l.total_amount) * CAST({} AS bigint)) AS cost
             FROM order_lines l LEFT JOIN products p ON p.tenant_id = {} AND p.shop_id = l.shop_id
                 AND p.external_id = l.product_external_id AND p.currency = o.currency
             WHERE l.tenant_id = {} AND l.order_id = o.id) x)",
        rest,
        scope.tenant,
        scope.tenant
    )
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
