//! What a campaign costs, line by line, so that a report adds up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consents::Channel;
use crate::orders::validate::MAX_AMOUNT;
use crate::validation::{Report, Validate};

/// One line of the costs. An offer's discount is never one: it lowers the revenue already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    pub kind: CostKind,
    /// What the line is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SMS gateway", max_length = 100)]
    pub label: Option<String>,
    /// The channel of messages and calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The price, in minor units of the tenant's currency. Not for commissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 45, minimum = 0)]
    pub amount: Option<i64>,
    /// For how many units, minutes or gifts the price is; 1 if absent. A text at 4.5 fen is 45 for 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 10, minimum = 1)]
    pub per: Option<i64>,
    /// How many gifts were given; as many as there were qualifying orders of those who were contacted, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub quantity: Option<i64>,
    /// The percent of a commission on the revenue of those who were contacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub percent: Option<i64>,
    /// ISO 4217 code; must be the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CNY")]
    pub currency: Option<String>,
}

/// What is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    /// Units of messages that were sent over a channel.
    Message,
    /// Minutes of calls.
    Call,
    /// Gifts, at cost.
    Gift,
    /// A part of the revenue of those who were contacted.
    Commission,
    /// A fixed sum.
    Fixed,
}

impl Validate for Cost {
    fn validate(&self, report: &mut Report) {
        report.text("label", self.label.as_deref(), 100);
        report.within("amount", self.amount, 0, MAX_AMOUNT);
        report.within("per", self.per, 1, 1_000_000);
        report.within("quantity", self.quantity, 0, 1_000_000_000);
        report.within("percent", self.percent, 0, 100);
        let (needs, name) = match self.kind {
            CostKind::Commission => (self.percent.is_some(), "percent"),
            _ => (self.amount.is_some(), "amount"),
        };
        if !needs {
            report.add(name, "required", "is needed for this kind of cost");
        }
        if self.kind == CostKind::Message && self.channel.is_none() {
            report.add("channel", "required", "is needed: each channel has its price");
        }
    }
}

/// What the lines are multiplied with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quantities {
    /// Units of messages, by channel.
    pub units: Vec<(Channel, i64)>,
    /// Seconds of calls, by channel.
    pub seconds: Vec<(Channel, i64)>,
    /// Qualifying orders of those who were contacted.
    pub orders: i64,
    /// What they came to.
    pub revenue_amount: i64,
}

/// A line as it stands in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostLine {
    pub kind: CostKind,
    pub label: Option<String>,
    pub channel: Option<Channel>,
    /// How many units, seconds or gifts; the revenue of a commission.
    pub quantity: i64,
    /// What the line comes to.
    pub amount: i64,
}

impl Cost {
    pub fn line(&self, quantities: &Quantities) -> CostLine {
        let of = |counts: &[(Channel, i64)]| -> i64 {
            let wanted = counts.iter().filter(|(channel, _)| self.channel.is_none_or(|own| own == *channel));
            wanted.map(|(_, count)| count).sum()
        };
        // What the price is multiplied with, and for how many of it the price is.
        let (quantity, price, per) = match self.kind {
            CostKind::Message => (of(&quantities.units), self.amount, self.per.unwrap_or(1)),
            CostKind::Call => (of(&quantities.seconds), self.amount, 60 * self.per.unwrap_or(1)),
            CostKind::Gift => {
                (self.quantity.unwrap_or(quantities.orders), self.amount, self.per.unwrap_or(1))
            }
            CostKind::Commission => (quantities.revenue_amount, self.percent, 100),
            CostKind::Fixed => (1, self.amount, 1),
        };
        let amount = rounded(i128::from(quantity) * i128::from(price.unwrap_or(0)), i128::from(per));
        CostLine { kind: self.kind, label: self.label.clone(), channel: self.channel, quantity, amount }
    }
}

/// A quotient of numbers that are not negative, half up.
fn rounded(dividend: i128, divisor: i128) -> i64 {
    i64::try_from((2 * dividend + divisor).div_euclid(2 * divisor)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(kind: CostKind, amount: i64) -> Cost {
        Cost {
            kind,
            label: None,
            channel: Some(Channel::Sms).filter(|_| kind == CostKind::Message),
            amount: Some(amount),
            per: None,
            quantity: None,
            percent: Some(5).filter(|_| kind == CostKind::Commission),
            currency: None,
        }
    }

    #[test]
    fn each_kind_is_multiplied_with_what_it_is_paid_for() {
        let quantities = Quantities {
            units: vec![(Channel::Sms, 1_001), (Channel::Email, 9)],
            seconds: vec![(Channel::Call, 90)],
            orders: 3,
            revenue_amount: 12_345,
        };
        let line = |cost: Cost| cost.line(&quantities).amount;
        assert_eq!(line(Cost { per: Some(10), ..cost(CostKind::Message, 45) }), 4_505);
        assert_eq!(line(cost(CostKind::Call, 30)), 45);
        assert_eq!(line(cost(CostKind::Gift, 800)), 2_400);
        assert_eq!(line(Cost { quantity: Some(10), ..cost(CostKind::Gift, 800) }), 8_000);
        assert_eq!(line(cost(CostKind::Commission, 0)), 617);
        assert_eq!(line(cost(CostKind::Fixed, 50_000)), 50_000);
    }
}
