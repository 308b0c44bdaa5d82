//! Campaigns beside each other, as they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::campaigns::lift::Verdict;
use crate::campaigns::model::{CampaignState, Purpose};
use crate::campaigns::report::model::{Amount, Interval};
use crate::http::PersonalData;
use crate::ids::CampaignId;
use crate::time::Timestamp;

/// What campaigns did, beside each other and together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CampaignOverviewResponse {
    /// ISO 4217 code of all amounts, which are in minor units.
    #[schema(example = "CNY")]
    pub currency: String,
    /// Campaigns launched from here on …
    pub launched_from: Timestamp,
    /// … until here.
    pub launched_until: Timestamp,
    /// What a new customer costs, from the settings, to hold the costs of an order against.
    #[schema(example = 12_000)]
    pub new_customer_cost_amount: Option<i64>,
    /// The campaigns, the latest first; at most 50.
    pub campaigns: Vec<CampaignFigures>,
    /// Whether there are more campaigns than these, so that the figures are of the latest alone.
    pub has_more: bool,
    /// Which groups answer which kind of campaign.
    pub groups: Vec<GroupAnswer>,
    pub pressure: ContactPressure,
}

impl PersonalData for CampaignOverviewResponse {}

/// A campaign in few figures; its report has all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CampaignFigures {
    pub campaign_id: CampaignId,
    #[schema(example = "Winter jackets for those who went quiet")]
    pub name: String,
    pub purpose: Purpose,
    pub state: CampaignState,
    pub launched_at: Timestamp,
    /// When the window is over. Until then the figures are premature.
    pub ends_at: Timestamp,
    /// Members of the variants.
    pub targeted: i64,
    /// Those of them with a qualifying order in the window.
    pub targeted_converted: i64,
    pub holdout: i64,
    pub holdout_converted: i64,
    /// The conversion rate of the variants less that of the holdout, with Newcombe's 95% interval; `null` without a holdout.
    pub conversion: Option<Interval>,
    pub verdict: Option<Verdict>,
    pub cost_amount: i64,
    /// The cost by qualifying order of the variants' members, whether or not they would have bought anyway.
    pub cost_per_order_amount: Option<i64>,
    /// Orders that would not have been there.
    pub incremental_orders: Option<Amount>,
    /// The cost by order that would not have been there; `null` without a holdout, or where there is none.
    pub cost_per_incremental_order_amount: Option<i64>,
}

/// How a group answers a kind of campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupAnswer {
    pub purpose: Purpose,
    /// `stage`, `spend_band` or `shop`, as it was at the launch.
    #[schema(example = "stage")]
    pub dimension: String,
    /// The cell; `none` for members without the property.
    #[schema(example = "dormant")]
    pub cell: String,
    /// Campaigns with members of the group in a variant.
    pub campaigns: i64,
    pub targeted: i64,
    pub targeted_converted: i64,
    /// `targeted_converted` of `targeted`.
    pub conversion_rate: Option<f64>,
    pub holdout: i64,
    pub holdout_converted: i64,
    /// What the campaigns changed in the conversion rate, each against its own holdout, put together by Mantel and Haenszel
    /// with Sato's 95% interval; `null` where none had a holdout.
    pub conversion: Option<Interval>,
}

/// How much customers are contacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactPressure {
    /// The days until now that are looked at.
    #[schema(example = 30)]
    pub days: i64,
    /// Contacts in that time, by any channel and for any campaign or none; those that bounced left out.
    pub touches: i64,
    /// Customers who were contacted.
    pub customers: i64,
    /// Contacts by contacted customer.
    pub average: Option<f64>,
    /// How many customers were contacted how often.
    pub distribution: Vec<PressureStep>,
}

/// Customers who were contacted so often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PressureStep {
    /// Contacts; 10 stands for ten and more.
    #[schema(example = 3)]
    pub touches: i64,
    pub customers: i64,
}
