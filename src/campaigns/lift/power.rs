//! What a campaign of a given size can see, and the size that it would take: two-sided tests at 95%, 80% power.

use super::CONFIDENCE;
use super::distribution::{normal_below, normal_point, normal_reach};

/// How often a difference that is there should be found.
const POWER: f64 = 0.8;

/// How often the test of two proportions finds that `treated` members convert at `rate + difference` where `control`
/// members convert at `rate`.
pub fn power_of(rate: f64, difference: f64, treated: f64, control: f64) -> f64 {
    let Some((null, alternative)) = errors(rate, difference, control / treated) else { return 0.0 };
    let (root, reach) = (treated.sqrt(), normal_reach(CONFIDENCE));
    let shift = difference.abs() * root / alternative;
    let bound = reach * null / alternative;
    (normal_below(shift - bound) + normal_below(-shift - bound)).min(1.0)
}

/// The errors of the difference for one treated member: where nothing changed, and where the difference is true; `ratio`
/// control members come to each treated one.
fn errors(rate: f64, difference: f64, ratio: f64) -> Option<(f64, f64)> {
    let lifted = rate + difference;
    if !(0.0..=1.0).contains(&lifted) || !ratio.is_finite() || ratio <= 0.0 {
        return None;
    }
    let pooled = (lifted + rate * ratio) / (1.0 + ratio);
    let null = pooled * (1.0 - pooled) * (1.0 + 1.0 / ratio);
    let alternative = lifted * (1.0 - lifted) + rate * (1.0 - rate) / ratio;
    (null > 0.0 && alternative > 0.0).then(|| (null.sqrt(), alternative.sqrt()))
}

/// The smallest rise of the conversion rate that would be found in four cases of five. `None` where not even a rise to
/// 100% would be.
pub fn smallest_difference(rate: f64, treated: f64, control: f64) -> Option<f64> {
    if treated < 1.0 || control < 1.0 {
        return None;
    }
    let found = |difference: f64| power_of(rate, difference, treated, control) >= POWER;
    // At 100% itself the arm has no variance left and the formula ends, hence a hair below.
    let (mut low, mut high) = (0.0, (1.0 - rate) * (1.0 - 1e-9));
    if !found(high) {
        return None;
    }
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if found(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// How many members, both arms together, it takes to find the difference in four cases of five, if so large a part of
/// them is left out. `None` where there is nothing to find or nobody to compare with.
pub fn needed_members(rate: f64, difference: f64, holdout: f64) -> Option<f64> {
    if difference == 0.0 || holdout <= 0.0 || holdout >= 1.0 {
        return None;
    }
    let (null, alternative) = errors(rate, difference, holdout / (1.0 - holdout))?;
    let root = (normal_reach(CONFIDENCE) * null + normal_point(POWER) * alternative) / difference;
    Some((root * root / (1.0 - holdout)).ceil())
}

/// The smallest difference of two means that would be found in four cases of five, from the error of the difference.
pub fn smallest_mean_difference(error: f64) -> f64 {
    (normal_reach(CONFIDENCE) + normal_point(POWER)) * error
}
