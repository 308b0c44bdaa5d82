//! Facts, overall and by shop.

use crate::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::facts::Facts;
use crate::ingest::load::Customer;
use crate::sql;

macro_rules! facts_columns {
    ($($key:literal),+) => {
        &[
            $($key,)+ "orders", "orders_kept", "orders_unconverted", "orders_refunded", "unpaid_orders",
            "gross_amount", "refunded_amount", "spent_amount", "items", "first_order_at", "last_order_at",
        ]
    };
}

const FACTS: Table = Table {
    name: "customer_facts",
    columns: facts_columns!("tenant_id", "customer_id"),
    key: &["tenant_id", "customer_id"],
};

const SHOP_FACTS: Table = Table {
    name: "customer_shop_facts",
    columns: facts_columns!("tenant_id", "customer_id", "shop_id"),
    key: &["tenant_id", "customer_id", "shop_id"],
};

const FACTS_CHANGES: &[&str] = &[
    "orders",
    "orders_kept",
    "orders_unconverted",
    "orders_refunded",
    "unpaid_orders",
    "gross_amount",
    "refunded_amount",
    "spent_amount",
    "items",
    "first_order_at",
    "last_order_at",
];

/// Writes the facts that changed; a shop in which no order is left loses its row.
pub fn facts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &[(CustomerId, &Customer)],
) -> Result<(), DbError> {
    let overall: Vec<(CustomerId, Facts)> = customers
        .iter()
        .filter(|(_, customer)| customer.new || customer.facts_changed)
        .map(|(id, customer)| (*id, customer.facts))
        .collect();
    let mut values = vec![
        Column::ids(overall.iter().map(|_| tenant)),
        Column::ids(overall.iter().map(|(customer, _)| *customer)),
    ];
    values.extend(facts_values(overall.iter().map(|(_, facts)| facts)));
    Upsert { table: &FACTS, values, on_conflict: OnConflict::Update(FACTS_CHANGES) }.execute(connection)?;

    let changed: Vec<(CustomerId, ShopId, Facts)> = customers
        .iter()
        .flat_map(|(id, customer)| customer.by_shop.iter().map(move |(shop, facts)| (*id, *shop, facts)))
        .filter(|(.., facts)| facts.changed && (facts.stored || !facts.facts.is_empty()))
        .map(|(customer, shop, facts)| (customer, shop, facts.facts))
        .collect();
    let mut values = vec![
        Column::ids(changed.iter().map(|_| tenant)),
        Column::ids(changed.iter().map(|(customer, ..)| *customer)),
        Column::ids(changed.iter().map(|(_, shop, _)| *shop)),
    ];
    values.extend(facts_values(changed.iter().map(|(.., facts)| facts)));
    Upsert { table: &SHOP_FACTS, values, on_conflict: OnConflict::Update(FACTS_CHANGES) }
        .execute(connection)?;
    let emptied =
        Column::ids(changed.iter().filter(|(.., facts)| facts.is_empty()).map(|(customer, ..)| *customer));
    if !emptied.is_empty() {
        sql!(
            "DELETE FROM customer_shop_facts
             WHERE tenant_id = {} AND customer_id {} AND orders = 0 AND unpaid_orders = 0",
            tenant,
            emptied,
        )
        .execute(connection)?;
    }
    Ok(())
}

fn facts_values<'a>(facts: impl Iterator<Item = &'a Facts> + Clone) -> Vec<Column<'static>> {
    vec![
        Column::ints(facts.clone().map(|facts| facts.orders)),
        Column::ints(facts.clone().map(|facts| facts.orders_kept)),
        Column::ints(facts.clone().map(|facts| facts.orders_unconverted)),
        Column::ints(facts.clone().map(|facts| facts.orders_refunded)),
        Column::ints(facts.clone().map(|facts| facts.unpaid_orders)),
        Column::ints(facts.clone().map(|facts| facts.gross_amount)),
        Column::ints(facts.clone().map(|facts| facts.refunded_amount)),
        Column::ints(facts.clone().map(|facts| facts.spent_amount)),
        Column::ints(facts.clone().map(|facts| facts.items)),
        Column::optional_instants(facts.clone().map(|facts| facts.first_order_at)),
        Column::optional_instants(facts.map(|facts| facts.last_order_at)),
    ]
}
