//! What is told of a touch.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consents::Channel;
use crate::http::BulkItem;
use crate::ids::CustomerId;
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

/// What happened to a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went out; or the call was made.
    Sent,
    /// It arrived.
    Delivered,
    /// It was opened.
    Opened,
    /// A link in it was followed.
    Clicked,
    /// The customer wrote back.
    Replied,
    /// The customer picked up.
    Answered,
    /// The customer said no.
    Refused,
    /// The customer had something against it; `objection` tells what.
    Objection,
    /// It could not be delivered.
    Bounced,
    /// The customer complained about it.
    Complained,
    /// The customer wants no more of these: the consent for the channel is withdrawn.
    Unsubscribed,
}

impl Outcome {
    pub const ALL: [Self; 11] = [
        Self::Sent,
        Self::Delivered,
        Self::Opened,
        Self::Clicked,
        Self::Replied,
        Self::Answered,
        Self::Refused,
        Self::Objection,
        Self::Bounced,
        Self::Complained,
        Self::Unsubscribed,
    ];

    /// What each is called, in the order of [`Outcome::ALL`].
    pub const NAMES: [&str; 11] = [
        "sent",
        "delivered",
        "opened",
        "clicked",
        "replied",
        "answered",
        "refused",
        "objection",
        "bounced",
        "complained",
        "unsubscribed",
    ];

    /// The column that keeps the first moment of the outcome of this name, without its `_at`.
    pub fn column(name: &str) -> &str {
        if name == "objection" { "objected" } else { name }
    }
}

/// One outcome of one touch. Several outcomes of a touch come one by one, with the same channel and `external_id`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TouchItem {
    /// What whoever sent it calls the touch; told again it changes nothing.
    #[schema(example = "sms-20261124-000017", min_length = 1, max_length = 200)]
    pub external_id: String,
    pub customer_id: CustomerId,
    pub channel: Channel,
    pub outcome: Outcome,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What the customer had against it, with the outcome `objection`: too expensive, bought elsewhere, …
    #[serde(default)]
    #[schema(example = "too_expensive", max_length = 100)]
    pub objection: Option<String>,
    /// What it was about, where that is not the campaign's subject.
    #[serde(default)]
    #[schema(example = "jackets-2026", max_length = 100)]
    pub subject: Option<String>,
    /// How many messages it took; what its campaign's text takes, or 1, if absent.
    #[serde(default)]
    #[schema(example = 1, minimum = 0)]
    pub units: Option<i64>,
    /// How long the call took.
    #[serde(default)]
    #[schema(example = 95, minimum = 0)]
    pub seconds: Option<i64>,
}

impl Validate for TouchItem {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", Some(&self.external_id), 200);
        report.text("objection", self.objection.as_deref(), 100);
        report.text("subject", self.subject.as_deref(), 100);
        report.within("units", self.units, 0, 1_000);
        report.within("seconds", self.seconds, 0, 86_400);
        if self.objection.is_some() && self.outcome != Outcome::Objection {
            report.add("objection", "not_an_objection", "goes with the outcome `objection` alone");
        }
    }
}

impl BulkItem for TouchItem {
    const LIST: &'static str = "touches";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_named_as_they_are_told() {
        let told = Outcome::ALL.map(|outcome| serde_json::to_value(outcome).unwrap());
        assert_eq!(told, Outcome::NAMES.map(serde_json::Value::from));
    }
}
