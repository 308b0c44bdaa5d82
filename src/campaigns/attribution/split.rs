//! Dividing a whole number so that the parts add up to it.

use std::cmp::Reverse;

/// Divides `amount` in proportion to `weights`: each part is rounded toward zero, and what is left goes, unit by unit, to
/// those who lost most by it; of equals the one that stands first. Nothing is divided where all weights are zero.
pub fn largest_remainder(amount: i64, weights: &[u64]) -> Vec<i64> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let whole = u128::from(amount.unsigned_abs());
    let mut parts: Vec<u128> = weights.iter().map(|weight| whole * u128::from(*weight) / total).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&place| (Reverse(whole * u128::from(weights[place]) % total), place));
    let left = whole - parts.iter().sum::<u128>();
    for place in order.into_iter().take(left as usize) {
        parts[place] += 1;
    }
    let sign = i128::from(amount.signum());
    parts.into_iter().map(|part| (sign * part as i128) as i64).collect()
}
