//! What a campaign is made from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::costs::Cost;
use super::model::Purpose;
use crate::consents::Channel;
use crate::ids::{CustomerId, SegmentId, ShopId};
use crate::time::Timestamp;

/// A campaign as it is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Winter jackets for those who went quiet",
    "purpose": "wake",
    "audience": {"query": "stage = 'dormant' AND number_of_orders >= 2"},
    "channels": ["sms"],
    "variants": [{"key": "a", "weight": 100, "text": "【红围巾】{name|朋友}，您喜欢的羽绒服上新了，回T退订"}],
    "holdout_percent": 10,
    "window_days": 7,
    "costs": [{"kind": "message", "channel": "sms", "amount": 45, "per": 10}]
}))]
pub struct CampaignDocument {
    /// What it is called.
    #[schema(example = "Winter jackets for those who went quiet", min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Whom it is for. Not needed where arms are given by `POST …/assignments`.
    #[serde(default)]
    pub audience: Option<Audience>,
    /// How people are contacted.
    #[schema(min_items = 1, max_items = 7)]
    pub channels: Vec<Channel>,
    /// What it is about, such as a product's id: the contact plan can bound contacts on one subject.
    #[serde(default)]
    #[schema(example = "jackets-2026", max_length = 100)]
    pub subject: Option<String>,
    /// What is tried against each other; their weights add up to 100, or to 1.
    #[schema(min_items = 1, max_items = 20)]
    pub variants: Vec<Variant>,
    /// Percent of the audience who are left out on purpose, to measure against; above 0 and below 100. Without one, only
    /// attributed figures exist.
    #[serde(default)]
    #[schema(example = 10.0, exclusive_minimum = 0, exclusive_maximum = 100)]
    pub holdout_percent: Option<f64>,
    /// Draws within each stage or spend band, so that the arms hold the same of each.
    #[serde(default)]
    #[schema(max_items = 2)]
    pub stratify_by: Vec<Stratum>,
    /// Saved segments of which the report tells the members and the others apart, as they were at the launch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    pub cell_segments: Vec<SegmentId>,
    /// For how many days after the launch orders count; 7 if absent.
    #[serde(default = "default_window")]
    #[schema(example = 7, minimum = 1, maximum = 90)]
    pub window_days: i64,
    /// Which orders count; all paid ones if absent.
    #[serde(default)]
    pub conversion: Conversion,
    /// Codes of coupons that belong to the campaign, for the attribution by coupon.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub coupon_codes: Vec<String>,
    /// What it costs, line by line, in the tenant's currency.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub costs: Vec<Cost>,
    /// What it may cost at most.
    #[serde(default)]
    #[schema(example = 500_000, minimum = 0)]
    pub budget_amount: Option<i64>,
    /// ISO 4217 code of the amounts; must be the tenant's.
    #[serde(default)]
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// Decides, with a customer's id, in which arm the customer is; the campaign's id if absent.
    #[serde(default)]
    #[schema(example = "winter-2026", max_length = 100)]
    pub seed: Option<String>,
    /// Whom the contact plan keeps out: `false` draws from everybody in the audience, whatever consents and caps say. For
    /// campaigns without contacts, such as a change of the shop's pages.
    #[serde(default = "yes")]
    pub contact_plan: bool,
    /// When it is launched by itself.
    #[serde(default)]
    pub scheduled_at: Option<Timestamp>,
}

/// Whom a campaign is for: exactly one of `query`, `segment_id` and `customer_ids`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"query": "stage = 'dormant' AND number_of_orders >= 2"}))]
pub struct Audience {
    /// A condition in the segment language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "stage = 'dormant' AND number_of_orders >= 2")]
    pub query: Option<String>,
    /// A saved segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<SegmentId>,
    /// These customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000)]
    pub customer_ids: Option<Vec<CustomerId>>,
    /// Who is left out, whatever else they are: for instance the buyers of what is being cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Group>,
}

impl Audience {
    /// The group without those who are left out.
    pub fn who(&self) -> Group {
        Group {
            query: self.query.clone(),
            segment_id: self.segment_id,
            customer_ids: self.customer_ids.clone(),
        }
    }
}

/// A group of customers: exactly one of the three.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CustomerGroup)]
pub struct Group {
    /// A condition in the segment language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "products_purchased MATCHES (id = 'p-9')")]
    pub query: Option<String>,
    /// A saved segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<SegmentId>,
    /// These customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10_000)]
    pub customer_ids: Option<Vec<CustomerId>>,
}

/// One of the things that are tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The name of its arm; not `holdout`.
    #[schema(example = "a", min_length = 1, max_length = 50)]
    pub key: String,
    /// Its part of those who are contacted.
    #[schema(example = 100.0, exclusive_minimum = 0)]
    pub weight: f64,
    /// The text, with placeholders in braces and what takes their place after a bar: `{name}`, `{nick}`, `{city}`,
    /// `{last_product}`, `{last_order_days}`, `{orders}`.
    #[serde(default)]
    #[schema(example = "【红围巾】{name|朋友}，您喜欢的羽绒服上新了，回T退订", max_length = 2_000)]
    pub text: Option<String>,
}

/// Which orders count as conversions: those for which everything holds that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conversion {
    /// A line has one of these as its product or its sku.
    #[schema(max_items = 200)]
    pub products: Vec<String>,
    /// One of these codes was used.
    #[schema(max_items = 50)]
    pub coupon_codes: Vec<String>,
    /// The order came to at least so much, in the tenant's currency.
    #[schema(minimum = 0)]
    pub minimum_amount: Option<i64>,
    /// It was placed in this shop.
    pub shop_id: Option<ShopId>,
}

/// Within what the draw keeps the arms alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stratum {
    Stage,
    SpendBand,
}

fn default_window() -> i64 {
    7
}

fn yes() -> bool {
    true
}
