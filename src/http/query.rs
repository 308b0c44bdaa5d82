//! The query string as a typed value.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::json;
use crate::error::{Error, FieldError, Result};

/// The parameters of the query, apart from those of paging. What does not fit is told by its name.
pub struct Query<T>(pub T);

/// Parameters that belong to [`super::Paging`].
pub const PAGING: [&str; 3] = ["limit", "cursor", "count"];

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parameters(request.query_string()).and_then(|all| {
            let own = all.into_iter().filter(|(name, _)| !PAGING.contains(&name.as_str()));
            read(own.collect()).map(Query)
        }))
    }
}

/// The pairs of a query string, decoded.
pub fn parameters(query: &str) -> Result<Vec<(String, String)>> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| Error::bad_request("malformed_query", "the query string cannot be read"))?
        .into_inner();
    match pairs.iter().find(|(_, value)| value.contains('\0')) {
        Some((name, _)) => {
            Err(Error::invalid_parameter(name, "nul_character", "must not contain the character U+0000"))
        }
        None => Ok(pairs),
    }
}

fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T> {
    let names: Vec<String> = pairs.iter().map(|(name, _)| name.clone()).collect();
    let reader = MapDeserializer::<_, serde_json::Error>::new(pairs.into_iter().map(|(k, v)| (k, Value(v))));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        let misfit = json::misfit(String::new(), error.inner());
        let name = match misfit.code {
            "unknown_field" | "required" | "duplicate_field" => {
                error.inner().to_string().split('`').nth(1).unwrap_or_default().to_string()
            }
            _ if names.contains(&path) => path,
            _ => String::new(),
        };
        let (code, detail) = match misfit.code {
            "unknown_field" => ("unknown_parameter", misfit.detail.replace("field", "parameter")),
            "duplicate_field" => ("duplicate_parameter", "may be given only once".into()),
            code => (code, misfit.detail),
        };
        Error::Invalid(vec![FieldError::parameter(name, code, detail)])
    })
}

/// One value of the query, read as whatever its field wants.
struct Value(String);

impl IntoDeserializer<'_, serde_json::Error> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read_as {
    ($($method:ident $visit:ident $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::custom(concat!("must be ", $expected))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Value {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    read_as! {
        deserialize_bool visit_bool "`true` or `false`";
        deserialize_i32 visit_i32 "a whole number";
        deserialize_i64 visit_i64 "a whole number";
        deserialize_u32 visit_u32 "a whole number that is not negative";
        deserialize_u64 visit_u64 "a whole number that is not negative";
        deserialize_f64 visit_f64 "a number";
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::error::Place;
    use crate::ids::ShopId;
    use crate::time::Timestamp;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Filter {
        #[serde(default)]
        shop_id: Option<ShopId>,
        #[serde(default)]
        paid_after: Option<Timestamp>,
        #[serde(default)]
        least: Option<i64>,
    }

    fn problem(query: &str) -> (String, &'static str) {
        let error = read::<Filter>(parameters(query).unwrap()).unwrap_err();
        let first = error.field_errors()[0].clone();
        match first.place {
            Place::Parameter(name) => (name, first.code),
            Place::Pointer(_) | Place::Span { .. } => unreachable!(),
        }
    }

    #[test]
    fn parameters_are_read_by_the_types_of_their_fields() {
        let filter: Filter =
            read(parameters("paid_after=2026-11-11T00:00:00%2B08:00&least=5").unwrap()).unwrap();
        assert_eq!(filter.least, Some(5));
        assert_eq!(filter.paid_after.unwrap().to_string(), "2026-11-10T16:00:00Z");
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_name() {
        assert_eq!(problem("least=many"), ("least".into(), "invalid_value"));
        assert_eq!(problem("shop_id=shp_1"), ("shop_id".into(), "invalid_value"));
        assert_eq!(problem("paid_aftr=x"), ("paid_aftr".into(), "unknown_parameter"));
        assert_eq!(problem("least=1&least=2"), ("least".into(), "duplicate_parameter"));
        assert!(parameters("q=%00").is_err());
    }
}
