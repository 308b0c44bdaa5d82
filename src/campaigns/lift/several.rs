//! Many comparisons at once: of twenty cells without any effect, one looks significant by chance.
//!
//! p-values are adjusted by Holm's method, which is never worse than Bonferroni's and assumes nothing. Holm has no
//! intervals of its own, so those are Bonferroni's: each at the confidence at which all of them hold together.

use super::CONFIDENCE;

/// p-values as they are when told together, in their order.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        largest = largest.max((p_values.len() - rank) as f64 * p_values[place]).min(1.0);
        adjusted[place] = largest;
    }
    adjusted
}

/// The confidence of each interval so that all `count` of them hold together at 95%.
pub fn shared_confidence(count: usize) -> f64 {
    1.0 - (1.0 - CONFIDENCE) / count.max(1) as f64
}
