//! Bodies with one object, or with many.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::body::ExtractFuture;
use super::bulk::{self, BulkItem, Fields};
use super::json;
use crate::config::Limits;
use crate::error::{Error, Result};

/// A body with one object by itself, with many in a list (`{"<list>": […]}`), or with NDJSON.
pub struct OneOrMany<T> {
    pub told: Told<T>,
    /// The bytes as they came, for the idempotency key.
    pub raw: Bytes,
}

/// What such a body holds.
pub enum Told<T> {
    One(T),
    /// Each object, or what is wrong with it, in the order of the body.
    Many(Vec<Result<T>>),
}

impl<T: BulkItem> FromRequest for OneOrMany<T> {
    type Error = Error;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (lines, raw, limits) = bulk::receive(&request, payload).await?;
            let bytes = raw.clone();
            let told = web::block(move || read(&bytes, lines, &limits)).await.map_err(Error::internal)??;
            Ok(Self { told, raw })
        })
    }
}

fn read<T: BulkItem>(bytes: &[u8], lines: bool, limits: &Limits) -> Result<Told<T>> {
    if lines || is_list::<T>(bytes, limits) {
        return Ok(Told::Many(bulk::read(bytes, lines, limits)?));
    }
    if bytes.len() > limits.body_bytes {
        return Err(Error::PayloadTooLarge { limit: limits.body_bytes });
    }
    Ok(Told::One(bulk::checked(json::parse(bytes, limits.body_depth)?)?))
}

/// Whether the body has the field with the list.
fn is_list<T: BulkItem>(bytes: &[u8], limits: &Limits) -> bool {
    let fields = json::parse::<Fields<IgnoredAny>>(bytes, limits.body_depth + 2);
    fields.is_ok_and(|Fields(fields)| fields.iter().any(|(name, _)| name == T::LIST))
}
