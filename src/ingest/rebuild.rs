//! Facts from nothing: what the differences of [`super::facts`] must add up to.

use super::derive::Derived;
use super::facts::KEPT;
use super::load;
use super::save::{self, ChangedOrder};
use crate::db::{AnyConnection, DbError, transaction};
use crate::ids::{OrderId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// What a rebuild did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Orders in another currency for which a rate is known now.
    pub converted: usize,
    /// Customers whose facts were computed.
    pub customers: usize,
}

const CHUNK: i64 = 1_000;

/// Converts what can be converted by now and computes all facts of a tenant anew.
pub fn facts(connection: &mut AnyConnection, tenant: TenantId, now: Timestamp) -> Result<Rebuilt, DbError> {
    let converted = convert(connection, tenant, now)?;
    let customers = transaction(connection, |connection| -> Result<usize, DbError> {
        sql!("DELETE FROM customer_shop_facts WHERE tenant_id = {}", tenant).execute(connection)?;
        sql!("DELETE FROM customer_facts WHERE tenant_id = {}", tenant).execute(connection)?;
        by_shop(connection, tenant)?;
        overall(connection, tenant)
    })?;
    Ok(Rebuilt { converted, customers })
}

/// Gives orders that had no exchange rate the one that the settings have now.
fn convert(connection: &mut AnyConnection, tenant: TenantId, now: Timestamp) -> Result<usize, DbError> {
    let Some(tenant) = load::tenant(connection, tenant, &Default::default())? else {
        return Ok(0);
    };
    let (mut converted, mut after) = (0, OrderId::nil());
    loop {
        let (last, chunk) = transaction(connection, |connection| -> Result<_, DbError> {
            let orders = load::unconverted_orders(connection, tenant.id, after, CHUNK)?;
            let derived: Vec<Derived> = orders.iter().map(|order| Derived::of(order, &tenant)).collect();
            let changed: Vec<ChangedOrder<'_>> = orders
                .iter()
                .zip(&derived)
                .filter(|(_, derived)| derived.gross_amount.is_some())
                .map(|(order, derived)| ChangedOrder {
                    order,
                    derived,
                    new: false,
                    lines_stale: false,
                    refunds_stale: false,
                })
                .collect();
            save::orders(connection, tenant.id, &changed, now)?;
            Ok((orders.last().map(|order| order.id), changed.len()))
        })?;
        converted += chunk;
        match last {
            Some(last) => after = last,
            None => return Ok(converted),
        }
    }
}

fn by_shop(connection: &mut AnyConnection, tenant: TenantId) -> Result<usize, DbError> {
    let text = format!(
        "INSERT INTO customer_shop_facts (tenant_id, customer_id, shop_id, orders, orders_kept, orders_unconverted,
             orders_refunded, unpaid_orders, gross_amount, refunded_amount, spent_amount, items, first_order_at,
             last_order_at)
         SELECT tenant_id, customer_id, shop_id,
             COUNT(paid_at),
             SUM(CASE WHEN {KEPT} THEN 1 ELSE 0 END),
             SUM(CASE WHEN {KEPT} AND gross_amount IS NULL THEN 1 ELSE 0 END),
             SUM(CASE WHEN paid_at IS NOT NULL AND refunded_amount > 0 THEN 1 ELSE 0 END),
             SUM(CASE WHEN paid_at IS NULL THEN 1 ELSE 0 END),
             CAST(SUM(CASE WHEN paid_at IS NOT NULL THEN COALESCE(gross_amount, 0) ELSE 0 END) AS bigint),
             CAST(SUM(CASE WHEN paid_at IS NOT NULL THEN COALESCE(gross_amount - net_amount, 0) ELSE 0 END) AS bigint),
             CAST(SUM(CASE WHEN paid_at IS NOT NULL THEN COALESCE(net_amount, 0) ELSE 0 END) AS bigint),
             CAST(SUM(CASE WHEN paid_at IS NOT NULL THEN items ELSE 0 END) AS bigint),
             MIN(paid_at), MAX(paid_at)
         FROM orders WHERE tenant_id = {{}} AND customer_id IS NOT NULL
         GROUP BY tenant_id, customer_id, shop_id"
    );
    Ok(sql!(&text, tenant).execute(connection)?)
}

fn overall(connection: &mut AnyConnection, tenant: TenantId) -> Result<usize, DbError> {
    let sums = |columns: &[&str]| -> String {
        columns.iter().map(|column| format!("CAST(COALESCE(SUM(f.{column}), 0) AS bigint), ")).collect()
    };
    let text = format!(
        "INSERT INTO customer_facts (tenant_id, customer_id, orders, orders_kept, orders_unconverted, orders_refunded,
             unpaid_orders, gross_amount, refunded_amount, spent_amount, items, first_order_at, last_order_at)
         SELECT c.tenant_id, c.id, {}MIN(f.first_order_at), MAX(f.last_order_at)
         FROM customers c LEFT JOIN customer_shop_facts f ON f.tenant_id = {{}} AND f.customer_id = c.id
         WHERE c.tenant_id = {{}} GROUP BY c.tenant_id, c.id",
        sums(&[
            "orders", "orders_kept", "orders_unconverted", "orders_refunded", "unpaid_orders", "gross_amount",
            "refunded_amount", "spent_amount", "items",
        ])
    );
    Ok(sql!(&text, tenant, tenant).execute(connection)?)
}
