//! Orders with their lines and refunds.

use super::documents;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::TenantId;
use crate::ingest::derive::Derived;
use crate::ingest::load::Personal;
use crate::ingest::order::Order;
use crate::orders::document::LineDocument;
use crate::sql;
use crate::time::Timestamp;

/// An order to be written.
pub struct ChangedOrder<'a> {
    pub order: &'a Order,
    pub derived: &'a Derived,
    /// No row is there yet.
    pub new: bool,
    /// What lines carry of the order (customer, payment) changed, or the lines themselves.
    pub lines_stale: bool,
    pub refunds_stale: bool,
}

const ORDERS: Table = Table {
    name: "orders",
    columns: &[
        "tenant_id",
        "id",
        "shop_id",
        "external_id",
        "customer_id",
        "identity_id",
        "status",
        "version",
        "ordered_at",
        "paid_at",
        "shipped_at",
        "delivered_at",
        "completed_at",
        "closed_at",
        "currency",
        "total_amount",
        "discount_amount",
        "shipping_amount",
        "refunded_amount",
        "exchange_rate",
        "gross_amount",
        "net_amount",
        "items",
        "source",
        "promotions",
        "coupon_codes",
        "personal",
        "attributes",
        "merge_state",
        "created_at",
        "updated_at",
        "revision",
    ],
    key: &["tenant_id", "shop_id", "external_id"],
};

const ORDER_CHANGES: &[&str] = &[
    "customer_id",
    "identity_id",
    "status",
    "version",
    "ordered_at",
    "paid_at",
    "shipped_at",
    "delivered_at",
    "completed_at",
    "closed_at",
    "currency",
    "total_amount",
    "discount_amount",
    "shipping_amount",
    "refunded_amount",
    "exchange_rate",
    "gross_amount",
    "net_amount",
    "items",
    "source",
    "promotions",
    "coupon_codes",
    "personal",
    "attributes",
    "merge_state",
    "updated_at",
    "revision",
];

/// Writes the orders with their lines and refunds.
pub fn orders(
    connection: &mut AnyConnection,
    tenant: TenantId,
    changed: &[ChangedOrder<'_>],
    now: Timestamp,
) -> Result<(), DbError> {
    let (new, known): (Vec<&ChangedOrder<'_>>, Vec<&ChangedOrder<'_>>) = changed.iter().partition(|o| o.new);
    let inserted = upsert_orders(tenant, &new, now, OnConflict::Keep)?.execute(connection)?;
    if inserted != new.len() {
        return Err(DbError::Conflict("an order of the batch was made by somebody else meanwhile".into()));
    }
    upsert_orders(tenant, &known, now, OnConflict::Update(ORDER_CHANGES))?.execute(connection)?;
    lines(connection, tenant, changed)?;
    refunds(connection, tenant, changed)
}

fn upsert_orders<'a>(
    tenant: TenantId,
    rows: &[&'a ChangedOrder<'_>],
    now: Timestamp,
    on_conflict: OnConflict,
) -> Result<Upsert<'a>, DbError> {
    let orders = || rows.iter().map(|row| row.order);
    let told = || rows.iter().map(|row| &row.order.told);
    let derived = || rows.iter().map(|row| row.derived);
    let amounts = || told().map(|told| told.amounts.as_ref());
    let personal = told().map(|told| Personal {
        buyer_id: told.buyer_id.clone(),
        buyer_key: told.buyer_key.clone(),
        buyer: told.buyer.clone(),
        note: told.note.clone(),
        erased: told.erased,
    });
    let merge = rows.iter().map(|row| {
        let mut merge = row.order.merge.clone();
        merge.inferred.clone_from(&row.derived.inferred);
        merge
    });
    let values = vec![
        Column::ids(rows.iter().map(|_| tenant)),
        Column::ids(orders().map(|order| order.id)),
        Column::ids(orders().map(|order| order.shop_id)),
        Column::texts(orders().map(|order| order.external_id.as_str())),
        Column::optional_ids(orders().map(|order| order.customer_id)),
        Column::optional_ids(orders().map(|order| order.identity_id)),
        Column::texts(derived().map(|derived| derived.status.as_str())),
        Column::instants(orders().map(|order| order.version)),
        Column::instants(derived().map(|derived| derived.ordered_at)),
        Column::optional_instants(derived().map(|derived| derived.paid_at)),
        Column::optional_instants(derived().map(|derived| derived.shipped_at)),
        Column::optional_instants(told().map(|told| told.delivered_at)),
        Column::optional_instants(derived().map(|derived| derived.completed_at)),
        Column::optional_instants(derived().map(|derived| derived.closed_at)),
        Column::optional_texts(amounts().map(|amounts| Some(amounts?.currency.as_str()))),
        Column::optional_ints(amounts().map(|amounts| Some(amounts?.total))),
        Column::optional_ints(amounts().map(|amounts| amounts?.discount)),
        Column::optional_ints(amounts().map(|amounts| amounts?.shipping)),
        Column::ints(derived().map(|derived| derived.refunded_amount)),
        Column::optional_texts(
            derived()
                .map(|derived| derived.exchange_rate.as_deref())
                .zip(amounts())
                .map(|(in_use, amounts)| in_use.or_else(|| amounts?.rate.as_deref())),
        ),
        Column::optional_ints(derived().map(|derived| derived.gross_amount)),
        Column::optional_ints(derived().map(|derived| derived.net_amount)),
        Column::ints(told().map(|told| told.items)),
        Column::optional_texts(told().map(|told| told.source.as_deref())),
        documents(told().map(|told| &told.promotions))?,
        documents(told().map(|told| &told.coupon_codes))?,
        documents(personal)?,
        documents(told().map(|told| &told.attributes))?,
        documents(merge)?,
        Column::instants(rows.iter().map(|_| now)),
        Column::instants(rows.iter().map(|_| now)),
        Column::ints(orders().map(|order| order.revision + 1)),
    ];
    Ok(Upsert { table: &ORDERS, values, on_conflict })
}

