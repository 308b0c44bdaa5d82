//! Events as they are told and answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::customers::Whom;
use crate::http::PersonalData;
use crate::http::mask::HIDDEN;
use crate::ids::{CustomerId, EventId, ShopId};
use crate::orders::document::Attributes;
use crate::time::Timestamp;

/// Types that mean the same in every shop. Others may be used as well.
pub const KNOWN_TYPES: [&str; 12] = [
    "login",
    "view",
    "search",
    "favorite",
    "cart",
    "checkout",
    "review",
    "complaint",
    "return_request",
    "share",
    "subscribe",
    "message",
];

/// Properties that hold free text, which is personal.
const FREE_TEXTS: [&str; 6] = ["text", "comment", "message", "title", "content", "note"];

/// An event on its way in. It has been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub whom: Whom,
    pub shop_id: Option<ShopId>,
    pub kind: String,
    pub occurred_at: Timestamp,
    pub properties: Attributes,
    pub external_id: Option<String>,
}

/// Something that a customer did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventResponse {
    pub id: EventId,
    pub customer_id: CustomerId,
    /// Where it happened.
    pub shop_id: Option<ShopId>,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "review")]
    pub kind: String,
    /// When.
    pub occurred_at: Timestamp,
    /// More about it. Free text (`text`, `comment`, `message`, `title`, `content`, `note`) is hidden without `pii:read`.
    #[schema(value_type = std::collections::BTreeMap<String, Value>, example = properties_example)]
    pub properties: Attributes,
    /// The sender's own id of the event.
    #[schema(example = "evt-1")]
    pub external_id: Option<String>,
    /// When the service learned of it.
    pub recorded_at: Timestamp,
}

pub(super) fn properties_example() -> Value {
    serde_json::json!({"sku": "DC-XXXXL-RED", "stars": 5, "text": "Warm and light."})
}

impl PersonalData for EventResponse {
    fn mask(&mut self) {
        let free = self.properties.iter_mut().filter(|(name, _)| FREE_TEXTS.contains(&name.as_str()));
        for (_, value) in free.filter(|(_, value)| value.is_string()) {
            *value = HIDDEN.into();
        }
    }
}

/// How often a customer did one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityResponse {
    /// What they did.
    #[serde(rename = "type")]
    #[schema(example = "review")]
    pub kind: String,
    /// How often.
    #[schema(example = 3)]
    pub count: i64,
    /// When last.
    pub last_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    #[test]
    fn free_text_is_hidden_and_what_can_be_counted_is_not() {
        let Value::Object(properties) = properties_example() else { unreachable!() };
        let at = Timestamp::from_micros(0);
        let mut event = EventResponse {
            id: Id::nil(),
            customer_id: Id::nil(),
            shop_id: None,
            kind: "review".into(),
            occurred_at: at,
            properties: properties.into_iter().collect(),
            external_id: None,
            recorded_at: at,
        };
        event.mask();
        assert_eq!(event.properties["text"], "***");
        assert_eq!(
            (&event.properties["stars"], &event.properties["sku"]),
            (&5.into(), &"DC-XXXXL-RED".into())
        );
    }
}
