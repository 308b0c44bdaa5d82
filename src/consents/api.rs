//! What people say about being contacted: one channel of a customer, a customer's ledger, many at once.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{ChannelResponse, Recorded, StatementResponse};
use super::store::{self, Place};
use super::{Channel, Statement, service};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::{self, Whom};
use crate::error::{Error, Result};
use crate::http::{
    Body, Bulk, BulkItem, BulkItemResult, BulkResponse, Idempotency, LONGEST_EXTERNAL_ID, Page, Paging,
    PersonalData, Reply, UrlPath, apply_each, respond_in_pages,
};
use crate::ids::{CustomerId, ShopId};
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

pub fn routes(config: &mut ServiceConfig) {
    config.service(set_consent).service(list_consents).service(record_consents);
}

const LONGEST_SOURCE: usize = 50;
const LONGEST_NOTE: usize = 1_000;
/// Where a person at the desk heard it, if they do not say.
const DESK: &str = "desk";

/// What a customer said about one channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetConsentRequest {
    /// `true` if they allow contact, `false` if they forbid it.
    #[schema(example = true)]
    granted: bool,
    /// When they said so; now where absent. What was said later counts, whatever is told later.
    #[serde(default)]
    at: Option<Timestamp>,
    /// Where they said so, such as `checkout`, `form`, `till`, `call` or `unsubscribe`; `desk` where absent.
    #[serde(default)]
    #[schema(example = "checkout", min_length = 1, max_length = 50)]
    source: Option<String>,
    /// In their own words, or yours. Personal data.
    #[serde(default)]
    #[schema(example = "asked at the till", min_length = 1, max_length = 1000)]
    note: Option<String>,
}

impl Validate for SetConsentRequest {
    fn validate(&self, report: &mut Report) {
        report.text("source", self.source.as_deref(), LONGEST_SOURCE);
        report.text("note", self.note.as_deref(), LONGEST_NOTE);
    }
}

/// Tell a consent
///
/// Writes into the ledger that the customer allowed or forbade contact over a channel, and answers what holds now: the
/// newest statement by its own time, of two at the same time the refusal. The same statement told again is one.
#[utoipa::path(
    tag = "Consents",
    security(("bearer" = ["customers:write"])),
    params(
        ("id" = CustomerId, Path, description = "The customer."),
        ("channel" = Channel, Path, description = "The way of contact."),
    ),
    request_body = SetConsentRequest,
    responses((status = 200, description = "The channel as it is now.", body = ChannelResponse)),
)]
#[put("/v1/customers/{id}/consents/{channel}")]
async fn set_consent(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    path: UrlPath<(CustomerId, Channel)>,
    body: Body<SetConsentRequest>,
) -> Result<Reply<ChannelResponse>> {
    let ((id, channel), now, ids) = (path.0, app.clock.now(), Arc::clone(&app.ids));
    let SetConsentRequest { granted, at, source, note } = body.value;
    let statement = Statement {
        whom: Whom::Customer(id),
        channel,
        granted,
        at: at.unwrap_or(now),
        source: source.unwrap_or_else(|| DESK.into()),
        note,
        recorded_by: Some(caller.subject.clone()),
    };
    let tenant = app.tenants.get(caller.tenant).await?;
    let channels = app
        .db
        .write(move |connection| {
            let customer = customers::service::get(connection, tenant.id, id)?;
            service::record(connection, tenant.id, &[statement], now, &*ids)?
                .into_iter()
                .collect::<Result<Vec<_>>>()?;
            customers::service::channels(connection, &tenant, &customer)
        })
        .await?;
    let found = channels.into_iter().find(|found| found.channel == channel);
    Ok(Reply::ok(found.ok_or_else(|| Error::internal("a channel is missing"))?))
}

/// What a customer said about being contacted.
#[derive(Debug, Serialize, ToSchema)]
struct ConsentsResponse {
    /// What holds now, for each channel.
    channels: Vec<ChannelResponse>,
    /// Every statement of the ledger, the newest first.
    #[serde(flatten)]
    history: Page<StatementResponse>,
}

impl PersonalData for ConsentsResponse {
    fn mask(&mut self) {
        self.history.mask();
    }
}

impl Responder for ConsentsResponse {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        respond_in_pages(request, self.history.next_cursor.clone(), self)
    }
}

