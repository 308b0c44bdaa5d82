//! What a delivery is, as it is stored and answered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::PersonalData;
use crate::ids::{DeliveryId, ShopId};
use crate::time::Timestamp;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Stored and not applied yet; that comes by itself.
    Pending,
    /// Everything that it tells is in the archive.
    Applied,
    /// Authentic and of no use here.
    Ignored,
    /// It could not be read, or something that it tells could not be applied; `error` says why.
    Failed,
}

impl DeliveryStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Applied, Self::Ignored, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A request that a platform pushed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryResponse {
    pub id: DeliveryId,
    pub shop_id: ShopId,
    /// The platform whose adapter read it.
    #[schema(example = "shopify")]
    pub platform: String,
    /// The platform's name for what happened.
    #[schema(example = "orders/paid")]
    pub topic: String,
    /// The platform's id of the order or customer that it is about; `null` where it is about several or cannot be read.
    #[schema(example = "820982911946154508")]
    pub subject: Option<String>,
    /// The same for every attempt at the same delivery; a repeated one is not stored again.
    #[schema(example = "orders/paid:b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")]
    pub delivery_key: String,
    pub status: DeliveryStatus,
    /// Why it was ignored or failed. Names places, never values.
    pub error: Option<String>,
    /// When it came in.
    pub received_at: Timestamp,
    /// When that happened which it tells, as the platform says.
    pub event_at: Option<Timestamp>,
    /// When its status was settled; `null` while it is pending.
    pub settled_at: Option<Timestamp>,
    /// How often it was applied, replays included.
    #[schema(example = 1)]
    pub attempts: i64,
}

impl PersonalData for DeliveryResponse {}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Header {
    #[schema(example = "x-shopify-topic")]
    pub name: String,
    #[schema(example = "orders/paid")]
    pub value: String,
}

/// A delivery with the request as it came.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FullDeliveryResponse {
    #[serde(flatten)]
    pub delivery: DeliveryResponse,
    /// The request's headers. `authorization` and `cookie` are not kept.
    pub headers: Vec<Header>,
    /// What followed the shop in the path.
    pub tail: String,
    /// The query, as it came.
    pub query: String,
    /// How many bytes the body has.
    #[schema(example = 2_048)]
    pub body_bytes: usize,
    /// The body, where it is a text. Only with `pii:read`.
    pub body: Option<String>,
    /// The body in base64, where it is no text. Only with `pii:read`.
    pub body_base64: Option<String>,
}

impl FullDeliveryResponse {
    pub fn new(
        delivery: DeliveryResponse,
        headers: Vec<Header>,
        tail: String,
        query: String,
        body: Vec<u8>,
    ) -> Self {
        let body_bytes = body.len();
        let (body, body_base64) = match String::from_utf8(body) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
        };
        Self { delivery, headers, tail, query, body_bytes, body, body_base64 }
    }
}

impl PersonalData for FullDeliveryResponse {
    fn mask(&mut self) {
        (self.body, self.body_base64) = (None, None);
        // Some platforms push what a person is called in the query.
        self.query.clear();
    }
}
