//! Whether the arms are as large as they were meant to be.

use super::distribution::chi_square_above;

/// Below this the arms cannot be trusted: something beside chance decided who is in which.
pub const MISMATCH_P: f64 = 0.001;

/// The p-value of the chi-square test of the arms' sizes against their weights. `None` with fewer than two arms or
/// without members.
pub fn sample_ratio(arms: &[(i64, f64)]) -> Option<f64> {
    let members: i64 = arms.iter().map(|(members, _)| members).sum();
    let weights: f64 = arms.iter().map(|(_, weight)| weight).sum();
    if arms.len() < 2 || members == 0 || arms.iter().any(|(_, weight)| *weight <= 0.0) {
        return None;
    }
    let statistic: f64 = arms
        .iter()
        .map(|(observed, weight)| {
            let expected = members as f64 * weight / weights;
            (*observed as f64 - expected).powi(2) / expected
        })
        .sum();
    Some(chi_square_above(statistic, (arms.len() - 1) as f64))
}
