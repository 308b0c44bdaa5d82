//! Entity tags: which revision of an object a caller has seen.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use crate::auth::Caller;
use crate::error::{Error, Result};

/// The tag of an answer. Masked and plain answers of one revision have different ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// The tag of a revision as this caller sees it.
    pub fn new(revision: i64, masked: bool) -> Self {
        Self(if masked { format!("\"{revision}-m\"") } else { format!("\"{revision}\"") })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a list of tags in a header (or `*`) names this one. Weak tags count where `weak` says so.
    fn is_in(&self, header: &str, weak: bool) -> bool {
        header.split(',').map(str::trim).any(|tag| {
            let tag = if weak { tag.strip_prefix("W/").unwrap_or(tag) } else { tag };
            tag == "*" || tag == self.0
        })
    }

    /// Whether the caller has this already (`If-None-Match`).
    pub fn is_known_to(&self, request: &HttpRequest) -> bool {
        let header = request.headers().get(header::IF_NONE_MATCH);
        let header = header.and_then(|value| value.to_str().ok());
        header.is_some_and(|header| self.is_in(header, true))
    }
}

/// The `If-Match` header: the write is wanted only if the object is still as the caller saw it.
#[derive(Debug, Clone, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Refuses when the object has moved on since.
    pub fn check(&self, revision: i64, caller: &Caller) -> Result<()> {
        let current = EntityTag::new(revision, !caller.pii);
        match &self.0 {
            Some(wanted) if !current.is_in(wanted, false) => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }
}

/// How the header is described; only for the description of the API.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the fields describe the header of `IfMatch`")]
struct IfMatchHeader {
    /// The `ETag` that the caller has seen: the write is refused with 412 when the object has changed since.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
}

impl IntoParams for IfMatch {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        IfMatchHeader::into_params(place)
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(header::IF_MATCH);
        let text = header.map(|value| value.to_str().unwrap_or_default().to_string());
        ready(Ok(Self(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list() {
        let tag = EntityTag::new(7, false);
        assert_eq!(tag.as_str(), "\"7\"");
        assert!(tag.is_in("\"6\", \"7\"", false) && tag.is_in("*", false) && tag.is_in("W/\"7\"", true));
        assert!(!tag.is_in("W/\"7\"", false) && !tag.is_in("\"77\"", false));
    }

    #[test]
    fn masked_and_plain_answers_differ() {
        assert_ne!(EntityTag::new(7, false), EntityTag::new(7, true));
    }
}
