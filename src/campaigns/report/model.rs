//! The report as it is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::campaigns::attribution::Model;
use crate::campaigns::costs::CostLine;
use crate::campaigns::lift::{Caution, Estimate, Verdict};
use crate::campaigns::model::CampaignState;
use crate::consents::Channel;
use crate::http::PersonalData;
use crate::ids::{CampaignId, SegmentId};
use crate::time::Timestamp;

/// What a campaign earned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportResponse {
    pub campaign_id: CampaignId,
    #[schema(example = "Winter jackets for those who went quiet")]
    pub name: String,
    pub state: CampaignState,
    /// Whether the arms were drawn elsewhere.
    pub external: bool,
    /// ISO 4217 code of all amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// When the window opened, for all arms.
    pub launched_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
    /// When the report was computed; long ago, if its window is over and nothing has changed since.
    pub computed_at: Timestamp,
    /// What a reader has to know first, in sentences.
    pub notes: Vec<String>,
    /// All who are in it, those who were kept out before the draw included.
    pub audience: i64,
    /// Who was kept out before the draw, by reason.
    pub suppressed: Vec<Suppressed>,
    /// The variants and the holdout.
    pub arms: Vec<ArmReport>,
    /// Each variant against the holdout.
    pub comparisons: Vec<Comparison>,
    /// All variants together against the holdout.
    pub overall: Option<Comparison>,
    pub costs: CostReport,
    /// What became of the touches, by arm and channel.
    pub channels: Vec<ChannelReport>,
    /// All variants together against the holdout within each cell, as it was at the launch. Many comparisons find something
    /// by chance, so intervals are Bonferroni's and p-values Holm's over all cells of a dimension.
    pub cells: Vec<CellDimension>,
    /// What each rule would credit the campaign with. This is not what it caused.
    pub attribution: Vec<AttributionReport>,
    pub checks: Checks,
    /// Cumulated revenue by day since the launch, in the tenant's time zone.
    pub days: Vec<DayReport>,
    /// What both arms did after the window: the quieter effect.
    pub after: Vec<AfterReport>,
}

impl PersonalData for ReportResponse {}

/// How many were kept out for a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suppressed {
    #[schema(example = "no_consent")]
    pub reason: String,
    pub members: i64,
}

/// An arm: a variant, or the holdout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArmReport {
    /// The variant's key, or `holdout`.
    #[schema(example = "holdout")]
    pub key: String,
    /// All who were drawn into it, whether or not anybody reached them.
    pub members: i64,
    /// Those with at least one qualifying order in the window.
    pub converted: i64,
    /// `converted` of `members`.
    #[schema(example = 0.0125)]
    pub conversion_rate: f64,
    /// Qualifying orders.
    pub orders: i64,
    /// What was paid in the window less what was refunded since.
    pub revenue_amount: i64,
    /// `revenue_amount` over `members`, in whole currency units.
    pub revenue_per_member: f64,
    /// Revenue less the cost of goods; absent where that is not known.
    pub margin_amount: Option<i64>,
    /// Discounts on the qualifying orders; they have lowered the revenue already.
    pub discount_amount: i64,
    /// Members by what became of their touches, over all channels.
    pub funnel: Vec<FunnelStep>,
}

/// Members of an arm to whom something happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunnelStep {
    /// What happened: an outcome of a touch, or `converted`.
    #[schema(example = "opened")]
    pub step: String,
    /// To how many members.
    pub customers: i64,
    /// `customers` of `denominator`; absent where that is nobody.
    pub rate: Option<f64>,
    /// Of whom the rate is.
    #[schema(example = "delivered")]
    pub of: String,
    /// How many those are.
    pub denominator: i64,
}

/// What became of the touches of an arm over a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelReport {
    #[schema(example = "a")]
    pub arm: String,
    pub channel: Channel,
    /// Touches, some members may have had several.
    pub touches: i64,
    /// Messages that they took.
    pub units: i64,
    /// How long the calls took.
    pub seconds: i64,
    pub funnel: Vec<FunnelStep>,
    /// Objections by their kind.
    pub objections: Vec<ObjectionCount>,
}

/// How often customers had something against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ObjectionCount {
    #[schema(example = "too_expensive")]
    pub objection: String,
    pub touches: i64,
}

/// A difference between an arm and the holdout with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

impl From<Estimate> for Interval {
    fn from(estimate: Estimate) -> Self {
        Self { difference: estimate.difference, low: estimate.low, high: estimate.high }
    }
}

/// A sum with its interval: money in minor units, or a number of orders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    pub amount: i64,
    pub low: i64,
    pub high: i64,
}

impl From<Estimate> for Amount {
    fn from(estimate: Estimate) -> Self {
        let [amount, low, high] =
            [estimate.difference, estimate.low, estimate.high].map(|value| value.round() as i64);
        Self { amount, low, high }
    }
}

/// The difference of two conversion rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConversionLift {
    /// The rate of the variant less that of the holdout.
    pub difference: f64,
    /// Newcombe's interval.
    pub low: f64,
    pub high: f64,
    pub z: Option<f64>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// By how much more the variant's members convert, relative to the holdout's; absent where an arm has no conversions.
    pub relative: Option<Interval>,
}

