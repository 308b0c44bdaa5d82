//! The plan as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::campaigns::costs::CostLine;
use crate::campaigns::report::model::Suppressed;
use crate::consents::Channel;
use crate::http::PersonalData;
use crate::ids::CampaignId;
use crate::time::Timestamp;

/// What a campaign would be if it were launched now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanResponse {
    pub campaign_id: CampaignId,
    /// ISO 4217 code of all amounts, which are in minor units.
    #[schema(example = "CNY")]
    pub currency: String,
    pub computed_at: Timestamp,
    /// Customers who are in the audience.
    pub audience: i64,
    /// Those of them who would be drawn into an arm.
    pub eligible: i64,
    /// The others, by the reason that keeps them out.
    pub suppressed: Vec<Suppressed>,
    /// The variants and the holdout, as they would be drawn.
    pub arms: Vec<PlannedArm>,
    /// How many of the audience could be contacted over each of the campaign's channels, by consent and address alone.
    pub channels: Vec<ChannelReach>,
    pub history: History,
    pub costs: PlannedCosts,
    pub power: Power,
}

impl PersonalData for PlanResponse {}

/// An arm as it would be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedArm {
    /// The key of a variant, or `holdout`.
    #[schema(example = "holdout")]
    pub key: String,
    pub members: i64,
    /// How many of them would convert if the campaign changed nothing: the rate of the history times the members. `null`
    /// while there is no history.
    pub expected_conversions: Option<f64>,
}

/// Whom a channel reaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelReach {
    pub channel: Channel,
    pub members: i64,
}

/// What the members did without the campaign, in stretches as long as its window, the last of which ends now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// How many stretches were looked at: as many as fit into the last 365 days, at most 52.
    #[schema(example = 52)]
    pub windows: i64,
    /// The length of each.
    #[schema(example = 7)]
    pub window_days: i64,
    /// Members looked at: those who may be contacted.
    pub members: i64,
    /// Members with a qualifying order, counted in each stretch.
    pub conversions: i64,
    /// Qualifying orders in all stretches.
    pub orders: i64,
    /// What they came to, less refunds.
    pub revenue_amount: i64,
    /// Conversions for each member and stretch: the denominator is `windows` times `members`. `null` without members.
    pub conversion_rate: Option<f64>,
}

/// What the campaign would cost: every member of the variants contacted once over each channel, texts as long as with their
/// fallbacks, calls of a minute, gifts and commissions on as much as members buy anyway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedCosts {
    pub lines: Vec<CostLine>,
    /// What the lines add up to.
    pub amount: i64,
    pub budget_amount: Option<i64>,
    /// By how much the budget would be exceeded; 0 where it is not, `null` without a budget.
    pub over_budget_amount: Option<i64>,
}

/// What the campaign could find out: the variants together against the holdout, by a two-sided z test of two proportions at
/// 95%. Sizes are those at which a rise that is there is found in four cases of five (80% power). All are `null` where
/// there is no history to go by or nobody to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Power {
    /// The rise of the conversion rate that was asked about, as a part of it.
    #[schema(example = 0.2)]
    pub wanted_lift: f64,
    /// How often that rise would be found, from 0 to 1.
    #[schema(example = 0.83)]
    pub power: Option<f64>,
    /// The smallest rise that would be found, in points of the conversion rate, from 0 to 1.
    #[schema(example = 0.004)]
    pub smallest_difference: Option<f64>,
    /// The same as a part of the conversion rate.
    #[schema(example = 0.18)]
    pub smallest_lift: Option<f64>,
    /// The smallest holdout, in whole percent, with which this audience would show the wanted rise; `null` where even half
    /// of it would not do.
    #[schema(example = 12)]
    pub proposed_holdout_percent: Option<i32>,
    /// How many members it takes to show the wanted rise when half of them are left out, which takes the fewest.
    #[schema(example = 48_000)]
    pub needed_members: Option<i64>,
}
