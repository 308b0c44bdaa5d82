//! What may be said in one word, and what a reader must be warned of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Estimate, Moments, Share};

/// What the interval allows to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies above zero.
    Positive,
    /// The whole interval lies below zero.
    Negative,
    /// Zero is within the interval, or there is none.
    Inconclusive,
}

impl Verdict {
    pub fn of(estimate: Option<Estimate>) -> Self {
        match estimate {
            Some(estimate) if estimate.low > 0.0 => Self::Positive,
            Some(estimate) if estimate.high < 0.0 => Self::Negative,
            _ => Self::Inconclusive,
        }
    }
}

/// Why an interval may hold less often than it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caution {
    /// An arm has fewer than ten conversions, or fewer than ten members who did not convert.
    FewConversions,
    /// A few spends decide the mean: the spends of an arm are as uncertain as those of fewer than thirty equal buyers.
    HeavyTail,
}

const FEW: i64 = 10;
const FEW_EQUAL_BUYERS: f64 = 30.0;

/// What to be warned of when two arms are compared.
pub fn cautions(conversions: [Share; 2], spends: [Moments; 2]) -> Vec<Caution> {
    let mut found = Vec::new();
    if conversions.iter().any(|share| share.hits.min(share.of - share.hits) < FEW) {
        found.push(Caution::FewConversions);
    }
    if spends.iter().any(|spend| spend.effective() < FEW_EQUAL_BUYERS) {
        found.push(Caution::HeavyTail);
    }
    found
}
