//! Answers with one object.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::Serialize;

use super::etag::EntityTag;
use super::mask::PersonalData;
use crate::auth::Caller;
use crate::error::Error;

/// An object on its way out: masked unless the caller may read personal data, with its entity tag.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    body: T,
    revision: Option<i64>,
    location: Option<String>,
    replayed: bool,
}

impl<T> Reply<T> {
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body, revision: None, location: None, replayed: false }
    }

    /// An object with a revision, which is told by its `ETag`.
    pub fn ok_at(revision: i64, body: T) -> Self {
        Self { revision: Some(revision), ..Self::ok(body) }
    }

    /// The address of a new object.
    pub fn location(self, address: String) -> Self {
        Self { location: Some(address), ..self }
    }

    /// The object's revision, which is told by its `ETag`.
    pub fn revision(self, revision: i64) -> Self {
        Self { revision: Some(revision), ..self }
    }

    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Whether this answers a request that was answered before.
    pub fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

pub const IDEMPOTENT_REPLAYED: header::HeaderName = header::HeaderName::from_static("idempotent-replayed");

impl<T: Serialize + PersonalData> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let tag =
            self.revision.map(|revision| EntityTag::new(revision, !Caller::may_read_personal_data(request)));
        let reading = request.method().is_safe();
        if let Some(tag) = tag.as_ref().filter(|tag| reading && tag.is_known_to(request)) {
            return HttpResponse::NotModified().insert_header((header::ETAG, tag.as_str())).finish();
        }
        let mut response = json(request, self.status, self.body);
        let headers = response.headers_mut();
        for (name, value) in [
            (header::ETAG, tag.as_ref().map(EntityTag::as_str)),
            (header::LOCATION, self.location.as_deref()),
            (IDEMPOTENT_REPLAYED, self.replayed.then_some("true")),
        ] {
            if let Some(value) = value.and_then(|value| header::HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A body, masked unless the caller may read personal data.
pub fn json<T: Serialize + PersonalData>(
    request: &HttpRequest,
    status: StatusCode,
    mut body: T,
) -> HttpResponse {
    if !Caller::may_read_personal_data(request) {
        body.mask();
    }
    match serde_json::to_vec(&body) {
        Ok(bytes) => HttpResponse::build(status)
            .content_type("application/json")
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .body(bytes),
        Err(error) => Error::from(error).error_response(),
    }
}
