//! Stages, quality and RFM as they are answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::gaps::GapsResponse;
use super::store::{Cell, Flow, StageCount};
use super::{Cuts, Group, Quality, QualitySettings, RfmSettings, Scores, Stage};
use crate::http::PersonalData;
use crate::ids::ShopId;
use crate::tenants::Lifecycle;
use crate::time::{Day, Timestamp};

/// A customer's stage in one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopStanding {
    pub shop_id: ShopId,
    pub stage: Option<Stage>,
    pub days_until_dormant: Option<i64>,
}

/// A customer's RFM group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RfmResponse {
    pub group: Group,
    /// `null` for who never bought.
    pub scores: Option<Scores>,
}

/// When a customer goes from one stage to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThresholdsResponse {
    /// A customer is new for so many days after the first order.
    #[schema(example = 30)]
    pub new_for_days: i64,
    /// A customer is at risk so many days after the last order.
    #[schema(example = 80)]
    pub at_risk_after_days: i64,
    /// A customer is dormant so many days after the last order.
    #[schema(example = 90)]
    pub dormant_after_days: i64,
    /// A customer is lost so many days after the last order.
    #[schema(example = 365)]
    pub lost_after_days: i64,
}

impl From<Lifecycle> for ThresholdsResponse {
    fn from(lifecycle: Lifecycle) -> Self {
        Self {
            new_for_days: lifecycle.new_for_days,
            at_risk_after_days: lifecycle.at_risk_after_days,
            dormant_after_days: lifecycle.dormant_after_days,
            lost_after_days: lifecycle.lost_after_days,
        }
    }
}

/// Customers, and what they spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Heads {
    #[schema(example = 1200)]
    pub customers: i64,
    /// Of them those of high quality, by average order or number of orders.
    #[schema(example = 300)]
    pub high_quality: i64,
    /// What they spent, net of refunds.
    #[schema(example = 52000000)]
    pub spent_amount: i64,
}

impl Heads {
    /// Those of some stages.
    pub fn of(counts: &[StageCount], stages: &[Stage]) -> Self {
        let mut heads = Self::default();
        for count in counts.iter().filter(|count| stages.iter().any(|stage| stage.as_str() == count.stage)) {
            heads.customers += count.customers;
            heads.high_quality += count.high * count.customers;
            heads.spent_amount += count.spent_amount;
        }
        heads
    }
}

/// The customers of a stage.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StageResponse {
    pub stage: Stage,
    #[serde(flatten)]
    pub heads: Heads,
}

/// The stages now, the thresholds behind them, and what the customers' own rhythm suggests.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LifecycleResponse {
    /// The shop that was asked about; `null` for all.
    pub shop_id: Option<ShopId>,
    /// The moment that the figures hold for.
    pub as_of: Timestamp,
    /// IANA name of the time zone that draws the boundaries of days.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: String,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// The thresholds in use; `PATCH /v1/settings` or the shop changes them.
    pub thresholds: ThresholdsResponse,
    /// The thresholds that the gaps between orders suggest; `null` while there are too few returns to tell.
    pub proposed: Option<ThresholdsResponse>,
    /// How many days pass from one order of a customer to the next.
    pub gaps: GapsResponse,
    /// The buyers by stage.
    pub stages: Vec<StageResponse>,
    /// From where on a customer is of high quality.
    pub quality: Quality,
    /// What the merchant set of it; `null` follows from all customers.
    pub quality_settings: QualitySettings,
}

impl PersonalData for LifecycleResponse {}

/// Who fell asleep and who came back on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DormancyDay {
    pub date: Day,
    /// Customers who became dormant: the last order was `dormant_after_days` days before, and none came that day.
    #[schema(example = 24)]
    pub became_dormant: i64,
    /// Of them those of high quality.
    #[schema(example = 6)]
    pub became_dormant_high_quality: i64,
    /// Dormant customers who ordered again that day.
    #[schema(example = 9)]
    pub returned: i64,
    /// Of them those of high quality.
    #[schema(example = 3)]
    pub returned_high_quality: i64,
}