const LINES: Table = Table {
    name: "order_lines",
    columns: &[
        "tenant_id",
        "order_id",
        "position",
        "shop_id",
        "customer_id",
        "paid_at",
        "external_id",
        "sku",
        "product_external_id",
        "title",
        "category",
        "attributes",
        "quantity",
        "unit_amount",
        "total_amount",
    ],
    key: &["tenant_id", "order_id", "position"],
};

/// Replaces lines that were told anew, and brings the others' copies of customer and payment up to date.
fn lines(
    connection: &mut AnyConnection,
    tenant: TenantId,
    changed: &[ChangedOrder<'_>],
) -> Result<(), DbError> {
    let replaced = || changed.iter().filter(|row| row.order.new_lines.is_some());
    let gone = Column::ids(replaced().filter(|row| !row.new).map(|row| row.order.id));
    if !gone.is_empty() {
        sql!("DELETE FROM order_lines WHERE tenant_id = {} AND order_id {}", tenant, gone,)
            .execute(connection)?;
    }
    let rows: Vec<(&ChangedOrder<'_>, usize, &LineDocument)> = replaced()
        .flat_map(|row| {
            row.order.new_lines.iter().flatten().enumerate().map(move |(at, line)| (row, at, line))
        })
        .collect();
    let line = || rows.iter().map(|(_, _, line)| *line);
    Upsert {
        table: &LINES,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|(row, ..)| row.order.id)),
            Column::ints(rows.iter().map(|(_, position, _)| *position as i64)),
            Column::ids(rows.iter().map(|(row, ..)| row.order.shop_id)),
            Column::optional_ids(rows.iter().map(|(row, ..)| row.order.customer_id)),
            Column::optional_instants(rows.iter().map(|(row, ..)| row.derived.paid_at)),
            Column::optional_texts(line().map(|line| line.external_id.as_deref())),
            Column::optional_texts(line().map(|line| line.sku.as_deref())),
            Column::optional_texts(line().map(|line| line.product_external_id.as_deref())),
            Column::optional_texts(line().map(|line| line.title.as_deref())),
            Column::optional_texts(line().map(|line| line.category.as_deref())),
            documents(line().map(|line| &line.attributes))?,
            Column::ints(line().map(|line| line.quantity)),
            Column::optional_ints(line().map(|line| line.unit_amount)),
            Column::ints(line().map(|line| line.total_amount)),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    let stale = Column::ids(
        changed
            .iter()
            .filter(|row| row.lines_stale && !row.new && row.order.new_lines.is_none())
            .map(|row| row.order.id),
    );
    lines_follow(connection, tenant, stale)
}

/// Lets the lines of these orders carry what the orders say now.
pub fn lines_follow(
    connection: &mut AnyConnection,
    tenant: TenantId,
    orders: Column<'_>,
) -> Result<(), DbError> {
    if orders.is_empty() {
        return Ok(());
    }
    let columns = LINES.columns.join(", ");
    let copied = LINES.columns.iter().map(|&column| match column {
        "customer_id" | "paid_at" => {
            format!("(SELECT o.{column} FROM orders o WHERE o.tenant_id = {{}} AND o.id = l.order_id)")
        }
        _ => format!("l.{column}"),
    });
    // An upsert of the rows onto themselves: an UPDATE would need a join, which Citus does not take here.
    let text = format!(
        "INSERT INTO order_lines ({columns})
         SELECT {} FROM {{}} WHERE TRUE
         ON CONFLICT (tenant_id, order_id, position)
         DO UPDATE SET customer_id = excluded.customer_id, paid_at = excluded.paid_at",
        copied.collect::<Vec<_>>().join(", "),
    );
    let lines = Keyed::of_tenant("order_lines", "l", tenant, "order_id", orders).rows(connection);
    sql!(&text, tenant, tenant, lines).execute(connection)?;
    Ok(())
}

const REFUNDS: Table = Table {
    name: "order_refunds",
    columns: &["tenant_id", "order_id", "external_id", "refunded_at", "amount", "derived"],
    key: &["tenant_id", "order_id", "external_id"],
};

fn refunds(
    connection: &mut AnyConnection,
    tenant: TenantId,
    changed: &[ChangedOrder<'_>],
) -> Result<(), DbError> {
    let stale = || changed.iter().filter(|row| row.refunds_stale);
    let gone = Column::ids(stale().filter(|row| !row.new).map(|row| row.order.id));
    if !gone.is_empty() {
        sql!("DELETE FROM order_refunds WHERE tenant_id = {} AND order_id {}", tenant, gone,)
            .execute(connection)?;
    }
    let rows: Vec<_> =
        stale().flat_map(|row| row.derived.refunds.iter().map(|refund| (row.order.id, refund))).collect();
    Upsert {
        table: &REFUNDS,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|(order, _)| *order)),
            Column::texts(rows.iter().map(|(_, refund)| refund.external_id.as_str())),
            Column::instants(rows.iter().map(|(_, refund)| refund.at)),
            Column::ints(rows.iter().map(|(_, refund)| refund.amount)),
            Column::bools(rows.iter().map(|(_, refund)| refund.derived)),
        ],
        on_conflict: OnConflict::Keep,
    }
    .execute(connection)?;
    Ok(())
}
