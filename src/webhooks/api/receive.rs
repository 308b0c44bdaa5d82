//! What platforms push to.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use sha2::{Digest, Sha256};

use crate::app::AppState;
use crate::error::{Error, Result, short};
use crate::http::collect;
use crate::ids::TenantId;
use crate::platforms::{Acknowledgement, Authenticity, Headers, Request, VerifyError, is_relayed};
use crate::shops::Platform;
use crate::webhooks::delivery::Header;
use crate::webhooks::endpoints::Endpoint;
use crate::webhooks::inbox::{Arrival, Reading, Stored};
use crate::webhooks::rejections::Rejection;

/// Receive what a platform pushes
///
/// The address to enter in the platform's admin, or in a relay. The platform of the shop decides how the request is
/// verified (over its raw bytes, by one of the shop's `webhook_secrets`) and read; a path may follow the shop's id. Once
/// answered with success, the delivery is safely stored; it is applied at once or, under load, soon after. A delivery
/// that comes again is answered alike and not applied again. Events that are unknown, or cannot be applied, are answered
/// with success as well and listed with their reason under `/v1/webhook-deliveries`.
///
/// For a shop whose platform's own messages are not understood here (`taobao`, `tmall`, `jd`, `jd_daojia`, `pinduoduo`,
/// `wechat_store`, `bigcommerce`, `stripe`, `pos`) a relay speaks: it sends the canonical order, signed as Standard
/// Webhooks by one of the shop's `webhook_secrets`.
///
/// A wrong signature is 401. While nothing can be stored the answer is 503: send again.
#[utoipa::path(
    tag = "Webhooks",
    security(()),
    params(
        ("tenant_id" = String, Path, description = "The tenant.", example = "ten_01jd7zk3v8e4qbm2n5r9x6t0wy"),
        ("shop_id" = String, Path, description = "The shop.", example = "shp_01jd7zk3v8e4qbm2n5r9x6t0wy"),
    ),
    responses(
        (status = 200, description = "Received, in the words that the platform expects."),
    ),
)]
#[post("/v1/webhooks/{tenant_id}/{shop_id}")]
pub async fn receive_webhook(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse> {
    receive(request, payload, app).await
}

/// Tell a platform that the address is right
///
/// For platforms that look at an address before they push to it.
#[utoipa::path(
    tag = "Webhooks",
    security(()),
    params(
        ("tenant_id" = String, Path, description = "The tenant.", example = "ten_01jd7zk3v8e4qbm2n5r9x6t0wy"),
        ("shop_id" = String, Path, description = "The shop.", example = "shp_01jd7zk3v8e4qbm2n5r9x6t0wy"),
    ),
    responses(
        (status = 200, description = "It is, in the words that the platform expects."),
    ),
)]
#[get("/v1/webhooks/{tenant_id}/{shop_id}")]
pub async fn check_webhook(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse> {
    check(request, app).await
}

pub async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse> {
    let (tenant, endpoint) = endpoint(&request, &app).await?;
    let body = collect(&request, payload.into_inner(), app.config.webhooks.body_bytes).await?;
    let now = app.clock.now();
    let pairs = pairs(&request);
    let raw = Request {
        tail: request.match_info().get("tail").unwrap_or_default(),
        query: request.query_string(),
        headers: Headers::new(&pairs),
        body: &body,
    };
    let platform = endpoint.platform.as_str();
    let count = |status: &'static str| {
        metrics::counter!("huitou_webhook_deliveries_total", "platform" => platform, "status" => status, "by" => "push")
            .increment(1);
    };
    match endpoint.adapter.verify(&raw, &endpoint.secrets, now) {
        Ok(Authenticity::Signed) => {}
        Ok(Authenticity::UnsignedPing) => {
            count("ping");
            return Ok(acknowledge(&endpoint.adapter.acknowledge(&raw)));
        }
        Err(error) => {
            count("rejected");
            return Err(turn_away(&app, tenant, &endpoint, &request, body.len(), &error));
        }
    }
    let parsed = endpoint.adapter.parse(&raw, &endpoint.context(now));
    let acknowledgement = endpoint.adapter.acknowledge(&raw);
    let reading = Reading::new(endpoint.shop_id, parsed, || fingerprint(&body));
    let stored =
        Stored { headers: kept(&pairs), tail: raw.tail.to_owned(), query: raw.query.to_owned(), body };
    let arrival = Arrival {
        id: app.ids.id(now),
        shop_id: endpoint.shop_id,
        platform: endpoint.platform,
        received_at: now,
        key: reading.key,
        topic: short(reading.topic, LONGEST_TOPIC),
        event_at: reading.event_at,
        request: stored,
        told: reading.told,
        appended: AtomicBool::new(false),
    };
    let taken = app.deliveries.take(tenant, arrival).await;
    count(match &taken {
        Ok(receipt) => receipt.status.map_or("repeated", |status| status.as_str()),
        Err(_) => "unavailable",
    });
    taken.map(|_| acknowledge(&acknowledgement))
}

