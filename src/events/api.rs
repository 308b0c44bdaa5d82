//! `/v1/events`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::NewEvent;
use super::model::{EventResponse, properties_example};
use super::service::{self, Recorded};
use super::store::{self, Filter, Place};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::{self, Whom};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::http::{
    BulkItem, BulkItemResult, BulkResponse, Idempotency, LONGEST_EXTERNAL_ID, OneOrMany, Page, Paging,
    PersonalData, Query, Reply, Told, apply_each,
};
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::orders::document::Attributes;
use crate::orders::store::Span;
use crate::orders::validate::check_attributes;
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

pub fn routes(config: &mut ServiceConfig) {
    config.service(record_events).service(list_events);
}

/// Something that a customer did.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = event_example)]
struct EventItem {
    /// The customer; or `shop_id` and `customer_external_id`.
    #[serde(default)]
    customer_id: Option<CustomerId>,
    /// The shop where it happened; it also knows the customer by `customer_external_id`.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// The platform's id of the customer. Somebody unknown becomes known, as by an order.
    #[serde(default)]
    #[schema(example = "ouid-123", min_length = 1, max_length = 255)]
    customer_external_id: Option<String>,
    /// What happened: a name of small letters, digits and `_`. Known ones are `login`, `view`, `search`, `favorite`,
    /// `cart`, `checkout`, `review`, `complaint`, `return_request`, `share`, `subscribe` and `message`; others may be used
    /// as well.
    #[serde(rename = "type")]
    #[schema(example = "review", pattern = "^[a-z][a-z0-9_]{0,49}$")]
    kind: String,
    /// When it happened; now where absent. At most a day in the future.
    #[serde(default)]
    occurred_at: Option<Timestamp>,
    /// More about it: texts, numbers and truth values by name.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>, example = properties_example)]
    properties: Attributes,
    /// Your own id of the event, unique within the shop: told again, the event is the same one. Needs `shop_id`.
    #[serde(default)]
    #[schema(example = "evt-1", min_length = 1, max_length = 255)]
    external_id: Option<String>,
}

fn event_example() -> serde_json::Value {
    serde_json::json!({
        "shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy", "customer_external_id": "ouid-123", "type": "review",
        "occurred_at": "2026-11-11T00:01:02Z", "properties": properties_example(), "external_id": "evt-1"
    })
}

impl BulkItem for EventItem {
    const LIST: &'static str = "events";
}

impl Validate for EventItem {
    fn validate(&self, report: &mut Report) {
        let (buyer, own) = (self.customer_external_id.as_deref(), self.external_id.as_deref());
        Whom::check(self.customer_id, self.shop_id, "customer_external_id", buyer, report);
        report.text("customer_external_id", buyer, LONGEST_EXTERNAL_ID);
        report.text("external_id", own, LONGEST_EXTERNAL_ID);
        if own.is_some() && self.shop_id.is_none() {
            report.add("external_id", "needs_shop", "is unique within a shop; tell `shop_id` as well");
        }
        if !is_type(&self.kind) {
            report.add("type", "invalid_value", "must be 1 to 50 of a-z, 0-9 and _, a letter first");
        }
        report.under("properties", |report| check_attributes(&self.properties, report));
    }
}

fn is_type(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=50).contains(&text.len()) && text.as_bytes()[0].is_ascii_lowercase() && text.bytes().all(letters)
}

impl EventItem {
    fn event(self, now: Timestamp) -> Result<NewEvent> {
        let whom = Whom::named(self.customer_id, self.shop_id, self.customer_external_id.as_deref());
        Ok(NewEvent {
            whom: whom.ok_or_else(|| Error::internal("nobody is named"))?,
            shop_id: self.shop_id,
            kind: self.kind,
            occurred_at: self.occurred_at.unwrap_or(now),
            properties: self.properties,
            external_id: self.external_id,
        })
    }
}

/// One event, or many.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what `OneOrMany` reads")]
enum RecordEventsRequest {
    One(EventItem),
    Many(EventList),
}

