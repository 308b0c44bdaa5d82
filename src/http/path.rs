//! The values in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

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
