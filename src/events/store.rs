//! All SQL on events.

use std::collections::{BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::NewEvent;
use super::model::{ActivityResponse, EventResponse};
use crate::customers::Owner;
use crate::db::types::{Guid, Instant, Json, JsonText};
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::Result;
use crate::ids::{CustomerId, EventId, ShopId, TenantId};
use crate::orders::store::Span;
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

const EVENTS: Table = Table {
    name: "events",
    columns: &[
        "tenant_id",
        "id",
        "customer_id",
        "origin_id",
        "shop_id",
        "type",
        "occurred_at",
        "properties",
        "external_id",
        "recorded_at",
    ],
    key: &["tenant_id", "shop_id", "external_id"],
};

/// How a shop names an event.
pub type EventKey = (ShopId, String);

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Guid)]
    id: EventId,
}

/// The events that the shops told already.
pub fn known(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<EventKey>,
) -> Result<HashMap<EventKey, EventId>, DbError> {
    let mut found = HashMap::new();
    for (shop, external_ids) in by_shop(keys.iter()) {
        let told = Keyed {
            table: "events",
            alias: "e",
            within: sql!("e.tenant_id = {} AND e.shop_id = {}", tenant, shop),
            key: "external_id",
            keys: Column::texts(external_ids),
            lock: false,
        };
        let told = told.rows(connection);
        let rows: Vec<KeyRow> = sql!("SELECT e.external_id, e.id FROM {}", told).load(connection)?;
        found.extend(rows.into_iter().map(|row| ((shop, row.external_id), row.id)));
    }
    Ok(found)
}

/// Writes new events and tells how many of them nobody else wrote meanwhile.
pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[(EventId, Owner, &NewEvent)],
    now: Timestamp,
) -> Result<usize, DbError> {
    let all = || events.iter();
    let told = || events.iter().map(|(_, _, event)| *event);
    let properties = told().map(|event| event.properties.clone().into_iter().collect());
    let upsert = Upsert {
        table: &EVENTS,
        values: vec![
            Column::ids(all().map(|_| tenant)),
            Column::ids(all().map(|(id, _, _)| *id)),
            Column::ids(all().map(|(_, owner, _)| owner.customer_id)),
            Column::ids(all().map(|(_, owner, _)| owner.origin_id)),
            Column::optional_ids(told().map(|event| event.shop_id)),
            Column::texts(told().map(|event| event.kind.as_str())),
            Column::instants(told().map(|event| event.occurred_at)),
            Column::jsons(properties.map(serde_json::Value::Object)),
            Column::optional_texts(told().map(|event| event.external_id.as_deref())),
            Column::instants(all().map(|_| now)),
        ],
        on_conflict: OnConflict::Keep,
    };
    Ok(upsert.execute(connection)?)
}

/// Which events a list shows. What is absent does not limit it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub customer_id: Option<CustomerId>,
    pub shop_id: Option<ShopId>,
    pub kind: Option<String>,
    pub occurred: Span,
}

impl Filter {
    fn condition<'a>(&'a self, tenant: TenantId) -> Sql<'a> {
        let mut condition = sql!("e.tenant_id = {}", tenant);
        let mut and = |more: Option<Sql<'a>>| more.into_iter().for_each(|more| condition.push(more));
        and(self.customer_id.map(|customer| sql!(" AND e.customer_id = {}", customer)));
        and(self.shop_id.map(|shop| sql!(" AND e.shop_id = {}", shop)));
        and(self.kind.as_deref().map(|kind| sql!(" AND e.type = {}", kind)));
        and(self.occurred.after.map(|at| sql!(" AND e.occurred_at >= {}", at)));
        and(self.occurred.before.map(|at| sql!(" AND e.occurred_at < {}", at)));
        condition
    }
}

/// The place of an event in a list.
pub type Place = (Timestamp, EventId);

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Guid)]
    id: EventId,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    shop_id: Option<ShopId>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Instant)]
    occurred_at: Timestamp,
    #[diesel(sql_type = JsonText)]
    properties: Json,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Instant)]
    recorded_at: Timestamp,
}

/// Events, newest first, from a place on.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<EventResponse>> {
    let mut condition = filter.condition(tenant);
    if let Some((at, id)) = after {
        condition.push(sql!(" AND (e.occurred_at, e.id) < ({}, {})", at, id));
    }
    condition.push(sql!(" ORDER BY e.occurred_at DESC, e.id DESC LIMIT {}", limit));
    select(connection, condition)
}

/// These events of a customer, which happened between the first and the last of two moments; in any order.
pub fn these(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    (first, last): (Timestamp, Timestamp),
    ids: &[EventId],
) -> Result<Vec<EventResponse>> {
    let condition = sql!(
        "e.tenant_id = {} AND e.customer_id = {} AND e.occurred_at BETWEEN {} AND {} AND e.id {}",
        tenant,
        customer,
        first,
        last,
        Column::ids(ids.iter().copied())
    );
    select(connection, condition)
}

fn select(connection: &mut AnyConnection, condition: Sql<'_>) -> Result<Vec<EventResponse>> {
    let rows: Vec<EventRow> = sql!(
        "SELECT e.id, e.customer_id, e.shop_id, e.type AS kind, e.occurred_at, e.properties, e.external_id, e.recorded_at
         FROM events e WHERE {}",
        condition
    )
    .load(connection)?;
    let show = |row: EventRow| {
        Ok(EventResponse {
            id: row.id,
            customer_id: row.customer_id,
            shop_id: row.shop_id,
            kind: row.kind,
            occurred_at: row.occurred_at,
            properties: row.properties.parse()?,
            external_id: row.external_id,
            recorded_at: row.recorded_at,
        })
    };
    rows.into_iter().map(show).collect()
}

/// How many events the list has in all.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = sql!("SELECT COUNT(*) AS count FROM events e WHERE {}", filter.condition(tenant));
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// The newest things that a customer did.
pub fn recent(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<EventResponse>> {
    let filter = Filter { customer_id: Some(customer), ..Filter::default() };
    list(connection, tenant, &filter, None, limit)
}

/// What a customer did, by kind; the last done first.
pub fn activity(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Vec<ActivityResponse>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = BigInt)]
        count: i64,
        #[diesel(sql_type = Instant)]
        last_at: Timestamp,
    }
    let rows: Vec<Row> = sql!(
        "SELECT e.type AS kind, COUNT(*) AS count, MAX(e.occurred_at) AS last_at FROM events e
         WHERE e.tenant_id = {} AND e.customer_id = {} GROUP BY e.type ORDER BY last_at DESC, kind",
        tenant,
        customer
    )
    .load(connection)?;
    let show = |row: Row| ActivityResponse { kind: row.kind, count: row.count, last_at: row.last_at };
    Ok(rows.into_iter().map(show).collect())
}
