//! The one error of the service: what went wrong, apart from how it is told and from what only the log may know.

use crate::db::DbError;
use crate::validation::Violation;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can stop a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no such object, or it is another tenant's.
    #[error("there is no such {what}")]
    NotFound { what: &'static str },
    /// There is nothing under the path.
    #[error("there is nothing under this path; see /docs")]
    NoSuchRoute,
    /// The path exists, for other methods.
    #[error("this path takes {allowed}")]
    MethodNotAllowed { allowed: String },
    /// The input was understood and is not acceptable; all that is wrong with it.
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// The input is acceptable by itself, but not here.
    #[error("{detail}")]
    Unprocessable { code: &'static str, detail: String },
    /// The input could not be understood.
    #[error("{detail}")]
    BadRequest { code: &'static str, detail: String, errors: Vec<FieldError> },
    /// The state of things forbids it.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String },
    /// `If-Match` named another revision than the current one.
    #[error("the object has changed since it was read")]
    PreconditionFailed,
    /// Nobody, or nobody known.
    #[error("{detail}")]
    Unauthorized { code: &'static str, detail: String },
    /// Somebody known who may not.
    #[error("{detail}")]
    Forbidden { code: &'static str, detail: String },
    /// More bytes than are taken.
    #[error("the body is larger than {limit} bytes")]
    PayloadTooLarge { limit: usize },
    /// A body in a format that is not read here.
    #[error("the body must be sent as {expected}")]
    UnsupportedMediaType { expected: &'static str },
    /// Faster than agreed.
    #[error("too many requests; the next one is welcome in {retry_after} s")]
    TooManyRequests { retry_after: u64 },
    /// Something is away or overloaded for now; `cause` is for the log.
    #[error("the service cannot do this right now; try again")]
    Unavailable { retry_after: u64, cause: String },
    /// A fault of the service; the text is for the log.
    #[error("something went wrong inside the service")]
    Internal(String),
}

/// One thing wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub place: Place,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// What was wrong and what would be right.
    pub detail: String,
}

/// Where in the input something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An RFC 6901 pointer into the body.
    Pointer(String),
    /// A parameter of the query, the path or a header.
    Parameter(String),
    /// From a byte to before another of the text under an RFC 6901 pointer.
    Span { pointer: String, start: u32, end: u32 },
}

impl FieldError {
    pub fn pointer(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { place: Place::Pointer(short(pointer.into(), LONGEST_POINTER)), code, detail: detail.into() }
    }

    pub fn parameter(name: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { place: Place::Parameter(short(name.into(), LONGEST_ECHO)), code, detail: detail.into() }
    }
}

/// How many characters of a name or a value are told back, so that a large one does not come back in every error.
pub const LONGEST_ECHO: usize = 100;
const LONGEST_POINTER: usize = 4 * LONGEST_ECHO;

/// The text, or its beginning if it has more than so many characters.
pub fn short(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<Violation> for FieldError {
    fn from(violation: Violation) -> Self {
        Self::pointer(violation.pointer, violation.code, violation.detail)
    }
}

impl Error {
    /// One invalid value in the body.
    pub fn invalid(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::pointer(pointer, code, detail)])
    }

    /// One invalid parameter.
    pub fn invalid_parameter(name: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::parameter(name, code, detail)])
    }

    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::BadRequest { code, detail: detail.into(), errors: Vec::new() }
    }

    /// The answer to a cursor that this service did not make for the list that it came to.
    pub fn invalid_cursor() -> Self {
        Self::bad_request(
            "invalid_cursor",
            "the cursor is not of this list; it holds only for the same filters and order",
        )
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Unprocessable { code, detail: detail.into() }
    }

    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Unauthorized { code, detail: detail.into() }
    }

    pub fn insufficient_scope(scope: &str) -> Self {
        Self::Forbidden { code: "insufficient_scope", detail: format!("the token lacks the scope `{scope}`") }
    }

    /// The answer for a filter, a sort or a search by personal data without `pii:read`.
    pub fn needs_personal_data(parameter: &str) -> Self {
        Self::Forbidden {
            code: "insufficient_scope",
            detail: format!("`{parameter}` goes by personal data, which needs the scope `pii:read`"),
        }
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// Stable, `snake_case`; what programs go by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NoSuchRoute => "no_such_route",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Invalid(_) => "invalid_input",
            Self::BadRequest { code, .. }
            | Self::Unprocessable { code, .. }
            | Self::Conflict { code, .. }
            | Self::Unauthorized { code, .. }
            | Self::Forbidden { code, .. } => code,
            Self::PreconditionFailed => "precondition_failed",
            Self::PayloadTooLarge { .. } => "body_too_large",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal(_) => "internal_error",
        }
    }

    /// What is wrong with single values of the input.
    pub fn field_errors(&self) -> &[FieldError] {
        match self {
            Self::Invalid(errors) | Self::BadRequest { errors, .. } => errors,
            _ => &[],
        }
    }

    /// What only the log may know.
    pub fn hidden_cause(&self) -> Option<&str> {
        match self {
            Self::Internal(cause) | Self::Unavailable { cause, .. } => Some(cause),
            _ => None,
        }
    }
}

impl From<Vec<Violation>> for Error {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations.into_iter().map(FieldError::from).collect())
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unreachable(_) | DbError::Busy => {
                Self::Unavailable { retry_after: 1, cause: error.to_string() }
            }
            DbError::TooSlow(limit) => Self::unprocessable(
                "query_too_slow",
                format!(
                    "this takes longer than {} s and was stopped; narrow it down (a category, a shop, a span of time) or \
                     raise QUERY_TIME_LIMIT_SECONDS",
                    limit.as_secs()
                ),
            ),
            DbError::Taken(_) => Self::conflict("conflict", "another object has this key already"),
            DbError::Conflict(_) => Self::conflict("conflict", "another request was in the way; try again"),
            DbError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<serde_json::Error> for Error {
    /// For documents that this program wrote or is about to write; a body goes through `http::Body`.
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
