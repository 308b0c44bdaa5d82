//! All SQL on stages, quality and RFM.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::gaps::Gap;
use super::rfm::{Cuts, Group};
use super::{Bounds, Moment, Quality, Scores, Stage};
use crate::db::types::{Guid, Instant, Json, JsonText};
use crate::db::{AnyConnection, Backend, Bind, Column, LocalTime, Sql};
use crate::error::Result;
use crate::ids::{ShopId, TenantId};
use crate::sql;
use crate::tenants::LifecycleOverrides;
use crate::time::{Day, Timestamp};

/// Whose facts are meant: over all shops, or in one.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub tenant: TenantId,
    pub shop: Option<ShopId>,
}

/// Customers who were merged into others or erased; they are no members of anything.
pub fn not_gone(tenant: TenantId, id: &str) -> Sql<'static> {
    let text = format!(
        "{id} NOT IN (SELECT g.id FROM customers g
         WHERE g.tenant_id = {{}} AND (g.merged_into IS NOT NULL OR g.erased_at IS NOT NULL))"
    );
    Sql::owned(text, vec![tenant.into()])
}

impl Facts {
    /// `FROM … WHERE …`: the facts of buyers under the alias `f`.
    fn of_buyers(self) -> Sql<'static> {
        let mut rows = match self.shop {
            Some(shop) => sql!(
                "FROM customer_shop_facts f WHERE f.tenant_id = {} AND f.shop_id = {} AND f.orders > 0 AND ",
                self.tenant,
                shop
            ),
            None => sql!("FROM customer_facts f WHERE f.tenant_id = {} AND f.orders > 0 AND ", self.tenant),
        };
        rows.push(not_gone(self.tenant, "f.customer_id"));
        rows
    }

    /// The orders that were paid once, under the alias `o`.
    fn paid_orders(self) -> Sql<'static> {
        let mut rows =
            sql!("FROM orders o WHERE o.tenant_id = {} AND o.customer_id IS NOT NULL", self.tenant);
        rows.push(self.shop.map(|shop| sql!(" AND o.shop_id = {}", shop)).unwrap_or_default());
        rows
    }
}

/// A condition over facts with the alias `f` of somebody who has ordered.
pub fn stage_is(stage: Stage, bounds: &Bounds) -> Sql<'static> {
    match stage {
        Stage::New => sql!(
            "(f.last_order_at >= {} AND f.first_order_at >= {})",
            bounds.at_risk_before,
            bounds.new_since
        ),
        Stage::Active => {
            sql!("(f.last_order_at >= {} AND f.first_order_at < {})", bounds.at_risk_before, bounds.new_since)
        }
        Stage::AtRisk => sql!(
            "(f.last_order_at >= {} AND f.last_order_at < {})",
            bounds.dormant_before,
            bounds.at_risk_before
        ),
        Stage::Dormant => sql!(
            "(f.last_order_at >= {} AND f.last_order_at < {})",
            bounds.lost_before,
            bounds.dormant_before
        ),
        Stage::Lost => sql!("f.last_order_at < {}", bounds.lost_before),
    }
}

/// 1 for customers of high quality, else 0; over facts with the alias `f`.
pub fn high_quality(quality: Quality) -> Sql<'static> {
    sql!(
        "CASE WHEN f.orders >= {} OR (f.orders_kept > f.orders_unconverted
             AND f.spent_amount >= {} * (f.orders_kept - f.orders_unconverted)) THEN 1 ELSE 0 END",
        quality.orders,
        quality.average_order_amount
    )
}

/// How many customers of a stage and quality there are.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct StageCount {
    #[diesel(sql_type = Text)]
    pub stage: String,
    #[diesel(sql_type = BigInt)]
    pub high: i64,
    #[diesel(sql_type = BigInt)]
    pub customers: i64,
    #[diesel(sql_type = BigInt)]
    pub spent_amount: i64,
}

