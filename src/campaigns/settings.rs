//! What of the tenant's settings is about campaigns.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consents::Channel;
use crate::orders::validate::MAX_AMOUNT;
use crate::validation::Report;

/// What figures of campaigns go by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CampaignSettings {
    /// What is left of a sale after the cost of goods, where the products do not tell their cost.
    pub margins: Margins,
    /// What a new customer costs, in minor units, to compare with.
    #[schema(example = 12_000, minimum = 0)]
    pub new_customer_cost_amount: Option<i64>,
    /// For how many days after a contact orders may be credited to it, by channel; 7 for those that are not named, 14 for
    /// calls and 30 for paper.
    #[schema(max_items = 7)]
    pub attribution_windows: Vec<AttributionWindow>,
}

/// What is left of sales after the cost of goods, in percent of what they came to before an offer's discount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Margins {
    /// Where nothing else tells.
    #[schema(example = 40, minimum = 0, maximum = 100)]
    pub default_percent: Option<i64>,
    /// By category, as the order line names it, or else its product.
    #[schema(max_items = 200)]
    pub categories: Vec<Margin>,
}

/// The margin of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    #[schema(example = "女装/羽绒服", max_length = 200)]
    pub category: String,
    #[schema(example = 45, minimum = 0, maximum = 100)]
    pub percent: i64,
}

/// How long a contact may be credited with orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributionWindow {
    pub channel: Channel,
    #[schema(example = 7, minimum = 1, maximum = 90)]
    pub days: i64,
}

impl Margins {
    /// The margin of a category, or else the one that goes for everything.
    pub fn percent_of(&self, category: Option<&str>) -> Option<i64> {
        let own = self.categories.iter().find(|margin| Some(margin.category.as_str()) == category);
        own.map(|margin| margin.percent).or(self.default_percent)
    }
}

impl CampaignSettings {
    pub fn check(&self, report: &mut Report) {
        report.within("new_customer_cost_amount", self.new_customer_cost_amount, 0, MAX_AMOUNT);
        report.under("margins", |report| {
            report.within("default_percent", self.margins.default_percent, 0, 100);
            if report.list_length("categories", self.margins.categories.len(), 200) {
                for (index, margin) in self.margins.categories.iter().enumerate() {
                    report.under("categories", |report| {
                        report.under(index, |report| {
                            report.text("category", Some(&margin.category), 200);
                            report.within("percent", Some(margin.percent), 0, 100);
                        });
                    });
                }
            }
        });
        if report.list_length("attribution_windows", self.attribution_windows.len(), Channel::ALL.len()) {
            for (index, window) in self.attribution_windows.iter().enumerate() {
                report.under("attribution_windows", |report| {
                    report.under(index, |report| report.within("days", Some(window.days), 1, 90));
                });
            }
        }
    }

    /// For how many days an order may be credited to a contact over the channel.
    pub fn attribution_days(&self, channel: Channel) -> i64 {
        let told = self.attribution_windows.iter().find(|window| window.channel == channel);
        told.map_or_else(
            || match channel {
                Channel::Call => 14,
                Channel::Mail | Channel::ParcelCard => 30,
                _ => 7,
            },
            |window| window.days,
        )
    }

    /// The longest of all channels.
    pub fn longest_attribution(&self) -> i64 {
        Channel::ALL.into_iter().map(|channel| self.attribution_days(channel)).max().unwrap_or(0)
    }
}
