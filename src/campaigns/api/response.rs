//! Campaigns as they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::campaigns::document::CampaignDocument;
use crate::campaigns::model::{Campaign, CampaignState};
use crate::http::PersonalData;
use crate::ids::CampaignId;
use crate::time::Timestamp;

/// A campaign.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CampaignResponse {
    pub id: CampaignId,
    pub state: CampaignState,
    #[serde(flatten)]
    pub document: CampaignDocument,
    /// Whether the arms were drawn elsewhere.
    pub external: bool,
    /// When the audience was frozen; the window opens with it.
    pub launched_at: Option<Timestamp>,
    /// When the window is over.
    pub ends_at: Option<Timestamp>,
    /// When contacting was ended before that.
    pub ended_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl PersonalData for CampaignResponse {}

impl CampaignResponse {
    pub fn new(campaign: Campaign, now: Timestamp) -> Self {
        Self {
            id: campaign.id,
            state: campaign.state_at(now),
            external: campaign.external,
            launched_at: campaign.launched_at,
            ends_at: campaign.ends_at,
            ended_at: campaign.ended_at,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
            document: campaign.document,
        }
    }
}

/// How many are in an arm.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ArmSize {
    /// The key of a variant, or `holdout`.
    #[schema(example = "holdout")]
    pub key: String,
    pub members: i64,
}

/// How many were kept out for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuppressedCount {
    /// Why they were kept out.
    #[schema(example = "no_consent")]
    pub reason: String,
    pub members: i64,
}

/// A campaign that was launched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LaunchResponse {
    pub campaign: CampaignResponse,
    /// All who are in it, those who were kept out before the draw included.
    pub audience: i64,
    /// The arms and their sizes.
    pub arms: Vec<ArmSize>,
    /// Who was kept out before the draw, by reason.
    pub suppressed: Vec<SuppressedCount>,
}

impl PersonalData for LaunchResponse {}
