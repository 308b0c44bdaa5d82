//! Figures over the members of a group, each out of one pass over the set.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::consents::{Channel, ConsentPolicy, reachable};
use crate::db::types::Guid;
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{ShopId, TenantId};
use crate::lifecycle::{Bounds, Stage, stage_is};
use crate::sql;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The number that a query for one answers.
pub fn number(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<i64> {
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// What the members' orders add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Sums {
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    /// Kept orders whose worth is known.
    #[diesel(sql_type = BigInt)]
    pub valued: i64,
    #[diesel(sql_type = BigInt)]
    pub spent_amount: i64,
}

/// What the orders of all members add up to.
pub fn sums(connection: &mut AnyConnection, tenant: TenantId, members: Sql<'static>) -> Result<Sums> {
    let query = sql!(
        "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(f.orders), 0) AS bigint) AS orders,
             CAST(COALESCE(SUM(f.orders_kept - f.orders_unconverted), 0) AS bigint) AS valued,
             CAST(COALESCE(SUM(f.spent_amount), 0) AS bigint) AS spent_amount
         FROM ({}) m JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = m.id",
        members,
        tenant
    );
    Ok(query.once().first(connection)?.unwrap_or_default())
}

/// How many members can be reached over each channel, in the order of [`Channel::ALL`].
pub fn reach(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
    policy: &ConsentPolicy,
) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n0: i64,
        #[diesel(sql_type = BigInt)]
        n1: i64,
        #[diesel(sql_type = BigInt)]
        n2: i64,
        #[diesel(sql_type = BigInt)]
        n3: i64,
        #[diesel(sql_type = BigInt)]
        n4: i64,
        #[diesel(sql_type = BigInt)]
        n5: i64,
        #[diesel(sql_type = BigInt)]
        n6: i64,
    }
    let mut columns = Sql::default();
    for (index, channel) in Channel::ALL.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        columns.push(Sql::owned(
            format!("{comma}COUNT(CASE WHEN {{}} THEN 1 END) AS n{index}"),
            vec![reachable(tenant, channel, policy, None).into()],
        ));
    }
    let query = sql!(
        "SELECT {} FROM ({}) m JOIN customers c ON c.tenant_id = {} AND c.id = m.id",
        columns,
        members,
        tenant
    );
    let row: Option<Row> = query.once().first(connection)?;
    Ok(row.map_or(vec![0; Channel::ALL.len()], |row| {
        vec![row.n0, row.n1, row.n2, row.n3, row.n4, row.n5, row.n6]
    }))
}

/// The numbers of [`crate::segments::compile::counts`]: all customers, then one for each condition.
pub fn counts(connection: &mut AnyConnection, query: &Sql<'static>, columns: usize) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        place: i64,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    // One row for each column, so that their number need not be known here.
    let mut rows =
        sql!("WITH n AS ({}) SELECT CAST(0 AS bigint) AS place, everybody AS count FROM n", query.clone());
    for index in 0..columns {
        rows.push(Sql::owned(format!(" UNION ALL SELECT {}, n{index} FROM n", index + 1), vec![]));
    }
    let mut found: Vec<Row> = rows.once().load(connection)?;
    found.sort_by_key(|row| row.place);
    Ok(found.into_iter().map(|row| row.count).collect())
}

/// Members with the same value of something.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Share {
    #[diesel(sql_type = Nullable<Text>)]
    pub value: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub customers: i64,
}

/// How many values of one kind are told.
const MOST_SHARES: i64 = 20;

fn shares(connection: &mut AnyConnection, value: Sql<'static>, rows: Sql<'static>) -> Result<Vec<Share>> {
    let query = sql!(
        "SELECT value, COUNT(*) AS customers FROM (SELECT {} AS value {}) v GROUP BY value
         ORDER BY customers DESC, value LIMIT {}",
        value,
        rows,
        MOST_SHARES
    );
    Ok(query.once().load(connection)?)
}

/// The members by a column of theirs.
pub fn by_column(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
    column: &'static str,
) -> Result<Vec<Share>> {
    let rows = sql!("FROM ({}) m JOIN customers c ON c.tenant_id = {} AND c.id = m.id", members, tenant);
    shares(connection, Sql::text(column), rows)
}

/// The members by stage; without one who never bought.
pub fn by_stage(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
    bounds: &Bounds,
) -> Result<Vec<Share>> {
    let mut stage = sql!("CASE WHEN f.orders = 0 THEN NULL");
    for each in [Stage::Lost, Stage::Dormant, Stage::AtRisk, Stage::New] {
        stage.push(sql!(" WHEN {} THEN {}", stage_is(each, bounds), each.as_str()));
    }
    stage.push(sql!(" ELSE {} END", Stage::Active.as_str()));
    shares(connection, stage, with_facts(tenant, members))
}

fn with_facts(tenant: TenantId, members: Sql<'static>) -> Sql<'static> {
    sql!("FROM ({}) m JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = m.id", members, tenant)
}

/// How many members spent at least each of these amounts, and less than the next; before the first stands who spent less.
pub fn by_spend(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
    bounds: &[i64],
) -> Result<Vec<Share>> {
    let mut band = sql!("CASE");
    for (index, bound) in bounds.iter().enumerate() {
        band.push(sql!(" WHEN f.spent_amount < {} THEN {}", *bound, index.to_string()));
    }
    band.push(sql!(" ELSE {} END", bounds.len().to_string()));
    shares(connection, band, with_facts(tenant, members))
}

/// The members by category of what they bought, as the line or else its product tells it; who bought of several counts in each.
pub fn by_category(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
) -> Result<Vec<Share>> {
    let rows = sql!(
        "FROM (SELECT DISTINCT l.customer_id, COALESCE(l.category, p.category) AS category FROM order_lines l
             LEFT JOIN products p ON p.tenant_id = {} AND p.shop_id = l.shop_id
                 AND p.external_id = l.product_external_id
             WHERE l.tenant_id = {} AND COALESCE(l.category, p.category) IS NOT NULL AND l.paid_at IS NOT NULL
                 AND l.customer_id IN ({})) b",
        tenant,
        tenant,
        members
    );
    shares(connection, sql!("b.category"), rows)
}

/// The members by tag; who has several counts in each.
pub fn by_tag(connection: &mut AnyConnection, tenant: TenantId, members: Sql<'static>) -> Result<Vec<Share>> {
    let rows = sql!(
        "FROM (SELECT DISTINCT h.customer_id, h.tag_id FROM customer_tags h WHERE h.tenant_id = {}
             AND h.customer_id IN ({})) b JOIN tags t ON t.tenant_id = {} AND t.id = b.tag_id",
        tenant,
        members,
        tenant
    );
    shares(connection, sql!("t.name"), rows)
}

/// The members by shop in which they bought; who bought in several counts in each.
pub fn by_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    members: Sql<'static>,
) -> Result<Vec<(ShopId, i64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        shop_id: ShopId,
        #[diesel(sql_type = BigInt)]
        customers: i64,
    }
    let query = sql!(
        "SELECT s.shop_id, COUNT(*) AS customers FROM customer_shop_facts s
         WHERE s.tenant_id = {} AND s.orders > 0 AND s.customer_id IN ({})
         GROUP BY s.shop_id ORDER BY customers DESC, s.shop_id LIMIT {}",
        tenant,
        members,
        MOST_SHARES
    );
    let rows: Vec<Row> = query.once().load(connection)?;
    Ok(rows.into_iter().map(|row| (row.shop_id, row.customers)).collect())
}
