//! A touch as it is told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consents::Channel;
use crate::ids::{CampaignId, CustomerId, TouchId};
use crate::time::Timestamp;

/// A contact with a customer, and what came of it: the first moment of each outcome, `null` where it did not happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TouchResponse {
    pub id: TouchId,
    pub customer_id: CustomerId,
    pub channel: Channel,
    /// What whoever sent it calls the touch.
    #[schema(example = "sms-20261124-000017")]
    pub external_id: String,
    pub campaign_id: Option<CampaignId>,
    /// The arm of the campaign in which the customer was.
    #[schema(example = "a")]
    pub arm: Option<String>,
    /// What it was about.
    #[schema(example = "jackets-2026")]
    pub subject: Option<String>,
    /// When it was sent, or else the earliest that is known of it.
    pub touched_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub opened_at: Option<Timestamp>,
    pub clicked_at: Option<Timestamp>,
    pub replied_at: Option<Timestamp>,
    /// The customer picked up.
    pub answered_at: Option<Timestamp>,
    /// The customer said no.
    pub refused_at: Option<Timestamp>,
    pub objected_at: Option<Timestamp>,
    /// What the customer had against it.
    #[schema(example = "too_expensive")]
    pub objection: Option<String>,
    pub bounced_at: Option<Timestamp>,
    pub complained_at: Option<Timestamp>,
    pub unsubscribed_at: Option<Timestamp>,
    /// How many messages it took.
    pub units: Option<i64>,
    /// How long the call took.
    pub seconds: Option<i64>,
}
