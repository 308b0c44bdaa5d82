//! Bounds on outliers.

/// The spend up to which spends count in full: the nearest-rank quantile of all spends above zero, those of all arms
/// together, so that no arm is cut harder than another. `None` if nobody spent.
///
/// Those who spent nothing are left out of the ranking: where one in a hundred buys, the 99th percentile of everybody
/// would be nothing at all.
pub fn ceiling(spends: impl IntoIterator<Item = i64>, quantile: f64) -> Option<i64> {
    let mut spends: Vec<i64> = spends.into_iter().filter(|spend| *spend > 0).collect();
    let rank = (quantile * spends.len() as f64).ceil().max(1.0) as usize;
    let place = rank.min(spends.len()).checked_sub(1)?;
    let (_, spend, _) = spends.select_nth_unstable(place);
    Some(*spend)
}
