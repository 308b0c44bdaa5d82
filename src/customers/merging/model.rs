//! A merge as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::log::Entry;
use crate::customers::match_key::KeyKind;
use crate::http::PersonalData;
use crate::http::mask::{mask_email, mask_phone};
use crate::ids::{CustomerId, MergeId};
use crate::time::Timestamp;

/// Two customers who became one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MergeResponse {
    pub id: MergeId,
    /// The customer into whom the other was merged.
    pub into: CustomerId,
    /// The customer who was merged.
    pub from: CustomerId,
    pub reason: MergeReason,
    /// The phone or mailbox that told it; masked without `pii:read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "+8613800001234")]
    pub key: Option<String>,
    /// When it was done.
    pub created_at: Timestamp,
    /// The subject of the token of whoever asked for it; absent where a key told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "li.na")]
    pub created_by: Option<String>,
    /// When it was undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<Timestamp>,
    /// The subject of the token of whoever undid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
    /// Why it was undone: `undone` by hand, `not_same` because the two were said not to be the same, `shared_key` because
    /// the key turned out to be used by more people than one, `shop_erasure` because the shop that told one of them left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "undone")]
    pub undone_because: Option<String>,
}

/// Why two customers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeReason {
    /// Somebody said so.
    Manual,
    /// Platforms vouched for the same phone.
    VerifiedPhone,
    /// Platforms vouched for the same mailbox.
    VerifiedEmail,
}

impl From<Entry> for MergeResponse {
    fn from(entry: Entry) -> Self {
        let reason = match entry.key.as_ref().map(|key| key.kind) {
            None => MergeReason::Manual,
            Some(KeyKind::Phone) => MergeReason::VerifiedPhone,
            Some(KeyKind::Email) => MergeReason::VerifiedEmail,
        };
        let undone = entry.undone;
        Self {
            id: entry.id,
            into: entry.into,
            from: entry.from,
            reason,
            key: entry.key.map(|key| key.value),
            created_at: entry.created_at,
            created_by: entry.created_by,
            undone_at: undone.as_ref().map(|undone| undone.at),
            undone_by: undone.as_ref().and_then(|undone| undone.by.clone()),
            undone_because: undone.map(|undone| undone.because),
        }
    }
}

impl PersonalData for MergeResponse {
    fn mask(&mut self) {
        let mask = match self.reason {
            MergeReason::VerifiedEmail => mask_email,
            _ => mask_phone,
        };
        if let Some(key) = &mut self.key {
            *key = mask(key);
        }
    }
}
