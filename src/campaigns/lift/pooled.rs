//! The difference between two proportions over several experiments.

use super::Estimate;
use super::distribution::normal_reach;
use super::proportions::Share;

/// The Mantel–Haenszel difference over experiments, each weighed by what it can tell, with Sato's variance (1989), which
/// holds for few large experiments and for many small ones. Adding the arms up would compare the treated of one experiment
/// with the untreated of another where their holdouts differ. `None` where no experiment has two arms.
pub fn pooled_difference(experiments: &[(Share, Share)], confidence: f64) -> Option<Estimate> {
    let (mut weight, mut weighted, mut p, mut q) = (0.0, 0.0, 0.0, 0.0);
    for (treated, control) in experiments.iter().filter(|(treated, control)| treated.of > 0 && control.of > 0)
    {
        let (n, m) = (treated.of as f64, control.of as f64);
        let (a, c, all) = (treated.hits as f64, control.hits as f64, n + m);
        weight += n * m / all;
        weighted += (a * m - c * n) / all;
        p += (n * n * c - m * m * a + n * m * (m - n) / 2.0) / (all * all);
        q += (a * (m - c) + c * (n - a)) / (2.0 * all);
    }
    if weight == 0.0 {
        return None;
    }
    let difference = weighted / weight;
    let variance = ((difference * p + q) / (weight * weight)).max(0.0);
    let reach = normal_reach(confidence) * variance.sqrt();
    Some(Estimate { difference, low: (difference - reach).max(-1.0), high: (difference + reach).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(hits: i64, of: i64) -> Share {
        Share { hits, of }
    }

    /// With one experiment of two arms of one size it is Wald's interval.
    #[test]
    fn one_experiment_is_told_as_it_is() {
        let told = pooled_difference(&[(share(30, 200), share(20, 200))], 0.95).unwrap();
        let (p, q) = (0.15, 0.1);
        let error = ((p * (1.0 - p) + q * (1.0 - q)) / 200.0_f64).sqrt();
        assert!((told.difference - 0.05).abs() < 1e-12);
        assert!((told.high - (0.05 + 1.959_963_984_540_054 * error)).abs() < 1e-9, "{told:?}");
    }

    /// Two experiments without any effect, of which the one with the large holdout has the higher rate: adding the arms up
    /// would show a loss.
    #[test]
    fn experiments_with_other_holdouts_do_not_make_an_effect_together() {
        let experiments = [(share(100, 1_000), share(10, 100)), (share(50, 100), share(500, 1_000))];
        let told = pooled_difference(&experiments, 0.95).unwrap();
        assert!(told.difference.abs() < 1e-12 && told.low < 0.0 && told.high > 0.0, "{told:?}");
    }

    #[test]
    fn without_a_pair_of_arms_there_is_no_difference() {
        assert_eq!(pooled_difference(&[(share(1, 10), share(0, 0))], 0.95), None);
        assert_eq!(pooled_difference(&[], 0.95), None);
    }
}
