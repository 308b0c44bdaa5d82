//! What happens around every request: its id, its log line, its metrics, and the last touch on its answer.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use tracing::Instrument;

use super::limits::RateState;
use super::problem::{PROBLEM_JSON, Problem};
use crate::app::AppState;
use crate::error::Error;

/// The id of a request: the caller's own or a fresh one.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LONGEST_ID: usize = 128;
const UNMATCHED: &str = "unmatched";

/// The middleware around all routes.
pub async fn track(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let method = request.method().clone();
    if method == Method::HEAD {
        // Answered like GET; the server leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let method = label(&method);
    let id = id_of(&request);
    let route = request.match_pattern().unwrap_or_else(|| UNMATCHED.into());
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method,
        route = %route,
        tenant = tracing::field::Empty,
    );
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let _entered = span.entered();
    let (request, response) = match answered {
        Ok(Ok(response)) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            (Some(request), response)
        }
        Ok(Err(error)) => (None, HttpResponse::from_error(error)),
        Err(_) => (None, HttpResponse::from_error(Error::internal("a handler panicked"))),
    };
    let rate = request.as_ref().and_then(|request| request.extensions().get::<RateState>().copied());
    let response = finish(response, &id, rate);
    record(method, route, response.status(), started.elapsed());
    match request {
        Some(request) => Ok(ServiceResponse::new(request, response)),
        None => Err(InternalError::from_response("no answer", response).into()),
    }
}

fn id_of(request: &ServiceRequest) -> String {
    let told = request.headers().get(X_REQUEST_ID);
    let sane = |text: &&str| {
        (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let told = told.and_then(|value| value.to_str().ok()).filter(sane);
    told.map_or_else(
        || match request.app_data::<web::Data<AppState>>() {
            Some(state) => state.ids.uuid(state.clock.now()).simple().to_string(),
            None => String::new(),
        },
        String::from,
    )
}

/// Makes every error a problem document with the request's id, logs hidden causes, adds the common headers.
fn finish(mut response: HttpResponse, id: &str, rate: Option<RateState>) -> HttpResponse {
    if let Some(error) = response.error().and_then(|error| error.as_error::<Error>()) {
        if let Some(cause) = error.hidden_cause() {
            tracing::error!(code = error.code(), cause, "the request failed");
        }
        let problem = Problem::new(error);
        response = with_body(response, problem, id);
    } else if is_foreign_error(&response) {
        let problem = bare_problem(response.status());
        response = with_body(response, problem, id);
    }
    let headers = response.headers_mut();
    insert(headers, X_REQUEST_ID, id);
    if let Some(rate) = rate {
        insert(headers, RATELIMIT_POLICY, &format!("\"default\";q={};w=1", rate.per_second));
        insert(headers, RATELIMIT, &format!("\"default\";r={};t=1", rate.remaining));
    }
    response
}

fn insert(headers: &mut header::HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// An error that the framework made: in plain text, and telling more than it should.
fn is_foreign_error(response: &HttpResponse) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let json = content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    (response.status().is_client_error() || response.status().is_server_error()) && !json
}

fn bare_problem(status: StatusCode) -> Problem {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("no_such_route", "there is nothing under this path; see /docs"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this path does not take this method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the body is too large"),
        status if status.is_server_error() => ("internal_error", "something went wrong inside the service"),
        _ => ("bad_request", "the request could not be understood"),
    };
    Problem::plain(status, code, detail)
}

fn with_body(response: HttpResponse, mut problem: Problem, id: &str) -> HttpResponse {
    problem.request_id = Some(id.to_string());
    let body = BoxBody::new(problem.to_bytes());
    let mut response = response.map_body(|_, _| body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.remove(header::CONTENT_LENGTH);
    response
}

/// The method, or `other`: callers make up as many as they like, and each would be counted on its own for ever.
fn label(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("other")
}

fn record(method: &'static str, route: String, status: StatusCode, took: Duration) {
    tracing::info!(status = status.as_u16(), took_ms = took.as_secs_f64() * 1_000.0, "answered");
    let labels = [("method", method.to_string()), ("route", route), ("status", status.as_u16().to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, body};

    use super::*;

    #[actix_web::test]
    async fn a_panic_in_a_handler_is_a_problem_that_tells_nothing() {
        async fn handler() -> HttpResponse {
            std::panic::resume_unwind(Box::new("13800001234"))
        }
        let app = App::new().route("/", web::get().to(handler)).wrap(from_fn(track));
        let service = init_service(app).await;
        let request = TestRequest::get().insert_header(("x-request-id", "r1")).to_request();
        let error = try_call_service(&service, request).await.err();
        let response = HttpResponse::from_error(error.expect("the handler panics"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get(X_REQUEST_ID).map(HeaderValue::as_bytes), Some(&b"r1"[..]));
        let body = body::to_bytes(response.into_body()).await.expect("the body is there");
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(text.contains("internal_error") && !text.contains("1380"), "{text}");
    }
}
