//! The difference between two means, from sums in whole numbers.

use super::Estimate;
use super::distribution::student_reach;

/// What is needed of many whole numbers to tell their mean and their spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moments {
    pub count: i64,
    pub sum: i128,
    pub squares: i128,
}

impl Moments {
    pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let mut moments = Self::default();
        for value in values {
            moments.count += 1;
            moments.add(value);
        }
        moments
    }

    /// Counts a value in whose member was counted already, as a zero.
    pub fn add(&mut self, value: i64) {
        self.sum += i128::from(value);
        self.squares += i128::from(value) * i128::from(value);
    }

    pub fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The whole number next to the mean, around which sums keep their digits.
    fn pivot(self) -> i128 {
        if self.count == 0 { 0 } else { self.sum.div_euclid(i128::from(self.count)) }
    }

    /// The sum of squared distances from the mean. Taken around a whole number close to it, in whole numbers, so that
    /// nothing cancels; what remains of the distance to the mean itself is small.
    fn spread(self) -> f64 {
        let (count, pivot) = (i128::from(self.count), self.pivot());
        let around = self.squares - 2 * pivot * self.sum + count * pivot * pivot;
        let rest = (self.sum - count * pivot) as f64;
        if count == 0 { 0.0 } else { (around as f64 - rest * rest / count as f64).max(0.0) }
    }

    /// The unbiased variance; `None` of fewer than two.
    pub fn variance(self) -> Option<f64> {
        (self.count > 1).then(|| self.spread() / (self.count - 1) as f64)
    }

    /// How many equal values would be as uncertain as these: the sum's square over the sum of squares. A few huge spends
    /// among many small ones count as few.
    pub fn effective(self) -> f64 {
        if self.squares == 0 { 0.0 } else { (self.sum as f64).powi(2) / self.squares as f64 }
    }
}

/// An outcome and a covariate of the same members, such as what they spent after and before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paired {
    pub outcome: Moments,
    pub covariate: Moments,
    /// The sum of the products.
    pub products: i128,
}

impl Paired {
    pub fn of(values: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut paired = Self::default();
        for (outcome, covariate) in values {
            paired.outcome.count += 1;
            paired.outcome.add(outcome);
            paired.covariate.count += 1;
            paired.covariate.add(covariate);
            paired.products += i128::from(outcome) * i128::from(covariate);
        }
        paired
    }

    /// The sum of the products of the distances from the means.
    fn together(&self) -> f64 {
        let (count, y, x) = (i128::from(self.outcome.count), self.outcome, self.covariate);
        let (p, q) = (y.pivot(), x.pivot());
        let around = self.products - q * y.sum - p * x.sum + count * p * q;
        let (rest_y, rest_x) = ((y.sum - count * p) as f64, (x.sum - count * q) as f64);
        if count == 0 { 0.0 } else { around as f64 - rest_y * rest_x / count as f64 }
    }
}

/// Welch's interval of the difference of two means, with Satterthwaite's degrees of freedom. `None` where an arm has
/// fewer than two members: one tells nothing of a spread.
pub fn welch(treated: Moments, control: Moments, confidence: f64) -> Option<Estimate> {
    let difference = treated.mean() - control.mean();
    between(
        difference,
        [treated, control].map(|arm| arm.variance().map(|spread| (spread, arm.count))),
        confidence,
    )
}

/// [`welch`] on outcomes from which the part is taken that the covariate foretold (CUPED; Deng and others, 2013).
///
/// What the covariate foretells is learned from the members of `arms`, all of them, each arm around its own means, so that
/// the effect itself does not leak into it. `None` where an arm has fewer than two members or all covariates are the same.
pub fn adjusted(treated: &Paired, control: &Paired, arms: &[Paired], confidence: f64) -> Option<Estimate> {
    let spread: f64 = arms.iter().map(|arm| arm.covariate.spread()).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = arms.iter().map(Paired::together).sum::<f64>() / spread;
    let difference = (treated.outcome.mean() - control.outcome.mean())
        - slope * (treated.covariate.mean() - control.covariate.mean());
    let rest = |arm: &Paired| {
        let (y, x) = (arm.outcome.spread(), arm.covariate.spread());
        let left = (y - 2.0 * slope * arm.together() + slope * slope * x).max(0.0);
        (arm.outcome.count > 1).then(|| (left / (arm.outcome.count - 1) as f64, arm.outcome.count))
    };
    between(difference, [rest(treated), rest(control)], confidence)
}

/// The interval around a difference between two arms with these variances and sizes.
fn between(difference: f64, arms: [Option<(f64, i64)>; 2], confidence: f64) -> Option<Estimate> {
    let [(v, n), (w, m)] = [arms[0]?, arms[1]?];
    let (a, b) = (v / n as f64, w / m as f64);
    let error = a + b;
    if error == 0.0 {
        return Some(Estimate { difference, low: difference, high: difference });
    }
    // Shares of the whole instead of squares of the parts: those of tiny variances would vanish.
    let (s, t) = (a / error, b / error);
    let freedom = 1.0 / (s * s / (n - 1) as f64 + t * t / (m - 1) as f64);
    let reach = student_reach(confidence, freedom) * error.sqrt();
    Some(Estimate { difference, low: difference - reach, high: difference + reach })
}
