//! The states that an order goes through.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an order stands, as its platform told last. `closed` is cancelled or never paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Created,
    Paid,
    Shipped,
    Completed,
    PartiallyRefunded,
    Refunded,
    Closed,
}

impl OrderStatus {
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Paid,
        Self::Shipped,
        Self::Completed,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Closed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Which of two events of the same version came later: the further step.
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// Whether an order in this state has been paid. Shipped alone is no proof (cash on delivery).
    pub const fn proves_payment(self) -> bool {
        matches!(self, Self::Paid | Self::Completed | Self::PartiallyRefunded | Self::Refunded)
    }
}
