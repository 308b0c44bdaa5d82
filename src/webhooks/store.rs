//! All SQL on deliveries, and on what was rejected.

mod rejected;

pub use rejected::{RejectionPlace, count_rejections, purge_rejections, reject, rejections};

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use uuid::Uuid;

use super::apply::Settled;
use super::delivery::{DeliveryResponse, DeliveryStatus, FullDeliveryResponse, Header};
use super::inbox::{Arrival, Stored};
use crate::db::types::{Document, Guid, Instant, Json, JsonText};
use crate::db::{AnyConnection, Backend, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, ShopId, TenantId};
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

/// Which of these deliveries are stored already.
pub fn known(
    connection: &mut AnyConnection,
    tenant: TenantId,
    arrivals: &[&Arrival],
) -> Result<HashSet<(ShopId, String)>, DbError> {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = Text)]
        delivery_key: String,
    }
    let keys: BTreeSet<(ShopId, String)> =
        arrivals.iter().map(|arrival| (arrival.shop_id, arrival.key.clone())).collect();
    let mut known = HashSet::new();
    for (shop, keys) in by_shop(keys.iter()) {
        let rows = Keyed {
            table: "webhook_deliveries",
            alias: "d",
            within: sql!("d.tenant_id = {} AND d.shop_id = {}", tenant, shop),
            key: "delivery_key",
            keys: Column::texts(keys),
            lock: false,
        };
        let found: Vec<Known> =
            sql!("SELECT d.delivery_key FROM {}", rows.rows(connection)).load(connection)?;
        known.extend(found.into_iter().map(|row| (shop, row.delivery_key)));
    }
    Ok(known)
}

const DELIVERIES: Table = Table {
    name: "webhook_deliveries",
    columns: &[
        "tenant_id",
        "id",
        "shop_id",
        "platform",
        "delivery_key",
        "topic",
        "subject",
        "status",
        "error",
        "received_at",
        "event_at",
        "settled_at",
        "attempts",
        "headers",
        "tail",
        "query",
        "body",
    ],
    key: &["tenant_id", "shop_id", "delivery_key"],
};

/// Stores deliveries that are not known yet, and tells how many those were.
pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    rows: &[(&Arrival, &Settled)],
    now: Timestamp,
) -> Result<usize, DbError> {
    let mut rows = rows.to_vec();
    rows.sort_by(|(one, _), (other, _)| (one.shop_id, &one.key).cmp(&(other.shop_id, &other.key)));
    let arrivals = || rows.iter().map(|(arrival, _)| *arrival);
    let settled = || rows.iter().map(|(_, settled)| *settled);
    let is_settled = |settled: &Settled| settled.status != DeliveryStatus::Pending;
    let headers: Result<Vec<Document>, _> =
        arrivals().map(|arrival| Document::of(&arrival.request.headers)).collect();
    let headers =
        headers.map_err(|error| DbError::Failed(format!("headers cannot be written down: {error}")))?;
    let values = vec![
        Column::ids(arrivals().map(|_| tenant)),
        Column::ids(arrivals().map(|arrival| arrival.id)),
        Column::ids(arrivals().map(|arrival| arrival.shop_id)),
        Column::texts(arrivals().map(|arrival| arrival.platform.as_str())),
        Column::texts(arrivals().map(|arrival| arrival.key.as_str())),
        Column::texts(arrivals().map(|arrival| arrival.topic.as_str())),
        Column::optional_texts(
            rows.iter().map(|(arrival, settled)| arrival.subject().filter(|_| !forgets(arrival, settled))),
        ),
        Column::texts(settled().map(|settled| settled.status.as_str())),
        Column::optional_texts(settled().map(|settled| settled.error.as_deref())),
        Column::instants(arrivals().map(|arrival| arrival.received_at)),
        Column::optional_instants(arrivals().map(|arrival| arrival.event_at)),
        Column::optional_instants(settled().map(|settled| is_settled(settled).then_some(now))),
        Column::ints(settled().map(|settled| i64::from(is_settled(settled)))),
        Column::documents(headers),
        Column::texts(arrivals().map(|arrival| arrival.request.tail.as_str())),
        Column::texts(arrivals().map(|arrival| arrival.request.query.as_str())),
        Column::bytes(rows.iter().map(|(arrival, settled)| match forgets(arrival, settled) {
            true => &[][..],
            false => &*arrival.request.body,
        })),
    ];
    let upsert = Upsert { table: &DELIVERIES, values, on_conflict: OnConflict::Keep };
    Ok(upsert.execute(connection)?)
}

