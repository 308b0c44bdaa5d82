//! Groups that are described on the spot.

use std::collections::BTreeMap;
use std::time::Instant;

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::consents::Channel;
use crate::currency::average;
use crate::customers;
use crate::customers::model::CustomerResponse;
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Body, PersonalData, Reply};
use crate::ids::SegmentId;
use crate::segments::compile;
use crate::segments::definitions;
use crate::segments::language::checked::ResolvedDate;
use crate::segments::language::{self, Place};
use crate::segments::service::{self, Group};
use crate::segments::store::figures;
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

/// What is to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParseSegmentRequest {
    /// A condition as text; this or `filter`.
    #[serde(default)]
    #[schema(example = "number_of_orders >= 2 AND last_order_date < -90d")]
    query: Option<String>,
    /// A condition as JSON; this or `query`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
}

impl Validate for ParseSegmentRequest {
    fn validate(&self, _: &mut Report) {}
}

/// What a date in a query came to mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResolvedDateResponse {
    /// As it was written.
    #[schema(example = "-90d")]
    pub written: String,
    /// The first moment of the day, or the moment.
    pub from: Timestamp,
    /// The first moment after the day; of a moment, the same as `from`.
    pub until: Timestamp,
    /// IANA name of the time zone that decided.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: String,
    /// Where in the text it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<crate::http::ProblemSpan>,
    /// Where in the document it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl From<&ResolvedDate> for ResolvedDateResponse {
    fn from(date: &ResolvedDate) -> Self {
        let (span, pointer) = shown(&date.place);
        Self {
            written: date.written.clone(),
            from: date.from,
            until: date.until,
            timezone: date.zone.clone(),
            span,
            pointer,
        }
    }
}

/// A place in a text or in a document.
pub fn shown(place: &Place) -> (Option<crate::http::ProblemSpan>, Option<String>) {
    match place {
        Place::Nowhere => (None, None),
        Place::Span { start, end } => (Some(crate::http::ProblemSpan { start: *start, end: *end }), None),
        Place::Pointer(pointer) => (None, Some(pointer.to_string())),
    }
}

/// A query in both its forms.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParsedSegmentResponse {
    /// The canonical text.
    #[schema(example = "number_of_orders >= 2 AND last_order_date < -90d")]
    pub query: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    pub filter: Value,
    /// What its dates mean now.
    pub dates: Vec<ResolvedDateResponse>,
    /// The segments that it names.
    pub uses: Vec<SegmentId>,
}

impl PersonalData for ParsedSegmentResponse {}

/// Read a query
///
/// Checks a condition, in either form, without looking for anybody, and answers it in both, in one canonical way. All that
/// is wrong is told with its place: a span of the text, or a pointer into the document.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    request_body = ParseSegmentRequest,
    responses((status = 200, description = "The query in both forms.", body = ParsedSegmentResponse)),
)]
#[post("/v1/segments/parse")]
pub async fn parse_segment(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    body: Body<ParseSegmentRequest>,
) -> Result<Reply<ParsedSegmentResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let query = definitions::read(body.value.query.as_deref(), body.value.filter.as_ref())?;
    let (now, pii) = (app.clock.now(), caller.pii);
    let answer = app.db.read(move |connection| {
        let prepared = definitions::prepare(connection, &tenant, &query, pii, now)?;
        Ok::<_, Error>(ParsedSegmentResponse {
            query: language::print(&query),
            filter: language::to_json(&query),
            dates: prepared.checked.dates.iter().map(ResolvedDateResponse::from).collect(),
            uses: prepared.uses,
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// Whom to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewSegmentRequest {
    /// A condition as text; this, `filter` or `segment_id`.
    #[serde(default)]
    #[schema(example = "number_of_orders >= 2 AND last_order_date < -90d AND reachable_by('sms')")]
    query: Option<String>,
    /// A condition as JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// A saved segment.
    #[serde(default)]
    segment_id: Option<SegmentId>,
    /// How many members are shown.
    #[serde(default = "usual_sample")]
    #[schema(default = 5, minimum = 0, maximum = 50)]
    sample: i64,
}

const fn usual_sample() -> i64 {
    5
}

impl Validate for PreviewSegmentRequest {
    fn validate(&self, report: &mut Report) {
        report.within("sample", Some(self.sample), 0, 50);
    }
}

/// A group in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewResponse {
    /// How many customers are in it.
    #[schema(example = 1234)]
    pub count: i64,
    /// Their paid orders.
    #[schema(example = 4321)]
    pub orders: i64,
    /// What they spent, net of refunds, in the tenant's currency, minor units.
    #[schema(example = 98765400)]
    pub spent_amount: i64,
    /// Spent by kept order; `null` without one.
    #[schema(example = 22857)]
    pub average_order_amount: Option<i64>,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// How many of them can be contacted over each channel.
    #[schema(example = json!({"sms": 900, "email": 300}))]
    pub reachable: BTreeMap<&'static str, i64>,
    /// Some of them.
    pub sample: Vec<CustomerResponse>,
    /// What the dates in the query mean now.
    pub dates: Vec<ResolvedDateResponse>,
    /// How long it took to find out, in milliseconds.
    #[schema(example = 180)]
    pub took_ms: u64,
}

impl PersonalData for PreviewResponse {
    fn mask(&mut self) {
        self.sample.mask();
    }
}

/// Preview a group
///
/// How many customers a condition describes, what they spent, over which channels they can be reached, and some of them;
/// all from one consistent read. Fields of personal data need `pii:read`. What takes longer than the configured time is
/// stopped: 422 `query_too_slow`.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    request_body = PreviewSegmentRequest,
    responses((status = 200, description = "The group in figures.", body = PreviewResponse)),
)]
#[post("/v1/segments/preview")]
pub async fn preview_segment(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    body: Body<PreviewSegmentRequest>,
) -> Result<Reply<PreviewResponse>> {
    let started = Instant::now();
    let tenant = app.tenants.get(caller.tenant).await?;
    let PreviewSegmentRequest { query, filter, segment_id, sample } = body.value;
    let group = Group::read(segment_id, query.as_deref(), filter.as_ref())?;
    let (now, pii, limit) = (app.clock.now(), caller.pii, app.config.limits.query_time);
    let answer = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let query = group.query(connection, tenant.id)?;
            let prepared = definitions::prepare(connection, &tenant, &query, pii, now)?;
            let members = service::with(connection, &tenant, &prepared, now, |context| {
                compile::members(context, &prepared.checked)
            })?;
            let sums = figures::sums(connection, tenant.id, members.clone())?;
            let policy = &tenant.settings.consent_policy;
            let reach = figures::reach(connection, tenant.id, members.clone(), policy)?;
            let sample = match sample {
                0 => Vec::new(),
                rows => customers::store::among(connection, tenant.id, members, None, rows)?,
            };
            Ok::<_, Error>(PreviewResponse {
                count: sums.count,
                orders: sums.orders,
                spent_amount: sums.spent_amount,
                average_order_amount: average(sums.spent_amount, sums.valued),
                currency: tenant.currency.clone(),
                reachable: Channel::ALL.into_iter().map(Channel::as_str).zip(reach).collect(),
                sample,
                dates: prepared.checked.dates.iter().map(ResolvedDateResponse::from).collect(),
                took_ms: 0,
            })
        })
    });
    let answer = answer.await?;
    Ok(Reply::ok(PreviewResponse { took_ms: started.elapsed().as_millis() as u64, ..answer }))
}
