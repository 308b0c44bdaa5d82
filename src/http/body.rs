//! Bodies with one object.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::json;
use crate::app::AppState;
use crate::error::{Error, Result};
use crate::validation::{Report, Validate};

/// A body that was read, fits its type and passed its checks.
pub struct Body<T> {
    pub value: T,
    /// The bytes as they came, for the idempotency key.
    pub raw: Bytes,
}

/// The same for bodies that may be as large as those with many objects, such as long lists of ids.
pub struct LargeBody<T> {
    pub value: T,
    /// The bytes as they came, for the idempotency key.
    pub raw: Bytes,
}

/// The same for `PATCH`, whose bodies may call themselves `application/merge-patch+json`.
pub struct PatchBody<T>(pub T);

pub type ExtractFuture<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

const JSON: &[&str] = &["application/json"];
const PATCH: &[&str] = &["application/json", "application/merge-patch+json"];

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (value, raw) = read(&request, payload, JSON).await?;
            Ok(Self { value, raw })
        })
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for PatchBody<T> {
    type Error = Error;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Self(read(&request, payload, PATCH).await?.0)) })
    }
}

impl<T: DeserializeOwned + Validate + Send + 'static> FromRequest for LargeBody<T> {
    type Error = Error;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let limits = &state(&request)?.config.limits;
            let (depth, limit) = (limits.body_depth, limits.bulk_body_bytes);
            if media_type(&request) != JSON[0] {
                return Err(Error::UnsupportedMediaType { expected: JSON[0] });
            }
            let raw = collect(&request, payload, limit).await?;
            let bytes = raw.clone();
            // Reading much takes long, and the other requests of this worker would wait.
            let value = web::block(move || parse(&bytes, depth)).await.map_err(Error::internal)??;
            Ok(Self { value, raw })
        })
    }
}

fn parse<T: DeserializeOwned + Validate>(raw: &[u8], depth: usize) -> Result<T> {
    let value: T = json::parse(raw, depth)?;
    let violations = Report::of(&value);
    if violations.is_empty() { Ok(value) } else { Err(violations.into()) }
}

async fn read<T: DeserializeOwned + Validate>(
    request: &HttpRequest,
    payload: Payload,
    types: &[&'static str],
) -> Result<(T, Bytes)> {
    let limits = &state(request)?.config.limits;
    if !types.contains(&media_type(request).as_str()) {
        return Err(Error::UnsupportedMediaType { expected: types[0] });
    }
    let raw = collect(request, payload, limits.body_bytes).await?;
    Ok((parse(&raw, limits.body_depth)?, raw))
}

pub fn state(request: &HttpRequest) -> Result<&web::Data<AppState>> {
    request
        .app_data::<web::Data<AppState>>()
        .ok_or_else(|| Error::internal("the application state is not registered"))
}

/// The content type in small letters, without its parameters.
pub fn media_type(request: &HttpRequest) -> String {
    let value = request.headers().get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// What is set aside before anything has come, whatever length was announced.
const FIRST_BUFFER: usize = 64 * 1024;

/// Bodies come as they are: nothing is unpacked, so that a small one cannot become a huge one.
fn is_packed(request: &HttpRequest) -> bool {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// All bytes of a body, as long as they are not too many.
pub async fn collect(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes> {
    if is_packed(request) {
        return Err(Error::UnsupportedMediaType { expected: "plain JSON, without a content encoding" });
    }
    let told = request.headers().get(header::CONTENT_LENGTH);
    let told: Option<usize> = told.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if told.is_some_and(|length| length > limit) {
        return Err(Error::PayloadTooLarge { limit });
    }
    let mut body = BytesMut::with_capacity(told.unwrap_or_default().min(FIRST_BUFFER));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|error| Error::bad_request("incomplete_body", format!("the body broke off: {error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(Error::PayloadTooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