/// Whether a delivery is nothing to keep: it tells of somebody who was erased, or asked for that and it is done.
fn forgets(arrival: &Arrival, settled: &Settled) -> bool {
    settled.forgotten || (arrival.asks_to_forget() && settled.status == DeliveryStatus::Applied)
}

/// Which deliveries are meant. What is absent does not limit them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<DeliveryStatus>,
    pub shop_id: Option<ShopId>,
    pub topic: Option<String>,
    pub subject: Option<String>,
    /// From this moment on.
    pub received_after: Option<Timestamp>,
    /// Before this moment.
    pub received_before: Option<Timestamp>,
}

impl Filter {
    fn condition<'a>(&'a self, tenant: TenantId) -> Sql<'a> {
        let mut condition = sql!("d.tenant_id = {}", tenant);
        let mut and = |more: Option<Sql<'a>>| more.into_iter().for_each(|more| condition.push(more));
        // Literals, because an index holds those that are not applied and a planner must see that one is meant.
        and(self.status.map(|status| {
            sql!(match status {
                DeliveryStatus::Pending => " AND d.status = 'pending'",
                DeliveryStatus::Applied => " AND d.status = 'applied'",
                DeliveryStatus::Ignored => " AND d.status = 'ignored'",
                DeliveryStatus::Failed => " AND d.status = 'failed'",
            })
        }));
        and(self.shop_id.map(|shop| sql!(" AND d.shop_id = {}", shop)));
        and(self.topic.as_ref().map(|topic| sql!(" AND d.topic = {}", topic)));
        and(self.subject.as_ref().map(|subject| sql!(" AND d.subject = {}", subject)));
        // Ids ascend with the time, so the key leads to the moment.
        and(self.received_after.map(|at| sql!(" AND d.id >= {} AND d.received_at >= {}", first_id(at), at)));
        and(self
            .received_before
            .map(|at| sql!(" AND d.id < {} AND d.received_at < {}", first_id(at.plus_seconds(1)), at)));
        condition
    }
}

/// An id that comes before all of this moment.
fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.micros() / 1_000).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

#[derive(QueryableByName)]
struct DeliveryRow {
    #[diesel(sql_type = Guid)]
    id: DeliveryId,
    #[diesel(sql_type = Guid)]
    shop_id: ShopId,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    delivery_key: String,
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Nullable<Text>)]
    subject: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
    #[diesel(sql_type = Instant)]
    received_at: Timestamp,
    #[diesel(sql_type = Nullable<Instant>)]
    event_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    settled_at: Option<Timestamp>,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

const COLUMNS: &str = "d.id, d.shop_id, d.platform, d.delivery_key, d.topic, d.subject, d.status, d.error, \
    d.received_at, d.event_at, d.settled_at, d.attempts";

impl DeliveryRow {
    fn into_response(self) -> Result<DeliveryResponse> {
        Ok(DeliveryResponse {
            id: self.id,
            shop_id: self.shop_id,
            platform: self.platform,
            topic: self.topic,
            subject: self.subject,
            delivery_key: self.delivery_key,
            status: DeliveryStatus::parse(&self.status)
                .ok_or_else(|| Error::internal(format!("delivery {} has an unknown status", self.id)))?,
            error: self.error,
            received_at: self.received_at,
            event_at: self.event_at,
            settled_at: self.settled_at,
            attempts: self.attempts,
        })
    }
}

/// Up to `limit` deliveries before one of them, newest first.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<DeliveryResponse>> {
    let mut condition = filter.condition(tenant);
    if let Some(id) = before {
        condition.push(sql!(" AND d.id < {}", id));
    }
    let rows: Vec<DeliveryRow> = sql!(
        "SELECT {} FROM webhook_deliveries d WHERE {} ORDER BY d.id DESC LIMIT {}",
        Sql::text(COLUMNS),
        condition,
        limit,
    )
    .load(connection)?;
    rows.into_iter().map(DeliveryRow::into_response).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many deliveries are meant.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    let query = sql!("SELECT COUNT(*) AS count FROM webhook_deliveries d WHERE {}", filter.condition(tenant));
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

#[derive(QueryableByName)]
struct RequestRow {
    #[diesel(embed)]
    delivery: DeliveryRow,
    #[diesel(sql_type = JsonText)]
    headers: Json,
    #[diesel(sql_type = Text)]
    tail: String,
    #[diesel(sql_type = Text)]
    query: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

fn requests<'a>(
    connection: &mut AnyConnection,
    condition: Sql<'a>,
    rest: Sql<'a>,
) -> Result<Vec<RequestRow>, DbError> {
    let query = sql!(
        "SELECT {}, d.headers, d.tail, d.query, d.body FROM webhook_deliveries d WHERE {} {}",
        Sql::text(COLUMNS),
        condition,
        rest,
    );
    Ok(query.load(connection)?)
}

