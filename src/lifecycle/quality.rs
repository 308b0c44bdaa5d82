//! How good a customer is: by the average order or by the number of orders.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Report;

/// From where on a customer is of high quality; what is `null` follows from all customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QualitySettings {
    /// An average order from this amount on, in minor units, makes a customer one of high quality; `null` for the amount
    /// that a fifth of the buyers reach.
    #[schema(example = 20000, minimum = 1)]
    pub average_order_amount: Option<i64>,
    /// So many orders make a customer one of high quality; `null` for the number that a fifth of the buyers reach, and 2
    /// at least.
    #[schema(example = 4, minimum = 1)]
    pub orders: Option<i64>,
}

impl QualitySettings {
    pub fn check(&self, report: &mut Report) {
        report.within("average_order_amount", self.average_order_amount, 1, i64::MAX / 2);
        report.within("orders", self.orders, 1, 1_000_000);
    }
}

/// From where on a customer is of high quality: one of the two is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quality {
    /// An average order from this amount on, in minor units.
    #[schema(example = 20000)]
    pub average_order_amount: i64,
    /// So many orders.
    #[schema(example = 4)]
    pub orders: i64,
}
