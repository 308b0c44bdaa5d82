//! What a campaign changed, told with its uncertainty: the statistics of two or more arms that were drawn at random.
//!
//! Everything starts from counts and from sums in whole minor units, so that the figures do not depend on the order in
//! which members are read and lose nothing to rounding before the last step. The formulas and their sources are listed
//! in `docs/ROI.md`; reference values come from scipy and statsmodels (`scripts/reference/lift.py`).

mod balance;
mod distribution;
mod means;
mod pooled;
mod power;
mod proportions;
#[cfg(test)]
mod reference;
mod several;
#[cfg(test)]
mod simulation;
mod verdict;
mod winsorise;

pub use balance::{MISMATCH_P, sample_ratio};
pub use means::{Moments, Paired, adjusted, welch};
pub use pooled::pooled_difference;
pub use power::{needed_members, power_of, smallest_difference, smallest_mean_difference};
pub use proportions::{Share, Test, newcombe, relative, z_test};
pub use several::{holm, shared_confidence};
pub use verdict::{Caution, Verdict, cautions};
pub use winsorise::ceiling;

/// How sure an interval is, unless many are told together.
pub const CONFIDENCE: f64 = 0.95;

/// A difference between two arms and the interval that holds the true one as often as it claims.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    /// The same in another unit, such as members or currency; a negative factor turns the interval round.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let (low, high) = (self.low * factor, self.high * factor);
        Self { difference: self.difference * factor, low: low.min(high), high: low.max(high) }
    }

    /// The same, moved.
    #[must_use]
    pub fn plus(self, offset: f64) -> Self {
        Self { difference: self.difference + offset, low: self.low + offset, high: self.high + offset }
    }
}
