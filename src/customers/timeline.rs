//! What happened with a customer, as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::merging::model::MergeResponse;
use crate::consents::model::StatementResponse;
use crate::events::EventResponse;
use crate::http::PersonalData;
use crate::ids::{OrderId, ShopId, TagId};
use crate::notes::NoteResponse;
use crate::tags::model::TaggedBy;
use crate::time::Timestamp;
use crate::touches::TouchResponse;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// The service learned of the customer.
    CustomerCreated,
    /// An order was placed.
    OrderPlaced,
    /// It was paid.
    OrderPaid,
    /// It left the shop.
    OrderShipped,
    /// It reached the buyer.
    OrderDelivered,
    /// Its platform called it finished.
    OrderCompleted,
    /// Money was given back.
    OrderRefunded,
    /// It was cancelled or expired.
    OrderClosed,
    /// The customer said something about being contacted.
    ConsentStated,
    /// Somebody wrote something down.
    NoteWritten,
    /// The customer did something beside buying.
    EventOccurred,
    /// The customer was contacted.
    CustomerTouched,
    /// The customer lost a tag.
    TagLost,
    /// The customer got a tag.
    TagGained,
    /// Another customer was merged into this one, or this one into another.
    CustomerMerged,
    /// A merge was undone.
    MergeUndone,
}

impl EventType {
    pub const ALL: [Self; 16] = [
        Self::CustomerCreated,
        Self::OrderPlaced,
        Self::OrderPaid,
        Self::OrderShipped,
        Self::OrderDelivered,
        Self::OrderCompleted,
        Self::OrderRefunded,
        Self::OrderClosed,
        Self::ConsentStated,
        Self::NoteWritten,
        Self::EventOccurred,
        Self::CustomerTouched,
        Self::TagLost,
        Self::TagGained,
        Self::CustomerMerged,
        Self::MergeUndone,
    ];

    /// Those that are about tags.
    pub const OF_TAGS: [Self; 2] = [Self::TagLost, Self::TagGained];

    /// Those that happen to an order.
    pub const OF_ORDERS: [Self; 7] = [
        Self::OrderPlaced,
        Self::OrderPaid,
        Self::OrderShipped,
        Self::OrderDelivered,
        Self::OrderCompleted,
        Self::OrderRefunded,
        Self::OrderClosed,
    ];

    /// Which of two things at the same moment came later: the further step.
    pub const fn rank(self) -> i64 {
        self as i64
    }

    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.rank() == rank)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineEventResponse {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When.
    pub at: Timestamp,
    /// The order that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<TimelineOrder>,
    /// The money that was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<TimelineRefund>,
    /// What was said about being contacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<StatementResponse>,
    /// What was written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<NoteResponse>,
    /// What the customer did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventResponse>,
    /// The contact, and what came of it until now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touch: Option<TouchResponse>,
    /// The tag that came or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<TimelineTag>,
    /// Who was merged into whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<MergeResponse>,
}

/// A tag that a customer got or lost.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineTag {
    pub id: TagId,
    /// As it is called now.
    #[schema(example = "VIP")]
    pub name: String,
    /// What did it.
    pub by: TaggedBy,
    /// Who or which: the subject of the token, the segment or the shop.
    #[schema(example = "hong@red-scarf.example")]
    pub actor: String,
}

/// An order in few words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineOrder {
    pub id: OrderId,
    pub shop_id: ShopId,
    /// The platform's id of the order.
    #[schema(example = "2026111100001")]
    pub external_id: String,
    /// ISO 4217 code of the order's amounts.
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// What the buyer pays, in minor units; `null` until it was told.
    #[schema(example = 25800)]
    pub total_amount: Option<i64>,
    /// How many pieces were bought.
    #[schema(example = 1)]
    pub items: i64,
}

/// Money that was given back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineRefund {
    /// The platform's id of the refund; made up where only a total told of it.
    #[schema(example = "r1")]
    pub external_id: String,
    /// In the order's currency, minor units.
    #[schema(example = 5000)]
    pub amount: i64,
}

impl PersonalData for TimelineEventResponse {
    fn mask(&mut self) {
        self.consent.mask();
        self.note.mask();
        self.event.mask();
        self.merge.mask();
    }
}
