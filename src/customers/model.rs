//! A customer as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::Gender;
use super::facts::{FactsResponse, ShopFactsResponse};
use crate::consents::model::ChannelResponse;
use crate::events::model::{ActivityResponse, EventResponse};
use crate::http::PersonalData;
use crate::http::mask::{mask_email, mask_name, mask_phone, mask_with};
use crate::ids::{CustomerId, IdentityId, ShopId};
use crate::lifecycle::{RfmResponse, Stage};
use crate::notes::NoteResponse;
use crate::orders::document::{Address, Attributes};
use crate::orders::model::OrderResponse;
use crate::tags::CustomerTag;
use crate::time::Timestamp;
use crate::touches::TouchResponse;

/// A customer's contact, joined from all that was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerResponse {
    pub id: CustomerId,
    /// The id that was asked for, if that customer was merged into this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<CustomerId>,
    /// The full name; masked without `pii:read`.
    #[schema(example = "张小红")]
    pub name: Option<String>,
    /// What the customer is called on the platform; masked without `pii:read`.
    #[schema(example = "小红")]
    pub nick: Option<String>,
    pub gender: Option<Gender>,
    /// `YYYY-MM-DD`; without `pii:read` only the year is shown (`1990-**-**`).
    #[schema(example = "1990-05-17")]
    pub birthday: Option<String>,
    /// The preferred language as a BCP 47 tag.
    #[schema(example = "zh-CN")]
    pub language: Option<String>,
    /// Masked without `pii:read`.
    #[schema(example = "13800001234")]
    pub phone: Option<String>,
    /// Masked without `pii:read`.
    #[schema(example = "hong@example.com")]
    pub email: Option<String>,
    /// The last address; without `pii:read` district, line and postcode are masked.
    pub address: Address,
    /// Free properties.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub attributes: Attributes,
    /// When the service learned of the customer.
    pub created_at: Timestamp,
    /// When the contact changed last.
    pub updated_at: Timestamp,
    /// When everything personal was erased; absent while it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// Counts the changes, for the `ETag`.
    #[serde(skip)]
    pub revision: i64,
}

impl PersonalData for CustomerResponse {
    fn mask(&mut self) {
        mask_with(&mut self.name, mask_name);
        mask_with(&mut self.nick, mask_name);
        mask_with(&mut self.birthday, mask_birthday);
        mask_with(&mut self.phone, mask_phone);
        mask_with(&mut self.email, mask_email);
        self.address.mask();
    }
}

/// `1990-05-17` → `1990-**-**`
pub fn mask_birthday(day: &str) -> String {
    let year: String = day.chars().take(4).collect();
    format!("{year}-**-**")
}

/// One way by which a shop or a channel knows a customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct IdentityResponse {
    pub id: IdentityId,
    /// `external`: a platform's own id of the buyer; `phone`, `email`: their own, as a platform vouches.
    #[schema(example = "external")]
    pub kind: String,
    /// The shop that knows the customer by it.
    pub shop_id: Option<ShopId>,
    /// What the customer is known by; phones and mailboxes are masked without `pii:read`.
    #[schema(example = "ouid-123")]
    pub value: String,
    /// Somebody vouches that it is the customer's own; a platform does for its ids.
    pub verified: bool,
    /// What told of it: `order`, `customer` (a platform's record) or `person`.
    #[schema(example = "order")]
    pub source: String,
    /// When the service learned of it.
    pub created_at: Timestamp,
}

impl PersonalData for IdentityResponse {
    fn mask(&mut self) {
        match self.kind.as_str() {
            "phone" => self.value = mask_phone(&self.value),
            "email" => self.value = mask_email(&self.value),
            _ => {}
        }
    }
}

/// A customer's file on one page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProfileResponse {
    pub customer: CustomerResponse,
    /// By what the customer is known, and where; oldest first.
    pub identities: Vec<IdentityResponse>,
    /// What all orders add up to.
    pub facts: FactsResponse,
    /// The same for each shop in which the customer ordered; the last visited first.
    pub facts_by_shop: Vec<ShopFactsResponse>,
    /// Where the customer stands, over all shops; `null` without a paid order.
    pub stage: Option<Stage>,
    /// How many days are left until the customer is dormant; 0 or less from then on.
    #[schema(example = 12)]
    pub days_until_dormant: Option<i64>,
    /// The group by recency, frequency and money, by bounds that are about ten minutes old at most; `null` for the seconds
    /// in which they are looked for after a start, among very many customers.
    pub rfm: Option<RfmResponse>,
    /// The customer's tags, in the order of their names.
    pub tags: Vec<CustomerTag>,
    /// The ten newest orders with their lines and refunds.
    pub recent_orders: Vec<OrderResponse>,
    /// Over which channels they may be contacted, and can be.
    pub consents: Vec<ChannelResponse>,
    /// When the customer did anything last, beside buying.
    pub last_seen_at: Option<Timestamp>,
    /// How often and when last the customer did each kind of thing; the last done first.
    pub activity: Vec<ActivityResponse>,
    /// The five newest things that they did.
    pub recent_events: Vec<EventResponse>,
    /// The five newest contacts with them, and what came of each.
    pub recent_touches: Vec<TouchResponse>,
    /// The five newest notes.
    pub recent_notes: Vec<NoteResponse>,
}

impl PersonalData for ProfileResponse {
    fn mask(&mut self) {
        self.customer.mask();
        self.identities.mask();
        self.recent_orders.mask();
        self.recent_events.mask();
        self.recent_notes.mask();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mask::looks_masked;

    #[test]
    fn a_masked_birthday_keeps_the_year_and_cannot_be_sent_back() {
        assert_eq!(mask_birthday("1990-05-17"), "1990-**-**");
        assert!(looks_masked(&mask_birthday("1990-05-17")));
    }
}
