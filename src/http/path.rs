//! The values in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::shop_item::{LONGEST_EXTERNAL_ID, TIDY, is_tidy};
use crate::error::{Error, Result};
use crate::ids::ShopId;

/// The values in the path: one, or a tuple in their order. What cannot be an id or a key cannot exist: 404.
pub struct UrlPath<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for UrlPath<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let raw: Vec<u8> = percent_decode_str(request.uri().path()).collect();
        // The framework reads other bytes than UTF-8 as U+FFFD, and different keys would become one.
        let readable = !raw.contains(&0) && std::str::from_utf8(&raw).is_ok();
        let missing = Error::NotFound { what: "object" };
        ready(match web::Path::<T>::extract(request).into_inner() {
            Ok(values) if readable => Ok(Self(values.into_inner())),
            _ => Err(missing),
        })
    }
}

/// The natural key of an object of a shop, as it stands in the path.
#[derive(Debug)]
pub struct ShopPath {
    pub shop_id: ShopId,
    pub external_id: String,
}

impl FromRequest for ShopPath {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = UrlPath::<(ShopId, String)>::from_request(request, payload).into_inner();
        ready(path.and_then(|UrlPath((shop_id, external_id))| {
            if external_id.trim().is_empty() || external_id.chars().count() > LONGEST_EXTERNAL_ID {
                let detail = format!("must have 1 to {LONGEST_EXTERNAL_ID} characters");
                return Err(Error::invalid_parameter("external_id", "invalid_value", detail));
            }
            if !is_tidy(&external_id) {
                return Err(Error::invalid_parameter("external_id", "invalid_value", TIDY));
            }
            Ok(Self { shop_id, external_id })
        }))
    }
}