/// One delivery with its request.
pub fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: DeliveryId,
) -> Result<Option<FullDeliveryResponse>> {
    let condition = sql!("d.tenant_id = {} AND d.id = {}", tenant, id);
    let found = requests(connection, condition, sql!(""))?.pop();
    found
        .map(|row| {
            let headers: Vec<Header> = row.headers.parse()?;
            let delivery = row.delivery.into_response()?;
            Ok(FullDeliveryResponse::new(delivery, headers, row.tail, row.query, row.body))
        })
        .transpose()
}

/// A stored request that is to be applied, with what its shop makes of it.
#[derive(Debug)]
pub struct Kept {
    pub id: DeliveryId,
    pub shop_id: ShopId,
    pub platform: String,
    pub key: String,
    pub received_at: Timestamp,
    pub request: Stored,
}

impl Kept {
    fn of(row: RequestRow) -> Result<Self> {
        Ok(Self {
            id: row.delivery.id,
            shop_id: row.delivery.shop_id,
            platform: row.delivery.platform,
            key: row.delivery.delivery_key,
            received_at: row.delivery.received_at,
            request: Stored {
                headers: row.headers.parse()?,
                tail: row.tail,
                query: row.query,
                body: row.body.into(),
            },
        })
    }
}

/// Up to `limit` of the deliveries that are meant, oldest first, after one of them.
pub fn kept(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    after: DeliveryId,
    limit: i64,
) -> Result<Vec<Kept>> {
    let mut condition = filter.condition(tenant);
    condition.push(sql!(" AND d.id > {}", after));
    let rows = requests(connection, condition, sql!("ORDER BY d.id LIMIT {}", limit))?;
    rows.into_iter().map(Kept::of).collect()
}

/// One delivery as it is to be applied again.
pub fn kept_one(connection: &mut AnyConnection, tenant: TenantId, id: DeliveryId) -> Result<Option<Kept>> {
    let condition = sql!("d.tenant_id = {} AND d.id = {}", tenant, id);
    requests(connection, condition, sql!(""))?.pop().map(Kept::of).transpose()
}

/// Writes what became of deliveries.
pub fn settle(
    connection: &mut AnyConnection,
    tenant: TenantId,
    settled: &[(DeliveryId, &Settled)],
    now: Timestamp,
) -> Result<(), DbError> {
    // Most end alike, so there are few groups.
    let mut alike: BTreeMap<(DeliveryStatus, Option<&str>, bool), Vec<DeliveryId>> = BTreeMap::new();
    for (id, settled) in settled {
        alike.entry((settled.status, settled.error.as_deref(), settled.forgotten)).or_default().push(*id);
    }
    let blank = match connection.backend() {
        Backend::Sqlite => ", subject = NULL, body = x''",
        Backend::Postgres => ", subject = NULL, body = ''::bytea",
    };
    for ((status, error, forgotten), ids) in alike {
        let error = error.map_or_else(|| sql!("NULL"), |error| sql!("{}", error));
        let update = sql!(
            "UPDATE webhook_deliveries SET status = {}, error = {}, settled_at = {}, attempts = attempts + 1{}
             WHERE tenant_id = {} AND id {}",
            status.as_str(),
            error,
            now,
            Sql::text(if forgotten { blank } else { "" }),
            tenant,
            Column::ids(ids),
        );
        update.execute(connection)?;
    }
    Ok(())
}

/// The zone and the currency of a shop.
#[derive(QueryableByName)]
pub struct ShopContext {
    #[diesel(sql_type = Guid)]
    pub id: ShopId,
    #[diesel(sql_type = Text)]
    pub timezone: String,
    #[diesel(sql_type = Text)]
    pub currency: String,
}

pub fn contexts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shops: &BTreeSet<ShopId>,
) -> Result<Vec<ShopContext>, DbError> {
    let query = sql!(
        "SELECT s.id, s.timezone, s.currency FROM shops s WHERE s.tenant_id = {} AND s.id {}",
        tenant,
        Column::ids(shops.iter().copied()),
    );
    Ok(query.load(connection)?)
}

/// Deletes up to `limit` deliveries that came in before a moment and are settled, and tells how many those were.
pub fn purge(
    connection: &mut AnyConnection,
    tenant: TenantId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    let old = sql!(
        "DELETE FROM webhook_deliveries WHERE tenant_id = {} AND id IN (
             SELECT d.id FROM webhook_deliveries d WHERE d.tenant_id = {} AND d.id < {} AND d.status <> 'pending'
             ORDER BY d.id LIMIT {})",
        tenant,
        tenant,
        first_id(before),
        limit,
    );
    Ok(old.execute(connection)?)
}