impl DormancyDay {
    /// Every day of the range, also those on which nothing happened.
    pub fn all(from: Day, to: Day, flow: &[Flow]) -> Vec<Self> {
        (from.number()..=to.number())
            .map(|number| {
                let found = flow.iter().find(|flow| flow.day == number);
                let of = |count: fn(&Flow) -> i64| found.map_or(0, count);
                Self {
                    date: Day::numbered(number),
                    became_dormant: of(|flow| flow.asleep),
                    became_dormant_high_quality: of(|flow| flow.asleep_high),
                    returned: of(|flow| flow.back),
                    returned_high_quality: of(|flow| flow.back_high),
                }
            })
            .collect()
    }
}

/// How many customers are dormant, and how many became so on each day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DormancyResponse {
    /// The shop that was asked about; `null` for all.
    pub shop_id: Option<ShopId>,
    /// The moment of the stock.
    pub as_of: Timestamp,
    /// IANA name of the time zone that draws the boundaries of days.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: String,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// A customer is dormant so many days after the last order.
    #[schema(example = 90)]
    pub dormant_after_days: i64,
    /// From where on a customer is of high quality.
    pub quality: Quality,
    /// All who are dormant now, the lost among them.
    pub dormant: Heads,
    /// Of the dormant those who are lost.
    pub lost: Heads,
    /// Those who are about to become dormant.
    pub at_risk: Heads,
    /// The first day of the range.
    pub from: Day,
    /// The last day of the range, which is counted in.
    pub to: Day,
    /// The days of the range. Customers go by the orders they have now, and by today's bounds of quality.
    pub days: Vec<DormancyDay>,
}

impl PersonalData for DormancyResponse {}

/// An RFM group and its customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupResponse {
    pub group: Group,
    #[schema(example = 310)]
    pub customers: i64,
    /// What they spent, net of refunds.
    #[schema(example = 41000000)]
    pub spent_amount: i64,
}

/// A cell of the RFM grid and its customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellResponse {
    #[serde(flatten)]
    pub scores: Scores,
    pub group: Group,
    #[schema(example = 42)]
    pub customers: i64,
    /// What they spent, net of refunds.
    #[schema(example = 5200000)]
    pub spent_amount: i64,
}

impl From<Cell> for CellResponse {
    fn from(cell: Cell) -> Self {
        Self {
            scores: cell.scores,
            group: Group::of(cell.scores),
            customers: cell.customers,
            spent_amount: cell.spent_amount,
        }
    }
}

/// The customers by RFM group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RfmGroupsResponse {
    /// The shop that was asked about; `null` for all.
    pub shop_id: Option<ShopId>,
    /// The moment that the figures hold for.
    pub as_of: Timestamp,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// How the bounds are found.
    pub settings: RfmSettings,
    /// The bounds in use; `null` while nobody has bought.
    pub cuts: Option<Cuts>,
    /// All eleven groups. In a shop nobody is a prospect: only buyers belong to it.
    pub groups: Vec<GroupResponse>,
    /// The cells of the grid in which there is anybody, by their scores.
    pub cells: Vec<CellResponse>,
}

impl PersonalData for RfmGroupsResponse {}

impl RfmGroupsResponse {
    /// The groups that cells add up to.
    pub fn groups(cells: &[CellResponse], prospects: i64) -> Vec<GroupResponse> {
        let sum = |group: Group| {
            let of_group = || cells.iter().filter(move |cell| cell.group == group);
            let customers: i64 = of_group().map(|cell| cell.customers).sum();
            let spent_amount = of_group().map(|cell| cell.spent_amount).sum();
            let more = if group == Group::Prospects { prospects } else { 0 };
            GroupResponse { group, customers: customers + more, spent_amount }
        };
        Group::ALL.into_iter().map(sum).collect()
    }
}