/// The buyers by stage and quality.
pub fn stages(
    connection: &mut AnyConnection,
    facts: Facts,
    bounds: &Bounds,
    quality: Quality,
) -> Result<Vec<StageCount>> {
    let mut stage = sql!("CASE");
    for each in [Stage::Lost, Stage::Dormant, Stage::AtRisk, Stage::New] {
        stage.push(sql!(" WHEN {} THEN {}", stage_is(each, bounds), each.as_str()));
    }
    stage.push(sql!(" ELSE {} END", Stage::Active.as_str()));
    let query = sql!(
        "SELECT stage, high, COUNT(*) AS customers, CAST(SUM(spent_amount) AS bigint) AS spent_amount
         FROM (SELECT {} AS stage, CAST({} AS bigint) AS high, f.spent_amount {}) s GROUP BY stage, high",
        stage,
        high_quality(quality),
        facts.of_buyers()
    );
    Ok(query.once().load(connection)?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub fn buyers(connection: &mut AnyConnection, facts: Facts) -> Result<i64> {
    let query = sql!("SELECT COUNT(*) AS count {}", facts.of_buyers());
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// Customers, buyers or not.
pub fn customers(connection: &mut AnyConnection, tenant: TenantId) -> Result<i64> {
    let query = sql!(
        "SELECT COUNT(*) AS count FROM customers
         WHERE tenant_id = {} AND merged_into IS NULL AND erased_at IS NULL",
        tenant
    );
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// What buyers are ranked by.
#[derive(Debug, Clone, Copy)]
pub enum Rank {
    Orders,
    Spent,
    AverageOrder,
}

impl Rank {
    const fn expression(self) -> &'static str {
        match self {
            Self::Orders => "f.orders",
            Self::Spent => "f.spent_amount",
            Self::AverageOrder => "f.spent_amount / (f.orders_kept - f.orders_unconverted)",
        }
    }

    const fn condition(self) -> &'static str {
        match self {
            Self::Orders | Self::Spent => "",
            Self::AverageOrder => " AND f.orders_kept > f.orders_unconverted",
        }
    }
}

/// The values at these places, counted from 1, among all buyers in ascending order.
pub fn values_at(
    connection: &mut AnyConnection,
    facts: Facts,
    rank: Rank,
    places: &[i64],
) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Value {
        #[diesel(sql_type = BigInt)]
        place: i64,
        #[diesel(sql_type = BigInt)]
        value: i64,
    }
    let (value, more) = (rank.expression(), rank.condition());
    let query = sql!(
        "SELECT place, value FROM (SELECT {} AS value, ROW_NUMBER() OVER (ORDER BY {}) AS place {}{}) ranked
         WHERE place {}",
        Sql::text(value),
        Sql::text(value),
        facts.of_buyers(),
        Sql::text(more),
        Column::ints(places.iter().copied())
    );
    let rows: Vec<Value> = query.load(connection)?;
    let find = |place: &i64| rows.iter().find(|row| row.place == *place).map_or(0, |row| row.value);
    Ok(places.iter().map(find).collect())
}

/// The last orders at these places, counted from 1, among all buyers, the latest first.
pub fn last_orders_at(
    connection: &mut AnyConnection,
    facts: Facts,
    places: &[i64],
) -> Result<Vec<Timestamp>> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        place: i64,
        #[diesel(sql_type = Instant)]
        last: Timestamp,
    }
    let query = sql!(
        "SELECT place, last FROM (SELECT f.last_order_at AS last,
             ROW_NUMBER() OVER (ORDER BY f.last_order_at DESC) AS place {}) ranked WHERE place {}",
        facts.of_buyers(),
        Column::ints(places.iter().copied())
    );
    let rows: Vec<Last> = query.load(connection)?;
    let find = |place: &i64| rows.iter().find(|row| row.place == *place).map(|row| row.last);
    Ok(places.iter().filter_map(find).collect())
}

/// Which of the three scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    Recency,
    Frequency,
    Money,
}

