//! What a campaign is and which way it goes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::CampaignDocument;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, TenantId};
use crate::time::Timestamp;

/// The arm of those who are left out on purpose.
pub const HOLDOUT: &str = "holdout";

/// What a campaign is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To wake the dormant.
    Wake,
    /// To launch new arrivals.
    Launch,
    /// To sell off stock.
    ClearStock,
    /// To build the brand.
    Brand,
    /// To bring the next purchase.
    Repeat,
    /// To recover unpaid orders.
    RecoverPayment,
    #[default]
    Other,
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Being planned; everything can change.
    Draft,
    /// Launched by itself at its time; everything can change.
    Scheduled,
    /// Launched: the audience is frozen, the window is open.
    Running,
    /// The window is over, or the campaign was ended: nobody is contacted any more. Orders count until the window is over.
    Ended,
    /// Out of sight.
    Archived,
}

macro_rules! stored {
    ($($kind:ident),*) => {$(
        impl $kind {
            /// As it is stored and told.
            pub fn as_text(self) -> String {
                match serde_json::to_value(self) {
                    Ok(serde_json::Value::String(name)) => name,
                    _ => String::new(),
                }
            }

            pub fn parse(name: &str) -> Result<Self> {
                serde_json::from_value(name.into()).map_err(Error::internal)
            }
        }
    )*};
}
stored!(Purpose, CampaignState);

/// A campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    pub tenant: TenantId,
    pub id: CampaignId,
    /// As stored; see [`Campaign::state_at`].
    pub state: CampaignState,
    /// What it was made from.
    pub document: CampaignDocument,
    /// Decides who is in which arm.
    pub seed: String,
    /// Whether the arms were drawn elsewhere.
    pub external: bool,
    pub launched_at: Option<Timestamp>,
    /// When the window is over.
    pub ends_at: Option<Timestamp>,
    /// When contacting was ended before that.
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: i64,
}

impl Campaign {
    /// Where the campaign stands at a moment: one that runs has ended when its window is over.
    pub fn state_at(&self, now: Timestamp) -> CampaignState {
        match (self.state, self.ends_at) {
            (CampaignState::Running, Some(end)) if end <= now => CampaignState::Ended,
            (state, _) => state,
        }
    }

    pub fn is_launched(&self) -> bool {
        self.launched_at.is_some()
    }

    /// Launch and end of the window; refused for a campaign that was not launched.
    pub fn window(&self) -> Result<(Timestamp, Timestamp)> {
        self.launched_at.zip(self.ends_at).ok_or_else(|| {
            Error::conflict("not_launched", "the campaign was not launched yet, so it has no audience")
        })
    }
}
