//! The orders of the window.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::{Group, Scope};
use crate::campaigns::document::Conversion;
use crate::campaigns::settings::Margins;
use crate::campaigns::store::qualifying::{codes_of, qualifying};
use crate::db::types::Guid;
use crate::db::{AnyConnection, Cells, Column, DbError, Sql, each_row_of_all};
use crate::error::{Error, Result};
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
    goods: Goods,
}

/// What the goods on the lines of an order cost.
#[derive(Debug, Clone, Copy, Default)]
struct Goods {
    lines: usize,
    /// In the order's currency, a hundredfold.
    hundredfold: i128,
    /// Lines whose goods' cost nothing tells.
    unknown: usize,
}

impl OrderRow {
    const COLUMNS: &'static str = "m.origin_id, m.customer_id, m.arm, m.stage, m.spend_band, m.shop_id, \
         m.covariate_amount, m.segments, o.id, o.paid_at, o.total_amount, o.discount_amount, o.gross_amount, o.net_amount";
    const ORDER_ID: usize = 8;
    const WIDTH: usize = 14;

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
                segments: row.int(7)?.unwrap_or(0),
            },
            covariate_amount: row.int(6)?.unwrap_or(0),
            order_id: row.id(Self::ORDER_ID)?.ok_or_else(none)?,
            paid_at: row.instant(9)?.ok_or_else(none)?,
            total_amount: row.int(10)?,
            discount_amount: row.int(11)?.unwrap_or(0),
            gross_amount: row.int(12)?,
            net_amount: row.int(13)?,
            goods: Goods::default(),
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
        let hundredfold = match self.goods {
            // Without lines, the amount before the offer's discount is all there is to go by.
            Goods { lines: 0, .. } => {
                let worth = self.total_amount.unwrap_or(0) + self.discount_amount;
                i128::from(worth) * i128::from(100 - margins.default_percent?)
            }
            Goods { unknown: 0, hundredfold, .. } => hundredfold,
            _ => return None,
        };
        Some(self.in_tenants_currency(i64::try_from((hundredfold + 50) / 100).unwrap_or(i64::MAX)))
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

impl Goods {
    const COLUMNS: &'static str = "l.position, l.quantity, l.unit_amount, l.total_amount, \
         COALESCE(l.category, p.category), CASE WHEN p.currency = o.currency THEN p.cost_amount END";

    /// Counts in the line that stands in the row from the place on, if there is one.
    fn add(&mut self, row: &dyn Cells, first: usize, margins: &Margins) -> Result<(), DbError> {
        if row.int(first)?.is_none() {
            return Ok(());
        }
        self.lines += 1;
        let quantity = i128::from(row.int(first + 1)?.unwrap_or(0));
        let hundredfold = match row.int(first + 5)? {
            Some(cost) => Some(100 * i128::from(cost) * quantity),
            // What the margin leaves of what the line came to before the offer's discount.
            None => {
                let worth = match row.int(first + 2)? {
                    Some(price) => i128::from(price) * quantity,
                    None => i128::from(row.int(first + 3)?.unwrap_or(0)),
                };
                let percent = margins.percent_of(row.text(first + 4)?.as_deref());
                percent.map(|percent| worth * i128::from(100 - percent))
            }
        };
        match hundredfold {
            Some(hundredfold) => self.hundredfold += hundredfold,
            None => self.unknown += 1,
        }
        Ok(())
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
    let (columns, lines) = match margins {
        None => (OrderRow::COLUMNS.to_owned(), Sql::default()),
        Some(_) => (format!("{}, {}", OrderRow::COLUMNS, Goods::COLUMNS), lines(scope)),
    };
    let query = sql!(
        "SELECT {} FROM {}{} WHERE {}{} ORDER BY m.origin_id, o.paid_at, o.id",
        Sql::text(&columns),
        scope.orders(),
        lines,
        scope.ordered(),
        qualifying(scope.tenant, conversion, connection.backend())
    );
    // An order comes as often as it has lines, one after the other.
    let mut current: Option<OrderRow> = None;
    each_row_of_all::<Error>(connection, &query, |row| {
        let id = row.id(OrderRow::ORDER_ID)?;
        if current.as_ref().map(|order| order.order_id) != id
            && let Some(order) = current.replace(OrderRow::read(row)?)
        {
            see(&order);
        }
        if let Some((order, margins)) = current.as_mut().zip(margins) {
            order.goods.add(row, OrderRow::WIDTH, margins)?;
        }
        Ok(())
    })?;
    if let Some(order) = current {
        see(&order);
    }
    Ok(())
}

/// The lines `l` of the order `o`, each with its product `p` where the shop has told it.
fn lines(scope: &Scope) -> Sql<'static> {
    sql!(
        " LEFT JOIN order_lines l ON l.tenant_id = {} AND l.order_id = o.id
         LEFT JOIN products p ON p.tenant_id = {} AND p.shop_id = l.shop_id
             AND p.external_id = l.product_external_id",
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
