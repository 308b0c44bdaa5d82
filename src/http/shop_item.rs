//! Documents that come in bulk, each with the key that stands in the path when it comes alone.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::bulk::BulkItem;
use crate::ids::{IdKind, ShopId, ShopKind};
use crate::validation::{Report, Validate};

/// What a shop's objects of one kind are told as.
pub trait ShopDocument: DeserializeOwned + Validate + ToSchema + Send + 'static {
    /// The field of a bulk body that holds the list, such as `orders`.
    const LIST: &'static str;
    /// The name of the document with its key in the description of the API.
    const ITEM: &'static str;
}

/// A document beside its natural key: `{"shop_id", "external_id", …}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopItem<D> {
    pub shop_id: ShopId,
    pub external_id: String,
    pub document: D,
}

pub const LONGEST_EXTERNAL_ID: usize = 255;
/// What [`is_tidy`] asks for.
pub const TIDY: &str = "must not begin or end with blanks, nor hold control characters";

/// Whether a key is written as platforms write theirs: others look the same as another key and are not.
pub fn is_tidy(external_id: &str) -> bool {
    external_id.trim() == external_id && !external_id.contains(char::is_control)
}

impl<D: ShopDocument> BulkItem for ShopItem<D> {
    const LIST: &'static str = D::LIST;
}

impl<D: Validate> Validate for ShopItem<D> {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", Some(&self.external_id), LONGEST_EXTERNAL_ID);
        if !self.external_id.trim().is_empty() && !is_tidy(&self.external_id) {
            report.add("external_id", "invalid_value", TIDY);
        }
        self.document.validate(report);
    }
}

/// Takes the two keys out of the fields and leaves the rest to the document, which refuses what it does not know.
/// (serde's `flatten` would take unknown fields in silence.)
impl<'de, D: Deserialize<'de>> Deserialize<'de> for ShopItem<D> {
    fn deserialize<R: Deserializer<'de>>(reader: R) -> Result<Self, R::Error> {
        reader.deserialize_map(ItemVisitor(PhantomData))
    }
}

struct ItemVisitor<D>(PhantomData<D>);

impl<'de, D: Deserialize<'de>> Visitor<'de> for ItemVisitor<D> {
    type Value = ShopItem<D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `shop_id` and `external_id`")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        let (mut shop_id, mut external_id) = (None, None);
        let rest = WithoutKeys { fields, shop_id: &mut shop_id, external_id: &mut external_id };
        let document = D::deserialize(MapAccessDeserializer::new(rest))?;
        Ok(ShopItem {
            shop_id: shop_id.ok_or_else(|| A::Error::missing_field("shop_id"))?,
            external_id: external_id.ok_or_else(|| A::Error::missing_field("external_id"))?,
            document,
        })
    }
}

struct WithoutKeys<'k, A> {
    fields: A,
    shop_id: &'k mut Option<ShopId>,
    external_id: &'k mut Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutKeys<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.fields.next_key::<String>()? {
            match name.as_str() {
                "shop_id" if self.shop_id.is_some() => return Err(A::Error::duplicate_field("shop_id")),
                "shop_id" => *self.shop_id = Some(self.fields.next_value()?),
                "external_id" if self.external_id.is_some() => {
                    return Err(A::Error::duplicate_field("external_id"));
                }
                "external_id" => *self.external_id = Some(self.fields.next_value()?),
                _ => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.fields.next_value_seed(seed)
    }
}

/// The document's own description with the two keys put before its fields.
impl<D: ShopDocument> PartialSchema for ShopItem<D> {
    fn schema() -> RefOr<Schema> {
        let mut schema = D::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let external_id = ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some("The platform's id, unique within the shop."))
                .min_length(Some(1))
                .max_length(Some(LONGEST_EXTERNAL_ID));
            let fields = std::mem::take(&mut object.properties);
            object.properties.insert("shop_id".into(), Ref::from_schema_name(ShopId::name()).into());
            object.properties.insert("external_id".into(), external_id.into());
            object.properties.extend(fields);
            object.required.extend(["shop_id".to_owned(), "external_id".to_owned()]);
            for example in object.example.iter_mut().chain(&mut object.examples) {
                let key = json!({"shop_id": ShopKind::EXAMPLE, "external_id": "2026111100001"});
                let document = std::mem::replace(example, key);
                if let (Some(item), serde_json::Value::Object(document)) = (example.as_object_mut(), document)
                {
                    item.extend(document);
                }
            }
        }
        schema
    }
}

impl<D: ShopDocument> ToSchema for ShopItem<D> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(D::ITEM)
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ShopId::name().into(), ShopId::schema()));
        D::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        size: i64,
    }

    const SHOP: &str = ShopKind::EXAMPLE;

    fn read(text: &str) -> Result<ShopItem<Thing>, String> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let item = serde_path_to_error::deserialize::<_, ShopItem<Thing>>(&mut reader);
        item.map_err(|error| format!("{}: {}", error.path(), error.inner()))
    }

    #[test]
    fn the_key_may_stand_anywhere_among_the_fields() {
        let expected = Ok(ShopItem {
            shop_id: SHOP.parse().unwrap(),
            external_id: "1".into(),
            document: Thing { size: 7 },
        });
        assert_eq!(read(&format!(r#"{{"shop_id":"{SHOP}","external_id":"1","size":7}}"#)), expected);
        assert_eq!(read(&format!(r#"{{"size":7,"external_id":"1","shop_id":"{SHOP}"}}"#)), expected);
    }

    #[test]
    fn missing_repeated_and_unknown_fields_are_told() {
        let start = format!(r#"{{"shop_id":"{SHOP}","external_id":"1""#);
        for (rest, said) in [
            (r#","size":7,"weight":1}"#, "unknown field `weight`"),
            (r#","size":"x"}"#, "size: invalid type"),
            ("}", "missing field `size`"),
            (r#","size":7,"external_id":"2"}"#, "duplicate field `external_id`"),
        ] {
            let error = read(&format!("{start}{rest}")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        assert!(read(r#"{"size":7}"#).unwrap_err().contains("missing field `shop_id`"));
    }
}
