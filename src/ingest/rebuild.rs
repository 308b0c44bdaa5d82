//! Facts from nothing: what the differences of [`super::facts`] must add up to.
//!
//! It goes by chunks of customers, each in a transaction that holds their rows, so orders may come in meanwhile.

use diesel::QueryableByName;

use super::apply::reconsider;
use super::load;
use crate::clock::IdGen;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Backend, Column, DbError, Keyed, look_up_by_key, retry, transaction};
use crate::ids::{CustomerId, OrderId, TenantId};
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

/// Converts what can be converted by now and computes all facts of a tenant anew. `progress` is told of each chunk.
pub fn facts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    now: Timestamp,
    ids: &dyn IdGen,
    mut progress: impl FnMut(Rebuilt),
) -> Result<Rebuilt, DbError> {
    let mut done = Rebuilt { converted: convert(connection, tenant, now, ids)?, customers: 0 };
    let mut after = CustomerId::nil();
    loop {
        let chunk = retry(|| transaction(connection, |connection| rebuild_chunk(connection, tenant, after)))?;
        let Some(last) = chunk.last() else { return Ok(done) };
        after = *last;
        done.customers += chunk.len();
        progress(done);
    }
}

/// Gives orders that had no exchange rate the one that the settings have now.
fn convert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<usize, DbError> {
    let (mut converted, mut after) = (0, OrderId::nil());
    loop {
        let (keys, last) = load::unconverted(connection, tenant, after, CHUNK)?;
        let Some(last) = last else { return Ok(converted) };
        after = last;
        let keys: std::collections::BTreeSet<_> = keys.into_iter().collect();
        let shops = keys.iter().map(|(shop, _)| *shop).collect();
        converted += retry(|| {
            transaction(connection, |connection| {
                look_up_by_key(connection)?;
                match load::tenant(connection, tenant, &shops)? {
                    Some(tenant) => reconsider(connection, &tenant, keys.clone(), now, ids),
                    None => Ok(0),
                }
            })
        })?;
    }
}

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
}

/// Locks the next customers, computes their facts, and names them.
fn rebuild_chunk(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: CustomerId,
) -> Result<Vec<CustomerId>, DbError> {
    let lock = match connection.backend() {
        Backend::Postgres => " FOR UPDATE",
        Backend::Sqlite => "",
    };
    look_up_by_key(connection)?;
    let text =
        format!("SELECT id FROM customers WHERE tenant_id = {{}} AND id > {{}} ORDER BY id LIMIT {{}}{lock}");
    let rows: Vec<CustomerRow> = sql!(&text, tenant, after, CHUNK).load(connection)?;
    let chunk: Vec<CustomerId> = rows.into_iter().map(|row| row.id).collect();
    of_customers(connection, tenant, &chunk)?;
    Ok(chunk)
}

/// Computes the facts of these customers, whose rows are locked.
pub fn of_customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<(), DbError> {
    for table in ["customer_shop_facts", "customer_facts"] {
        let text = format!("DELETE FROM {table} WHERE tenant_id = {{}} AND customer_id {{}}");
        sql!(&text, tenant, Column::ids(customers.iter().copied())).execute(connection)?;
    }
    by_shop(connection, tenant, customers)?;
    overall(connection, tenant, customers)?;
    Ok(())
}

/// An order that is kept: paid, and not refunded in full.
const KEPT: &str = "o.paid_at IS NOT NULL AND o.status <> 'refunded' \
    AND NOT (COALESCE(o.total_amount, 0) > 0 AND o.refunded_amount >= o.total_amount)";

fn by_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<usize, DbError> {
    let paid = |amount: &str| {
        format!("CAST(SUM(CASE WHEN o.paid_at IS NOT NULL THEN {amount} ELSE 0 END) AS bigint)")
    };
    let text = format!(
        "INSERT INTO customer_shop_facts (tenant_id, customer_id, shop_id, orders, orders_kept, orders_unconverted,
             orders_refunded, unpaid_orders, gross_amount, refunded_amount, spent_amount, items, first_order_at,
             last_order_at)
         SELECT o.tenant_id, o.customer_id, o.shop_id,
             COUNT(o.paid_at),
             SUM(CASE WHEN {KEPT} THEN 1 ELSE 0 END),
             SUM(CASE WHEN {KEPT} AND o.gross_amount IS NULL THEN 1 ELSE 0 END),
             SUM(CASE WHEN o.paid_at IS NOT NULL AND o.refunded_amount > 0 THEN 1 ELSE 0 END),
             SUM(CASE WHEN o.paid_at IS NULL THEN 1 ELSE 0 END),
             {}, {}, {}, {}, MIN(o.paid_at), MAX(o.paid_at)
         FROM {{}}
         GROUP BY o.tenant_id, o.customer_id, o.shop_id",
        paid("COALESCE(o.gross_amount, 0)"),
        paid("COALESCE(o.gross_amount - o.net_amount, 0)"),
        paid("COALESCE(o.net_amount, 0)"),
        paid("o.items"),
    );
    let keys = Column::ids(customers.iter().copied());
    let orders = Keyed::of_tenant("orders", "o", tenant, "customer_id", keys).rows(connection);
    Ok(sql!(&text, orders).execute(connection)?)
}

fn overall(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &[CustomerId],
) -> Result<usize, DbError> {
    let sums: String = [
        "orders",
        "orders_kept",
        "orders_unconverted",
        "orders_refunded",
        "unpaid_orders",
        "gross_amount",
        "refunded_amount",
        "spent_amount",
        "items",
    ]
    .iter()
    .map(|column| format!("CAST(COALESCE(SUM(f.{column}), 0) AS bigint), "))
    .collect();
    let text = format!(
        "INSERT INTO customer_facts (tenant_id, customer_id, orders, orders_kept, orders_unconverted, orders_refunded,
             unpaid_orders, gross_amount, refunded_amount, spent_amount, items, first_order_at, last_order_at)
         SELECT c.tenant_id, c.id, {sums}MIN(f.first_order_at), MAX(f.last_order_at)
         FROM {{}} LEFT JOIN customer_shop_facts f ON f.tenant_id = {{}} AND f.customer_id = c.id
         GROUP BY c.tenant_id, c.id"
    );
    let keys = Column::ids(customers.iter().copied());
    let people = Keyed::of_tenant("customers", "c", tenant, "id", keys).rows(connection);
    Ok(sql!(&text, people, tenant).execute(connection)?)
}