/// Many events.
#[derive(Serialize, ToSchema)]
struct EventList {
    /// The events, in any order.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<EventItem>,
}

/// What became of one event, or of each of many.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
enum RecordEventsResponse {
    Many(BulkResponse),
    One(BulkItemResult),
}

impl PersonalData for RecordEventsResponse {}

/// Tell events
///
/// What customers did beside buying: one event, up to 1,000 in a list, or 10,000 as NDJSON with an event a line, in any
/// order. Each of many is read, checked and kept as if it came alone; one that is refused does not keep out the others.
#[utoipa::path(
    tag = "Events",
    security(("bearer" = ["customers:write"])),
    params(Idempotency),
    request_body(content(
        (RecordEventsRequest = "application/json"),
        (EventItem = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "What became of each; of a single event, that it was known.",
            body = RecordEventsResponse),
        (status = 201, description = "The single event is kept.", body = BulkItemResult),
    ),
)]
#[post("/v1/events")]
async fn record_events(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: OneOrMany<EventItem>,
) -> Result<Reply<RecordEventsResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let mut record = |events: Vec<NewEvent>| {
                    Ok::<_, Error>(service::record(connection, tenant, &events, now, &*ids)?)
                };
                let taken = |index, event: Recorded| BulkItemResult::taken(index, event.applied, event.id);
                match body.told {
                    Told::Many(items) => {
                        let items = items.into_iter().map(|item| item?.event(now)).collect();
                        Ok((StatusCode::OK, RecordEventsResponse::Many(apply_each(items, record, taken)?)))
                    }
                    Told::One(item) => {
                        let one = record(vec![item.event(now)?])?.pop();
                        let one = one.unwrap_or_else(|| Err(Error::internal("an event was not answered")))?;
                        let status = if one.applied { StatusCode::CREATED } else { StatusCode::OK };
                        Ok((status, RecordEventsResponse::One(taken(0, one))))
                    }
                }
            })
        })
        .await?;
    match &stored.value {
        RecordEventsResponse::Many(many) if !stored.replayed => many.count("huitou_events_total"),
        _ => {}
    }
    Ok(stored.reply())
}

/// Which events are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventParameters {
    /// Events of this customer.
    #[serde(default)]
    customer_id: Option<CustomerId>,
    /// Events in this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// Events of this type.
    #[serde(default, rename = "type")]
    #[param(example = "complaint")]
    kind: Option<String>,
    /// Happened at this moment or later.
    #[serde(default)]
    occurred_after: Option<Timestamp>,
    /// Happened before this moment.
    #[serde(default)]
    occurred_before: Option<Timestamp>,
}

impl EventParameters {
    fn filter(self, connection: &mut AnyConnection, tenant: TenantId) -> Result<Filter> {
        // A customer who was merged is asked for by any of their ids.
        let mut survivor = |id| -> Result<CustomerId> {
            Ok(customers::store::find(connection, tenant, id)?.map_or(id, |found| found.id))
        };
        Ok(Filter {
            customer_id: self.customer_id.map(&mut survivor).transpose()?,
            shop_id: self.shop_id,
            kind: self.kind,
            occurred: Span { after: self.occurred_after, before: self.occurred_before },
        })
    }
}

/// List events
///
/// What customers did, newest first.
#[utoipa::path(
    tag = "Events",
    security(("bearer" = ["customers:read"])),
    params(EventParameters, Paging),
    responses((status = 200, description = "A page of events.", body = Page<EventResponse>)),
)]
#[get("/v1/events")]
async fn list_events(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    parameters: Query<EventParameters>,
    paging: Paging,
) -> Result<Page<EventResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<Place>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let (events, total) = app
        .db
        .read(move |connection| {
            let filter = parameters.0.filter(connection, tenant)?;
            let total = counted.then(|| store::count(connection, tenant, &filter)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, &filter, after, rows)?, total))
        })
        .await?;
    let page = paging.page(events, |event| -> Place { (event.occurred_at, event.id) }, |event| event)?;
    Ok(Page { total, ..page })
}