/// A variant against the holdout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The variant's key; `all` for all variants together.
    #[schema(example = "a")]
    pub variant: String,
    /// How sure the intervals are.
    #[schema(example = 0.95)]
    pub confidence: f64,
    pub conversion: ConversionLift,
    /// The difference of the revenue per member, in whole currency units, with Welch's interval. Absent where an arm has
    /// fewer than two members.
    pub revenue_per_member: Option<Interval>,
    /// The same with what the spends of the year before foretold taken out (CUPED): the same truth, seen more sharply.
    /// Absent where nobody spent before.
    pub revenue_per_member_adjusted: Option<Interval>,
    /// The same with spends above `winsorised_at` counted as that; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue_per_member_winsorised: Option<Interval>,
    /// The bound on a member's spend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winsorised_at_amount: Option<i64>,
    /// Qualifying orders that would not have been there, over all members of the variant.
    pub incremental_orders: Option<Amount>,
    /// Revenue that would not have been there.
    pub incremental_revenue: Option<Amount>,
    /// Margin that would not have been there; absent where the cost of goods is not known.
    pub incremental_margin: Option<Amount>,
    /// The variant's part of the costs.
    pub cost_amount: i64,
    /// (Incremental margin − cost) / cost; absent without margin or cost.
    pub roi: Option<Interval>,
    /// What an order that would not have been there cost; absent where there is none.
    pub cost_per_incremental_order_amount: Option<i64>,
    /// What a new customer costs, from the settings.
    pub new_customer_cost_amount: Option<i64>,
    /// From the interval of the conversion.
    pub verdict: Verdict,
    /// From the interval of the revenue per member.
    pub revenue_verdict: Verdict,
    /// With an inconclusive verdict: the smallest rise of the conversion rate that arms of this size show in four cases of
    /// five.
    pub smallest_detectable_lift: Option<f64>,
    /// With an inconclusive verdict: how many members, both arms together, it would take to show the difference that was
    /// seen.
    pub needed_members: Option<i64>,
    /// Why the intervals may hold less often than they claim.
    pub cautions: Vec<Caution>,
}

/// What the campaign cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostReport {
    pub lines: Vec<CostLine>,
    /// What the lines add up to.
    pub amount: i64,
    pub budget_amount: Option<i64>,
}

/// A way to divide the audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CellDimension {
    /// `stage`, `spend_band`, `shop` or `segment`.
    #[schema(example = "stage")]
    pub dimension: String,
    /// The segment whose members are the cell `in`, as they were at the launch; the others are `out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<SegmentId>,
    /// How many cells were compared at once.
    pub compared: usize,
    pub cells: Vec<Cell>,
}

/// A part of the audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cell {
    /// The cell; `none` for members without the property.
    #[schema(example = "dormant")]
    pub cell: String,
    /// All members of the variants.
    pub targeted: i64,
    pub targeted_converted: i64,
    pub holdout: i64,
    pub holdout_converted: i64,
    /// Against the holdout of the cell; the p-value is Holm's.
    pub conversion: Option<ConversionLift>,
    /// In whole currency units.
    pub revenue_per_member: Option<Interval>,
    pub incremental_revenue: Option<Amount>,
    pub verdict: Verdict,
}

/// What a rule credits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttributionReport {
    pub model: Model,
    /// Credited to this campaign.
    pub attributed_amount: i64,
    /// Credited to other campaigns.
    pub other_campaigns_amount: i64,
    /// Credited to nobody.
    pub unattributed_amount: i64,
    /// What the three add up to: the revenue of all arms.
    pub revenue_amount: i64,
}

/// Whether the figures can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checks {
    /// The p-value of the arms' sizes against their weights (chi-square); absent where weights say nothing.
    pub sample_ratio_p: Option<f64>,
    /// Below 0.001: something beside chance decided who is in which arm.
    pub sample_ratio_mismatch: bool,
    /// The window is not over: whoever stops looking when it looks good deceives himself.
    pub window_open: bool,
    /// Members of the holdout who were contacted all the same.
    pub holdout_contacted: i64,
    /// Members who turned out to be one person, drawn more than once; they are left out of all figures.
    pub merged_members: i64,
    /// Qualifying orders whose worth in the tenant's currency is not known: they convert, and count as nothing.
    pub unconverted_orders: i64,
    /// Other campaigns whose windows overlap, with the members whom they treated as well.
    pub overlaps: Vec<Overlap>,
}

/// Members whom another campaign treated at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overlap {
    pub campaign_id: CampaignId,
    pub members: i64,
}

/// Revenue up to the end of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayReport {
    /// `YYYY-MM-DD`
    #[schema(example = "2026-11-24")]
    pub day: String,
    #[schema(example = "a")]
    pub arm: String,
    pub revenue_amount: i64,
    /// In whole currency units.
    pub revenue_per_member: f64,
}

/// An arm some time after the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AfterReport {
    /// Days since the window's end.
    #[schema(example = 30)]
    pub days: i64,
    #[schema(example = "a")]
    pub arm: String,
    /// Members who bought in that time.
    pub buyers: i64,
    /// `buyers` of the arm's members.
    pub repeat_rate: f64,
    /// What they spent in that time, net.
    pub revenue_amount: i64,
    /// In whole currency units.
    pub revenue_per_member: f64,
    /// Members who at the end of that time had not bought for as long as makes them dormant or lost.
    pub dormant: i64,
}
