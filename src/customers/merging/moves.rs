//! What goes along when a customer is found under another: identities, orders with their lines, and whatever else lies
//! in their file.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::customers::owned;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Backend, Bind, Column, DbError, Keyed, Sql};
use crate::ids::{CustomerId, Id, IdKind, IdentityId, OrderId, ShopId, TenantId};
use crate::ingest::load::OrderKey;
use crate::ingest::save;
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

/// Who goes where.
#[derive(Debug, Default)]
pub struct Moves {
    /// Under whom each customer is found from now on.
    pub customers: BTreeMap<CustomerId, CustomerId>,
    /// Under whom they were found.
    pub from: BTreeSet<CustomerId>,
    /// What the customers are known by, and under whom that is found from now on.
    pub identities: BTreeMap<IdentityId, CustomerId>,
}

/// How many customers move in one statement.
const CHUNK: usize = 400;
/// How many orders' lines follow in one statement.
const ORDERS: usize = 10_000;

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Guid)]
    shop_id: ShopId,
    #[diesel(sql_type = Text)]
    external_id: String,
}

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = Guid)]
    id: OrderId,
}

impl Moves {
    /// Locks the orders that are about to move and `others`, in the order of their keys.
    pub fn hold_orders(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        others: &BTreeSet<OrderKey>,
    ) -> Result<(), DbError> {
        if connection.backend() == Backend::Sqlite {
            return Ok(()); // the writer is alone
        }
        let from = Column::ids(self.from.iter().copied());
        let orders = Keyed::of_tenant("orders", "o", tenant, "customer_id", from).rows(connection);
        let moving: Vec<KeyRow> = sql!(
            "SELECT o.shop_id, o.external_id FROM {} WHERE o.identity_id {}",
            orders,
            Column::ids(self.identities.keys().copied())
        )
        .load(connection)?;
        let mut keys = others.clone();
        keys.extend(moving.into_iter().map(|row| (row.shop_id, row.external_id)));
        for (shop, external_ids) in by_shop(keys.iter()) {
            let held = Keyed {
                table: "orders",
                alias: "o",
                within: sql!("o.tenant_id = {} AND o.shop_id = {}", tenant, shop),
                key: "external_id",
                keys: Column::texts(external_ids),
                lock: true,
            };
            sql!("SELECT o.id FROM {}", held.rows(connection)).load::<OrderRow>(connection)?;
        }
        Ok(())
    }

    /// Moves everything.
    pub fn carry_out(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let customers: Vec<_> = self.customers.iter().map(|(from, to)| (*from, Some(*to))).collect();
        for chunk in customers.chunks(CHUNK) {
            for table in std::iter::once(&"identities").chain(owned::TABLES) {
                self.move_rows(connection, tenant, table, chunk)?;
            }
        }
        let identities: Vec<_> = self.identities.iter().map(|(from, to)| (*from, Some(*to))).collect();
        let mut orders = Vec::new();
        for chunk in identities.chunks(CHUNK) {
            orders.extend(self.move_orders(connection, tenant, chunk, now)?);
        }
        for orders in orders.chunks(ORDERS) {
            save::lines_follow(connection, tenant, Column::ids(orders.iter().copied()))?;
        }
        Ok(())
    }

    fn move_rows(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        table: &str,
        customers: &[(CustomerId, Option<CustomerId>)],
    ) -> Result<(), DbError> {
        let text = format!(
            "UPDATE {table} SET customer_id = {{}} WHERE tenant_id = {{}} AND customer_id {{}} AND origin_id {{}}"
        );
        sql!(
            &text,
            mapped(connection, "origin_id", customers),
            tenant,
            Column::ids(self.from.iter().copied()),
            Column::ids(customers.iter().map(|(customer, _)| *customer))
        )
        .execute(connection)?;
        Ok(())
    }

    /// Moves the orders that came with these identities, and names them.
    fn move_orders(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        identities: &[(IdentityId, Option<CustomerId>)],
        now: Timestamp,
    ) -> Result<Vec<OrderId>, DbError> {
        let moved: Vec<OrderRow> = sql!(
            "UPDATE orders SET customer_id = {}, updated_at = {}, revision = revision + 1
             WHERE tenant_id = {} AND customer_id {} AND identity_id {} RETURNING id",
            mapped(connection, "identity_id", identities),
            now,
            tenant,
            Column::ids(self.from.iter().copied()),
            Column::ids(identities.iter().map(|(identity, _)| *identity))
        )
        .load(connection)?;
        Ok(moved.into_iter().map(|row| row.id).collect())
    }
}

/// What a column's value stands for in these pairs, as an expression of bound values alone.
pub fn mapped<'a, K: IdKind, V: IdKind>(
    connection: &AnyConnection,
    column: &str,
    pairs: &[(Id<K>, Option<Id<V>>)],
) -> Sql<'a> {
    match connection.backend() {
        Backend::Postgres => Sql::owned(
            format!("(CAST({{}} AS uuid[]))[array_position(CAST({{}} AS uuid[]), {column})]"),
            vec![
                Bind::Array(Column::optional_ids(pairs.iter().map(|(_, value)| *value))),
                Bind::Array(Column::ids(pairs.iter().map(|(key, _)| *key))),
            ],
        ),
        Backend::Sqlite => {
            let cases: String = pairs
                .iter()
                .map(|(_, value)| if value.is_some() { " WHEN {} THEN {}" } else { " WHEN {} THEN NULL" })
                .collect();
            let binds = pairs.iter().flat_map(|(key, value)| [Some(Bind::from(*key)), value.map(Bind::from)]);
            Sql::owned(format!("CASE {column}{cases} END"), binds.flatten().collect())
        }
    }
}
