//! What a customer's orders add up to.

use diesel::QueryableByName;

use crate::db::AnyConnection;
use crate::db::schema::customer_shop_facts;
use crate::error::Result;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::facts::Facts;
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
#[diesel(table_name = customer_shop_facts)]
struct FactsRow {
    shop_id: ShopId,
    orders: i64,
    orders_kept: i64,
    orders_unconverted: i64,
    orders_refunded: i64,
    unpaid_orders: i64,
    gross_amount: i64,
    refunded_amount: i64,
    spent_amount: i64,
    items: i64,
    first_order_at: Option<Timestamp>,
    last_order_at: Option<Timestamp>,
}

impl From<FactsRow> for Facts {
    fn from(row: FactsRow) -> Self {
        Self {
            orders: row.orders,
            orders_kept: row.orders_kept,
            orders_unconverted: row.orders_unconverted,
            orders_refunded: row.orders_refunded,
            unpaid_orders: row.unpaid_orders,
            gross_amount: row.gross_amount,
            refunded_amount: row.refunded_amount,
            spent_amount: row.spent_amount,
            items: row.items,
            first_order_at: row.first_order_at,
            last_order_at: row.last_order_at,
        }
    }
}

const FACTS: &str = "f.orders, f.orders_kept, f.orders_unconverted, f.orders_refunded, f.unpaid_orders, \
    f.gross_amount, f.refunded_amount, f.spent_amount, f.items, f.first_order_at, f.last_order_at";

/// A customer's facts over all shops, and in each shop, the last visited first.
pub fn facts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<(Facts, Vec<(ShopId, Facts)>)> {
    // One statement for both: the row over all shops carries the customer's own id where others have their shop's.
    let text = format!(
        "SELECT f.customer_id AS shop_id, {FACTS} FROM customer_facts f
         WHERE f.tenant_id = {{}} AND f.customer_id = {{}}
         UNION ALL
         SELECT f.shop_id, {FACTS} FROM customer_shop_facts f WHERE f.tenant_id = {{}} AND f.customer_id = {{}}"
    );
    let rows: Vec<FactsRow> = sql!(&text, tenant, customer, tenant, customer).load(connection)?;
    let (overall, mut by_shop): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|row| (row.shop_id, Facts::from(row)))
        .partition(|(shop, _)| shop.uuid() == customer.uuid());
    by_shop.sort_by_key(|(shop, facts)| (std::cmp::Reverse(facts.last_order_at), *shop));
    let overall = overall.into_iter().next().map(|(_, facts)| facts).unwrap_or_default();
    Ok((overall, by_shop))
}
