//! A note as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::PersonalData;
use crate::http::mask::mask_text;
use crate::ids::NoteId;
use crate::time::Timestamp;

/// What somebody wrote down about a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoteResponse {
    pub id: NoteId,
    /// Hidden without `pii:read`: free text is personal.
    #[schema(example = "Wants to hear of the red coat when it is back.")]
    pub text: String,
    /// The subject of the token with which it was written.
    #[schema(example = "desk-7")]
    pub author: String,
    /// When it was written.
    pub created_at: Timestamp,
}

impl PersonalData for NoteResponse {
    fn mask(&mut self) {
        self.text = mask_text(&self.text);
    }
}