pub async fn check(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse> {
    let (tenant, endpoint) = endpoint(&request, &app).await?;
    let pairs = pairs(&request);
    let raw = Request {
        tail: request.match_info().get("tail").unwrap_or_default(),
        query: request.query_string(),
        headers: Headers::new(&pairs),
        body: &[],
    };
    match endpoint.adapter.answer_check(&raw, &endpoint.secrets, app.clock.now()) {
        Ok(answer) => Ok(acknowledge(&answer)),
        Err(error) => Err(turn_away(&app, tenant, &endpoint, &request, 0, &error)),
    }
}

/// Whatever is missing, the answer is the same: nobody learns which tenants and shops there are.
async fn endpoint(request: &HttpRequest, app: &AppState) -> Result<(TenantId, Arc<Endpoint>)> {
    const MISSING: Error = Error::NotFound { what: "webhook endpoint" };
    let part = |name: &str| request.match_info().get(name).unwrap_or_default();
    let (Ok(tenant), Ok(shop)) = (part("tenant_id").parse(), part("shop_id").parse()) else {
        return Err(MISSING);
    };
    Ok((tenant, app.endpoints.find(tenant, shop).await?.ok_or(MISSING)?))
}

fn turn_away(
    app: &AppState,
    tenant: TenantId,
    endpoint: &Endpoint,
    request: &HttpRequest,
    body_bytes: usize,
    error: &VerifyError,
) -> Error {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let reason = explain(endpoint.platform, error);
    let rejection = Rejection {
        at: app.clock.now(),
        reason: reason.clone(),
        body_bytes: body_bytes as i64,
        user_agent: agent.map(|agent| short(agent.to_owned(), LONGEST_AGENT)),
    };
    app.rejections.note(tenant, endpoint.shop_id, rejection);
    Error::unauthorized("invalid_signature", reason)
}

/// What is wrong, and what would be right where the platform itself cannot be understood.
fn explain(platform: Platform, error: &VerifyError) -> String {
    let name = platform.as_str();
    match is_relayed(name) {
        true => format!(
            "{error}; for a shop on `{name}` a relay signs as Standard Webhooks, by one of the shop's `webhook_secrets`, for \
             `{name}` has no signature scheme here"
        ),
        false => error.to_string(),
    }
}

fn acknowledge(answer: &Acknowledgement) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).content_type(answer.content_type).body(answer.body.clone().into_owned())
}

fn pairs(request: &HttpRequest) -> Vec<(&str, &[u8])> {
    request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

const LONGEST_TOPIC: usize = 200;
const LONGEST_AGENT: usize = 200;
const MOST_HEADERS: usize = 100;
const LONGEST_HEADER: usize = 2_000;

/// The headers that are stored: what a replay needs and a person wants to see, and no credentials.
fn kept(pairs: &[(&str, &[u8])]) -> Vec<Header> {
    const PRIVATE: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
    let public = pairs.iter().filter(|(name, _)| !PRIVATE.contains(name));
    let kept = public.take(MOST_HEADERS).map(|(name, value)| Header {
        name: short((*name).to_owned(), LONGEST_AGENT),
        value: short(String::from_utf8_lossy(value).replace('\0', ""), LONGEST_HEADER),
    });
    kept.collect()
}

/// The key of a request that cannot be read: the same body again is the same delivery.
fn fingerprint(body: &[u8]) -> String {
    Sha256::digest(body)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
