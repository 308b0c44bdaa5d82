//! What a customer's orders add up to, as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use crate::currency::{average, divide_half_even};
use crate::ids::ShopId;
use crate::ingest::facts::Facts;
use crate::lifecycle::Stage;
use crate::time::Timestamp;

/// What a customer's orders add up to. Amounts are in the tenant's currency, minor units.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FactsResponse {
    /// Orders that were paid once.
    #[schema(example = 3)]
    pub orders: i64,
    /// Those of them that were not refunded in full.
    #[schema(example = 3)]
    pub orders_kept: i64,
    /// Gross less refunded.
    #[schema(example = 69400)]
    pub spent_amount: i64,
    /// What was paid.
    #[schema(example = 74400)]
    pub gross_amount: i64,
    /// What was given back.
    #[schema(example = 5000)]
    pub refunded_amount: i64,
    /// Spent by kept order, halves rounded to even; `null` without a kept order.
    #[schema(example = 23133)]
    pub average_order_amount: Option<i64>,
    /// Pieces that were bought.
    #[schema(example = 5)]
    pub items: i64,
    /// Orders that were never paid; in no other figure.
    #[schema(example = 1)]
    pub unpaid_orders: i64,
    /// When the first order was paid.
    pub first_order_at: Option<Timestamp>,
    /// When the last order was paid.
    pub last_order_at: Option<Timestamp>,
    /// Days between one order and the next, on average, with two decimals; `null` below two orders.
    #[schema(example = 41.25)]
    pub average_gap_days: Option<f64>,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    /// Kept orders whose worth in this currency is not known, for want of a total or of an exchange rate; in no amount.
    /// Absent where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub orders_unconverted: i64,
}

/// What a customer's orders in one shop add up to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShopFactsResponse {
    pub shop_id: ShopId,
    #[serde(flatten)]
    pub facts: FactsResponse,
    /// Where the customer stands, by the shop's thresholds; `null` without a paid order in it.
    pub stage: Option<Stage>,
    /// How many days are left until the customer is dormant for the shop; 0 or less from then on.
    #[schema(example = 12)]
    pub days_until_dormant: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

const DAY_MICROS: i128 = 24 * 60 * 60 * 1_000_000;

impl FactsResponse {
    pub fn new(facts: &Facts, currency: &str) -> Self {
        Self {
            orders: facts.orders,
            orders_kept: facts.orders_kept,
            spent_amount: facts.spent_amount,
            gross_amount: facts.gross_amount,
            refunded_amount: facts.refunded_amount,
            average_order_amount: average(facts.spent_amount, facts.orders_kept - facts.orders_unconverted),
            items: facts.items,
            unpaid_orders: facts.unpaid_orders,
            first_order_at: facts.first_order_at,
            last_order_at: facts.last_order_at,
            average_gap_days: average_gap_days(facts.orders, facts.first_order_at, facts.last_order_at),
            currency: currency.into(),
            orders_unconverted: facts.orders_unconverted,
        }
    }
}

/// Days between one order and the next, on average, with two decimals; none below two orders.
pub fn average_gap_days(orders: i64, first: Option<Timestamp>, last: Option<Timestamp>) -> Option<f64> {
    let gaps = i128::from(orders - 1);
    let span = i128::from(last?.micros() - first?.micros());
    (gaps > 0).then(|| divide_half_even(span * 100, gaps * DAY_MICROS) as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_and_absent_where_there_is_nothing_to_divide() {
        let at = |text: &str| Some(text.parse().unwrap());
        let facts = Facts {
            orders: 4,
            orders_kept: 3,
            orders_unconverted: 1,
            spent_amount: 25,
            first_order_at: at("2026-01-01T00:00:00Z"),
            last_order_at: at("2026-01-11T12:00:00Z"),
            ..Facts::default()
        };
        let shown = FactsResponse::new(&facts, "CNY");
        assert_eq!((shown.average_order_amount, shown.average_gap_days), (Some(12), Some(3.5)));
        let one = FactsResponse::new(&Facts { orders: 1, orders_kept: 0, ..facts }, "CNY");
        assert_eq!((one.average_order_amount, one.average_gap_days), (None, None));
    }
}
