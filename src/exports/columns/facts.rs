//! The columns of what a customer's orders add up to.

use super::{Described, Kind};

/// A figure over a customer's orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Orders,
    OrdersKept,
    OrdersRefunded,
    OrdersUnconverted,
    UnpaidOrders,
    SpentAmount,
    GrossAmount,
    RefundedAmount,
    AverageOrderAmount,
    Items,
    FirstOrderAt,
    LastOrderAt,
    DaysSinceFirstOrder,
    DaysSinceLastOrder,
    AverageGapDays,
}

impl Fact {
    pub const ALL: &[Self] = &[
        Self::Orders,
        Self::OrdersKept,
        Self::OrdersRefunded,
        Self::OrdersUnconverted,
        Self::UnpaidOrders,
        Self::SpentAmount,
        Self::GrossAmount,
        Self::RefundedAmount,
        Self::AverageOrderAmount,
        Self::Items,
        Self::FirstOrderAt,
        Self::LastOrderAt,
        Self::DaysSinceFirstOrder,
        Self::DaysSinceLastOrder,
        Self::AverageGapDays,
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fact| fact.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrdersKept => "orders_kept",
            Self::OrdersRefunded => "orders_refunded",
            Self::OrdersUnconverted => "orders_unconverted",
            Self::UnpaidOrders => "unpaid_orders",
            Self::SpentAmount => "spent_amount",
            Self::GrossAmount => "gross_amount",
            Self::RefundedAmount => "refunded_amount",
            Self::AverageOrderAmount => "average_order_amount",
            Self::Items => "items",
            Self::FirstOrderAt => "first_order_at",
            Self::LastOrderAt => "last_order_at",
            Self::DaysSinceFirstOrder => "days_since_first_order",
            Self::DaysSinceLastOrder => "days_since_last_order",
            Self::AverageGapDays => "average_gap_days",
        }
    }

    /// The columns of the facts that it is worked out from.
    pub const fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::AverageOrderAmount => &["spent_amount", "orders_kept", "orders_unconverted"],
            Self::DaysSinceFirstOrder => &["first_order_at"],
            Self::DaysSinceLastOrder => &["last_order_at"],
            Self::AverageGapDays => &["orders", "first_order_at", "last_order_at"],
            Self::Orders => &["orders"],
            Self::OrdersKept => &["orders_kept"],
            Self::OrdersRefunded => &["orders_refunded"],
            Self::OrdersUnconverted => &["orders_unconverted"],
            Self::UnpaidOrders => &["unpaid_orders"],
            Self::SpentAmount => &["spent_amount"],
            Self::GrossAmount => &["gross_amount"],
            Self::RefundedAmount => &["refunded_amount"],
            Self::Items => &["items"],
            Self::FirstOrderAt => &["first_order_at"],
            Self::LastOrderAt => &["last_order_at"],
        }
    }

    pub const fn kind(self) -> Kind {
        match self {
            Self::FirstOrderAt | Self::LastOrderAt => Kind::Timestamp,
            Self::AverageGapDays => Kind::Number,
            _ => Kind::Integer,
        }
    }

    pub fn described(self) -> Described {
        let about = match self {
            Self::Orders => "Orders that were paid once.",
            Self::OrdersKept => "Those of them that were not refunded in full.",
            Self::OrdersRefunded => "Those of them that were refunded, in part or in full.",
            Self::OrdersUnconverted => "Kept orders whose worth in the currency is not known; in no amount.",
            Self::UnpaidOrders => "Orders that were never paid; in no other figure.",
            Self::SpentAmount => "Gross less refunded.",
            Self::GrossAmount => "What was paid.",
            Self::RefundedAmount => "What was given back.",
            Self::AverageOrderAmount => "Spent by kept order, halves rounded to even.",
            Self::Items => "Pieces that were bought.",
            Self::FirstOrderAt => "When the first order was paid.",
            Self::LastOrderAt => "When the last order was paid.",
            Self::DaysSinceFirstOrder => "Days since the first order, by the tenant's calendar.",
            Self::DaysSinceLastOrder => "Days since the last order, by the tenant's calendar.",
            Self::AverageGapDays => "Days between one order and the next, on average.",
        };
        let default = matches!(self, Self::Orders | Self::SpentAmount | Self::LastOrderAt);
        Described { name: self.name(), kind: self.kind(), about, personal: false, default }
    }
}