/// List consents
///
/// What the customer allows now, and every statement that led there, newest first.
#[utoipa::path(
    tag = "Consents",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer."), Paging),
    responses((status = 200, description = "What holds, and a page of the ledger.", body = ConsentsResponse)),
)]
#[get("/v1/customers/{id}/consents")]
async fn list_consents(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    path: UrlPath<CustomerId>,
    paging: Paging,
) -> Result<ConsentsResponse> {
    let (id, after) = (path.0, paging.after::<Place>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let tenant = app.tenants.get(caller.tenant).await?;
    let (channels, history, total) = app
        .db
        .read(move |connection| {
            let customer = customers::service::get(connection, tenant.id, id)?;
            let total = counted.then(|| store::count(connection, tenant.id, customer.id)).transpose()?;
            let history = store::history(connection, tenant.id, customer.id, after, rows)?;
            Ok::<_, Error>((customers::service::channels(connection, &tenant, &customer)?, history, total))
        })
        .await?;
    let page = paging.page(history, |said| -> Place { (said.at, said.id) }, |said| said)?;
    Ok(ConsentsResponse { channels, history: Page { total, ..page } })
}

/// What somebody said about one channel.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = consent_example)]
struct ConsentItem {
    /// The customer; or `shop_id` and `external_id`.
    #[serde(default)]
    customer_id: Option<CustomerId>,
    /// The shop that knows the customer by `external_id`.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// The platform's id of the customer. Somebody unknown becomes known, so that no refusal is lost.
    #[serde(default)]
    #[schema(example = "ouid-123", min_length = 1, max_length = 255)]
    external_id: Option<String>,
    channel: Channel,
    /// `true` if they allow contact, `false` if they forbid it.
    granted: bool,
    /// When they said so; now where absent.
    #[serde(default)]
    at: Option<Timestamp>,
    /// Where they said so; `import` where absent.
    #[serde(default)]
    #[schema(example = "checkout", min_length = 1, max_length = 50)]
    source: Option<String>,
    /// Personal data.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
}

fn consent_example() -> serde_json::Value {
    serde_json::json!({
        "shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy", "external_id": "ouid-123", "channel": "sms", "granted": true,
        "at": "2026-11-11T00:01:02Z", "source": "checkout"
    })
}

impl BulkItem for ConsentItem {
    const LIST: &'static str = "consents";
}

impl Validate for ConsentItem {
    fn validate(&self, report: &mut Report) {
        let external_id = self.external_id.as_deref();
        Whom::check(self.customer_id, self.shop_id, "external_id", external_id, report);
        report.text("external_id", external_id, LONGEST_EXTERNAL_ID);
        report.text("source", self.source.as_deref(), LONGEST_SOURCE);
        report.text("note", self.note.as_deref(), LONGEST_NOTE);
    }
}

impl ConsentItem {
    fn statement(self, subject: &str, now: Timestamp) -> Result<Statement> {
        let whom = Whom::named(self.customer_id, self.shop_id, self.external_id.as_deref());
        Ok(Statement {
            whom: whom.ok_or_else(|| Error::internal("nobody is named"))?,
            channel: self.channel,
            granted: self.granted,
            at: self.at.unwrap_or(now),
            source: self.source.unwrap_or_else(|| "import".into()),
            note: self.note,
            recorded_by: Some(subject.into()),
        })
    }
}

/// Many statements.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Bulk` reads")]
struct RecordConsentsRequest {
    /// The statements, in any order.
    #[schema(min_items = 1, max_items = 1000)]
    consents: Vec<ConsentItem>,
}

/// Tell many consents
///
/// Up to 1,000 in a list, or 10,000 as NDJSON with a statement a line, in any order. Each is read, checked and kept as if
/// it came alone; one that is refused does not keep out the others.
#[utoipa::path(
    tag = "Consents",
    security(("bearer" = ["customers:write"])),
    params(Idempotency),
    request_body(content(
        (RecordConsentsRequest = "application/json"),
        (ConsentItem = "application/x-ndjson"),
    )),
    responses((status = 200, description = "What became of each.", body = BulkResponse)),
)]
#[post("/v1/consents/batch")]
async fn record_consents(
    caller: Require<scope::CustomersWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Bulk<ConsentItem>,
) -> Result<Reply<BulkResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let (tenant, now, ids) = (caller.tenant, app.clock.now(), Arc::clone(&app.ids));
    let subject = caller.subject.clone();
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let items = body.items.into_iter().map(|item| item?.statement(&subject, now)).collect();
                let answer = apply_each(
                    items,
                    |statements| Ok(service::record(connection, tenant, &statements, now, &*ids)?),
                    |index, recorded: Recorded| BulkItemResult::taken(index, recorded.applied, recorded.id),
                )?;
                Ok((StatusCode::OK, answer))
            })
        })
        .await?;
    Ok(stored.reply())
}