/// A score of a buyer, over facts with the alias `f`.
pub fn rfm_score(score: Score, cuts: &Cuts, moment: &Moment) -> Sql<'static> {
    let (column, bounds) = match score {
        Score::Recency => ("f.last_order_at", cuts.recency_days),
        Score::Frequency => ("f.orders", cuts.orders),
        Score::Money => ("f.spent_amount", cuts.spent_amount),
    };
    let mut text = String::from("CASE");
    let mut values: Vec<Bind<'static>> = Vec::new();
    for (index, bound) in bounds.into_iter().enumerate() {
        if score == Score::Recency {
            text.push_str(&format!(" WHEN {column} >= {{}} THEN {}", 5 - index));
            values.push(moment.back(bound).into());
        } else {
            text.push_str(&format!(" WHEN {column} < {{}} THEN {}", index + 1));
            values.push(bound.into());
        }
    }
    let last = if score == Score::Recency { 1 } else { 5 };
    text.push_str(&format!(" ELSE {last} END"));
    Sql::owned(format!("({text})"), values)
}

/// Whether a customer is in an RFM group, over facts with the alias `f`.
pub fn in_group(group: Group, cuts: &Cuts, moment: &Moment) -> Sql<'static> {
    let Some(field) = group.field() else { return sql!("f.orders = 0") };
    let score = |score| rfm_score(score, cuts, moment);
    sql!(
        "(f.orders > 0 AND {} BETWEEN {} AND {} AND {} + {} BETWEEN {} AND {})",
        score(Score::Recency),
        field.r.0,
        field.r.1,
        score(Score::Frequency),
        score(Score::Money),
        field.fm.0,
        field.fm.1
    )
}

/// How many buyers have these scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub scores: Scores,
    pub customers: i64,
    pub spent_amount: i64,
}

/// The buyers by their scores.
pub fn rfm_cells(
    connection: &mut AnyConnection,
    facts: Facts,
    cuts: &Cuts,
    moment: &Moment,
) -> Result<Vec<Cell>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        r: i64,
        #[diesel(sql_type = BigInt)]
        f: i64,
        #[diesel(sql_type = BigInt)]
        m: i64,
        #[diesel(sql_type = BigInt)]
        customers: i64,
        #[diesel(sql_type = BigInt)]
        spent_amount: i64,
    }
    let score = |score| rfm_score(score, cuts, moment);
    let query = sql!(
        "SELECT CAST(r AS bigint) AS r, CAST(f AS bigint) AS f, CAST(m AS bigint) AS m, COUNT(*) AS customers,
             CAST(SUM(spent_amount) AS bigint) AS spent_amount
         FROM (SELECT {} AS r, {} AS f, {} AS m, f.spent_amount {}) s GROUP BY r, f, m ORDER BY 1, 2, 3",
        score(Score::Recency),
        score(Score::Frequency),
        score(Score::Money),
        facts.of_buyers()
    );
    let rows: Vec<Row> = query.once().load(connection)?;
    let cell = |row: Row| Cell {
        scores: Scores { r: row.r, f: row.f, m: row.m },
        customers: row.customers,
        spent_amount: row.spent_amount,
    };
    Ok(rows.into_iter().map(cell).collect())
}

/// How many days passed from one order to the next, in ascending order.
pub fn gaps(connection: &mut AnyConnection, facts: Facts) -> Result<Vec<Gap>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        days: i64,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    // A gap is a length of time: no zone has a say in it.
    let days = match connection.backend() {
        Backend::Postgres => "CAST(FLOOR(EXTRACT(EPOCH FROM paid_at - earlier) / 86400) AS bigint)",
        Backend::Sqlite => "(paid_at - earlier) / 86400000000",
    };
    let query = sql!(
        "SELECT days, COUNT(*) AS count FROM (SELECT {} AS days FROM (SELECT o.paid_at,
             LAG(o.paid_at) OVER (PARTITION BY o.customer_id ORDER BY o.paid_at) AS earlier {}
             AND o.paid_at IS NOT NULL) p WHERE earlier IS NOT NULL) d
         WHERE days > 0 GROUP BY days ORDER BY days",
        Sql::text(days),
        facts.paid_orders()
    );
    let rows: Vec<Row> = query.load(connection)?;
    Ok(rows.into_iter().map(|row| Gap { days: row.days, count: row.count }).collect())
}

/// What happened on a day: customers who fell asleep or came back, and how many of them are of high quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Flow {
    #[diesel(sql_type = BigInt)]
    pub day: i64,
    #[diesel(sql_type = BigInt)]
    pub asleep: i64,
    #[diesel(sql_type = BigInt)]
    pub asleep_high: i64,
    #[diesel(sql_type = BigInt)]
    pub back: i64,
    #[diesel(sql_type = BigInt)]
    pub back_high: i64,
}

