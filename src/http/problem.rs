//! Errors as RFC 9457 problem documents.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, FieldError, Place};

/// An error, as RFC 9457 tells it. Programs go by `code`, people read `detail`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:huitou:problem:invalid_input",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "the input is not valid",
    "code": "invalid_input",
    "request_id": "01jd7zk3v8e4qbm2n5r9x6t0wy",
    "errors": [{"pointer": "/currency", "code": "unknown_currency", "detail": "must be an ISO 4217 code such as `CNY`"}]
}))]
pub struct Problem {
    /// A stable URI of the kind of error, made from `code`; there is no page behind it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the status.
    pub title: String,
    /// The status code of the answer.
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// Stable and `snake_case`, for programs.
    pub code: String,
    /// Names the request in the log of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Each thing that is wrong with the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemItem {
    /// Where in the body, as an RFC 6901 JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which parameter of the query, the path or a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Which part of the text under the pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<ProblemSpan>,
    /// Stable and `snake_case`, for programs.
    pub code: String,
    /// What was wrong and what would be right.
    pub detail: String,
}

/// A part of a text, in bytes of its UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemSpan {
    /// The first byte.
    pub start: u32,
    /// The first byte after it.
    pub end: u32,
}

pub const PROBLEM_JSON: &str = "application/problem+json";

impl Problem {
    pub fn new(error: &Error) -> Self {
        Self {
            errors: error.field_errors().iter().map(ProblemItem::from).collect(),
            ..Self::plain(error.status_code(), error.code(), error.to_string())
        }
    }

    /// A problem without a place in the input.
    pub fn plain(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:huitou:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            request_id: None,
            errors: Vec::new(),
        }
    }

    /// The body to answer with.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<&FieldError> for ProblemItem {
    fn from(error: &FieldError) -> Self {
        let (pointer, parameter, span) = match &error.place {
            Place::Pointer(pointer) => (Some(pointer.clone()), None, None),
            Place::Parameter(name) => (None, Some(name.clone()), None),
            Place::Span { pointer, start, end } => {
                (Some(pointer.clone()), None, Some(ProblemSpan { start: *start, end: *end }))
            }
        };
        Self { pointer, parameter, span, code: error.code.into(), detail: error.detail.clone() }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } | Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Invalid(_) | Self::Unprocessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The head; the body is written on the way out, where the request's id is known.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unauthorized { .. } => {
                response.insert_header((header::WWW_AUTHENTICATE, INVALID_TOKEN));
            }
            Self::Forbidden { .. } => {
                response.insert_header((header::WWW_AUTHENTICATE, INSUFFICIENT_SCOPE));
            }
            Self::MethodNotAllowed { allowed } => {
                response.insert_header((header::ALLOW, allowed.as_str()));
            }
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after, .. } => {
                response.insert_header((header::RETRY_AFTER, *retry_after));
            }
            _ => {}
        }
        response.finish()
    }
}

const INVALID_TOKEN: &str = r#"Bearer realm="huitou", error="invalid_token""#;
const INSUFFICIENT_SCOPE: &str = r#"Bearer realm="huitou", error="insufficient_scope""#;

/// The paths of the document and their verbs: tells an unknown path from a wrong verb.
pub struct MethodTable(Vec<(actix_web::dev::ResourceDef, Vec<&'static str>)>);

impl MethodTable {
    pub fn of(document: &utoipa::openapi::OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        Self(
            paths
                .map(|(path, item)| {
                    let verbs = [
                        ("GET", &item.get),
                        ("PUT", &item.put),
                        ("POST", &item.post),
                        ("PATCH", &item.patch),
                        ("DELETE", &item.delete),
                    ];
                    let there = verbs.into_iter().filter(|(_, operation)| operation.is_some());
                    (actix_web::dev::ResourceDef::new(path.as_str()), there.map(|(verb, _)| verb).collect())
                })
                .collect(),
        )
    }

    /// The verbs of a path; several patterns may match one.
    fn verbs(&self, path: &str) -> Vec<&'static str> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.is_match(path));
        matching.flat_map(|(_, verbs)| verbs.iter().copied()).collect()
    }
}

/// Answers what no route takes: 405 where the path exists with other verbs, else 404.
pub async fn no_such_route(
    request: actix_web::HttpRequest,
    table: actix_web::web::Data<MethodTable>,
) -> Result<HttpResponse, Error> {
    let verbs = table.verbs(request.path());
    Err(if verbs.is_empty() {
        Error::NoSuchRoute
    } else {
        Error::MethodNotAllowed { allowed: verbs.join(", ") }
    })
}
