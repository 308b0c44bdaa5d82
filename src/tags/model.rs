//! What tags look like.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::PersonalData;
use crate::ids::{CustomerId, IdentityId, SegmentId, ShopId, TagId};
use crate::time::Timestamp;

/// A tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagResponse {
    pub id: TagId,
    /// As it was written; no two of a tenant's tags differ in letter case alone.
    #[schema(example = "VIP")]
    pub name: String,
    /// What it is for.
    #[schema(example = "Served by the owner in person")]
    pub description: Option<String>,
    /// `#rrggbb`, for pages that show it.
    #[schema(example = "#c0392b")]
    pub color: Option<String>,
    /// The segment that the tag follows: its members have the tag and nobody else. `null` for a tag that is assigned by
    /// hand.
    pub segment_id: Option<SegmentId>,
    /// When it was brought in line with its segment last; `null` without one.
    pub refreshed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last; assignments do not count.
    pub updated_at: Timestamp,
    /// Counts the changes, for the `ETag`.
    #[serde(skip)]
    pub revision: i64,
}

impl PersonalData for TagResponse {}

impl TagResponse {
    /// A new tag of which nothing is known but its name.
    pub fn named(id: TagId, name: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            description: None,
            color: None,
            segment_id: None,
            refreshed_at: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }
}

/// The form of a name by which it is unique and found: without blanks around it, in small letters.
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

pub const LONGEST_NAME: usize = 255;

/// A tag as a path or a filter names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    Id(TagId),
    Name(String),
}

impl Named {
    /// What looks like an id is one.
    pub fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.into()), Self::Id)
    }
}

/// What puts tags on customers and takes them away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Somebody, by the subject of their token.
    Hand(String),
    /// The segment that the tag follows.
    Rule(SegmentId),
    /// A shop's platform.
    Platform(ShopId),
}

impl By {
    /// As it is kept with each change.
    pub fn actor(&self) -> String {
        match self {
            Self::Hand(subject) => format!("hand:{subject}"),
            Self::Rule(segment) => format!("rule:{segment}"),
            Self::Platform(shop) => format!("platform:{shop}"),
        }
    }
}

/// The source of a row that was assigned by hand.
pub const HAND: &str = "hand";
/// The source of a row that a rule made.
pub const RULE: &str = "rule";

/// The source of a row that a platform told of a person.
pub fn told_of(identity: IdentityId) -> String {
    identity.to_string()
}

/// What put a tag on a customer or took it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaggedBy {
    /// Somebody did.
    Hand,
    /// The segment that the tag follows.
    Rule,
    /// A shop's platform.
    Platform,
}

impl TaggedBy {
    /// From the source of a row.
    pub fn of_source(source: &str) -> Self {
        match source {
            HAND => Self::Hand,
            RULE => Self::Rule,
            _ => Self::Platform,
        }
    }

    /// From the actor of a change, with what stands behind the colon.
    pub fn of_actor(actor: &str) -> (Self, &str) {
        match actor.split_once(':') {
            Some(("rule", segment)) => (Self::Rule, segment),
            Some(("platform", shop)) => (Self::Platform, shop),
            Some((_, subject)) => (Self::Hand, subject),
            None => (Self::Hand, actor),
        }
    }
}

/// A tag that a customer has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerTag {
    pub id: TagId,
    #[schema(example = "VIP")]
    pub name: String,
    /// `#rrggbb`, for pages that show it.
    #[schema(example = "#c0392b")]
    pub color: Option<String>,
    /// Since when the customer has it.
    pub since: Timestamp,
    /// Who says so; several may.
    pub by: Vec<TaggedBy>,
}

impl PersonalData for CustomerTag {}

/// What came of assigning a tag, or of taking it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaggingResponse {
    /// How many customers were meant, each counted once; merged ones as those they were merged into.
    #[schema(example = 1200)]
    pub customers: i64,
    /// For how many of them that made a difference.
    #[schema(example = 1100)]
    pub changed: i64,
    /// For how many it made none.
    #[schema(example = 100)]
    pub unchanged: i64,
    /// Those of `customer_ids` that are nobody's.
    #[schema(example = json!([]))]
    pub unknown: Vec<CustomerId>,
}

impl PersonalData for TaggingResponse {}

/// What came of bringing a tag in line with its segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshResponse {
    /// How many customers have got the tag.
    #[schema(example = 17)]
    pub gained: i64,
    /// How many have lost it.
    #[schema(example = 4)]
    pub lost: i64,
    /// When.
    pub refreshed_at: Timestamp,
}

impl PersonalData for RefreshResponse {}

/// Whether a customer got or lost a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TagChange {
    Gained,
    Lost,
}

/// A customer who got or lost a tag.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TagChangeResponse {
    /// In whose file it is now.
    pub customer_id: CustomerId,
    pub change: TagChange,
    /// When.
    pub at: Timestamp,
    /// What did it.
    pub by: TaggedBy,
    /// Who or which: the subject of the token, the segment or the shop.
    #[schema(example = "hong@red-scarf.example")]
    pub actor: String,
}

impl PersonalData for TagChangeResponse {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_a_change_is_told_by_its_actor() {
        let shop = ShopId::nil();
        for (by, kind, name) in [
            (By::Hand("a:b".into()), TaggedBy::Hand, "a:b".to_string()),
            (By::Platform(shop), TaggedBy::Platform, shop.to_string()),
            (By::Rule(SegmentId::nil()), TaggedBy::Rule, SegmentId::nil().to_string()),
        ] {
            assert_eq!(TaggedBy::of_actor(&by.actor()), (kind, name.as_str()));
        }
    }
}