/// Who fell asleep and who came back on each day of a range, as the days of their orders say.
pub fn flow(
    connection: &mut AnyConnection,
    facts: Facts,
    zone: &jiff::tz::TimeZone,
    (from, to): (Day, Day),
    dormant_after_days: i64,
    quality: Quality,
) -> Result<Vec<Flow>> {
    let start = from.plus(-dormant_after_days).start(zone);
    let end = to.next().start(zone);
    let time = LocalTime::new(connection, zone, start, end);
    let (table, in_shop) = match facts.shop {
        Some(shop) => ("customer_shop_facts", sql!(" AND f.shop_id = {}", shop)),
        None => ("customer_facts", Sql::default()),
    };
    // Each order with the day of the next and of the one before. Before the first one in sight there may be an older one,
    // which then is more than dormant_after_days old on every day of the range.
    let orders = sql!(
        "SELECT o.customer_id, o.day, LEAD(o.day) OVER w AS next_day, LAG(o.day) OVER w AS earlier_day, o.paid_at
         FROM (SELECT o.customer_id, o.paid_at, o.id, {} AS day {} AND o.paid_at >= {} AND o.paid_at < {}) o
         WINDOW w AS (PARTITION BY o.customer_id ORDER BY o.paid_at, o.id)",
        time.day("o.paid_at"),
        facts.paid_orders(),
        start,
        end
    );
    let events = sql!(
        "SELECT customer_id, day + {} AS day, 1 AS asleep, paid_at, 0 AS unseen FROM ordered
         WHERE day + {} <= {} AND (next_day IS NULL OR next_day > day + {})
         UNION ALL
         SELECT customer_id, day, 0, paid_at, CASE WHEN earlier_day IS NULL THEN 1 ELSE 0 END FROM ordered
         WHERE day >= {} AND (earlier_day IS NULL OR earlier_day < day - {})",
        dormant_after_days,
        dormant_after_days,
        to.number(),
        dormant_after_days,
        from.number(),
        dormant_after_days
    );
    let query = sql!(
        "WITH ordered AS ({}), happened AS ({}),
         judged AS (SELECT e.day, e.asleep, {} AS high FROM happened e JOIN {} f ON f.tenant_id = {}
             AND f.customer_id = e.customer_id{} WHERE (e.unseen = 0 OR f.first_order_at < e.paid_at) AND {})
         SELECT CAST(day AS bigint) AS day, CAST(SUM(asleep) AS bigint) AS asleep,
             CAST(SUM(asleep * high) AS bigint) AS asleep_high, CAST(SUM(1 - asleep) AS bigint) AS back,
             CAST(SUM((1 - asleep) * high) AS bigint) AS back_high
         FROM judged GROUP BY day ORDER BY day",
        orders,
        events,
        high_quality(quality),
        Sql::text(table),
        facts.tenant,
        in_shop,
        not_gone(facts.tenant, "f.customer_id")
    );
    Ok(query.once().load(connection)?)
}

/// What a shop says of its customers' stages.
#[derive(Debug, Clone)]
pub struct ShopRules {
    pub id: ShopId,
    pub timezone: String,
    pub lifecycle: LifecycleOverrides,
}

/// The rules of these shops.
pub fn shop_rules(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shops: &[ShopId],
) -> Result<Vec<ShopRules>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        id: ShopId,
        #[diesel(sql_type = Text)]
        timezone: String,
        #[diesel(sql_type = Nullable<JsonText>)]
        lifecycle: Option<Json>,
    }
    if shops.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Column::ids(shops.iter().copied());
    let query = sql!("SELECT id, timezone, lifecycle FROM shops WHERE tenant_id = {} AND id {}", tenant, ids);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter()
        .map(|row| {
            let lifecycle = row.lifecycle.unwrap_or_default().parse::<Option<LifecycleOverrides>>()?;
            Ok(ShopRules { id: row.id, timezone: row.timezone, lifecycle: lifecycle.unwrap_or_default() })
        })
        .collect()
}
