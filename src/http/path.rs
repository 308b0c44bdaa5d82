//! The values in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::shop_item::LONGEST_EXTERNAL_ID;
use crate::error::{Error, Result};
use crate::ids::ShopId;

/// The values in the path: one, or a tuple in their order. What cannot be an id or a key cannot exist: 404.
pub struct UrlPath<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for UrlPath<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let nul = request.match_info().iter().any(|(_, value)| value.contains("%00") || value.contains('\0'));
        let missing = Error::NotFound { what: "object" };
        ready(match web::Path::<T>::extract(request).into_inner() {
            Ok(values) if !nul => Ok(Self(values.into_inner())),
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
            Ok(Self { shop_id, external_id })
        }))
    }
}
