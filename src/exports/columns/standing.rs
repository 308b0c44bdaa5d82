//! The columns of where a customer stands over all shops.

use super::{Described, Kind};

/// What follows from a customer's orders, the tenant's thresholds and the moment of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Stage,
    DaysUntilDormant,
    RfmGroup,
    RfmR,
    RfmF,
    RfmM,
}

impl Standing {
    pub const ALL: &[Self] =
        &[Self::Stage, Self::DaysUntilDormant, Self::RfmGroup, Self::RfmR, Self::RfmF, Self::RfmM];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|standing| standing.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::DaysUntilDormant => "days_until_dormant",
            Self::RfmGroup => "rfm_group",
            Self::RfmR => "rfm_r",
            Self::RfmF => "rfm_f",
            Self::RfmM => "rfm_m",
        }
    }

    /// The columns of the facts that it is worked out from, the last order first.
    pub const fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Stage => &["last_order_at", "first_order_at"],
            Self::DaysUntilDormant => &["last_order_at"],
            _ => &["last_order_at", "orders", "spent_amount"],
        }
    }

    /// Whether it goes by the bounds between RFM scores.
    pub const fn is_scored(self) -> bool {
        !matches!(self, Self::Stage | Self::DaysUntilDormant)
    }

    pub const fn kind(self) -> Kind {
        match self {
            Self::Stage | Self::RfmGroup => Kind::Text,
            _ => Kind::Integer,
        }
    }

    pub const fn described(self) -> Described {
        let about = match self {
            Self::Stage => "`new`, `active`, `at_risk`, `dormant` or `lost`; nothing before the first order.",
            Self::DaysUntilDormant => "Days until the customer counts as dormant; negative for those who do.",
            Self::RfmGroup => "The group by recency, frequency and spend, such as `CHAMPIONS`.",
            Self::RfmR => "The recency score, 1 to 5; nothing before the first order.",
            Self::RfmF => "The frequency score, 1 to 5.",
            Self::RfmM => "The spend score, 1 to 5.",
        };
        Described { name: self.name(), kind: self.kind(), about, personal: false, default: false }
    }
}
