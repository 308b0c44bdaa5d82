//! Probabilities of the normal, Student's and chi-square distributions, and the points at which they are reached.

use statrs::function::beta::checked_beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{checked_gamma_ur, ln_gamma};

/// How likely a standard normal number is at most `z`.
pub fn normal_below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// How likely a standard normal number is farther from zero than `z`, on either side.
pub fn normal_beyond(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The point below which a standard normal number lies with this probability.
pub fn normal_point(probability: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

/// How far from zero the middle part of a standard normal number reaches: 1.96 for 0.95.
pub fn normal_reach(confidence: f64) -> f64 {
    normal_point(1.0 - (1.0 - confidence) / 2.0)
}

/// How likely Student's t is above `t`, which is not negative.
fn student_above(t: f64, freedom: f64) -> f64 {
    let x = freedom / (freedom + t * t);
    0.5 * checked_beta_reg(freedom / 2.0, 0.5, x).unwrap_or(0.0)
}

fn student_density(t: f64, freedom: f64) -> f64 {
    let scale = ln_gamma((freedom + 1.0) / 2.0)
        - ln_gamma(freedom / 2.0)
        - 0.5 * (freedom * std::f64::consts::PI).ln();
    (scale - (freedom + 1.0) / 2.0 * (t * t / freedom).ln_1p()).exp()
}

/// From so many degrees of freedom on, Student's t is the normal point with a correction; its own integral would lose digits.
const NEARLY_NORMAL: f64 = 1_000.0;

/// The expansion of Student's point around the normal one (Abramowitz and Stegun, 26.7.5).
fn nearly_normal(z: f64, freedom: f64) -> f64 {
    let s = z * z;
    let terms = [
        (s + 1.0) / 4.0,
        ((5.0 * s + 16.0) * s + 3.0) / 96.0,
        (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
        ((((79.0 * s + 776.0) * s + 1_482.0) * s - 1_920.0) * s - 945.0) / 92_160.0,
    ];
    z * (1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom))
}

/// How far from zero the middle part of Student's t reaches.
pub fn student_reach(confidence: f64, freedom: f64) -> f64 {
    let tail = (1.0 - confidence) / 2.0;
    let normal = normal_reach(confidence);
    if freedom >= NEARLY_NORMAL {
        return nearly_normal(normal, freedom);
    }
    // The tails are heavier than the normal ones, so the point lies beyond; first in between, then by Newton's steps.
    let (mut low, mut high) = (normal, 2.0 * normal);
    while student_above(high, freedom) > tail && high < 1e300 {
        (low, high) = (high, 2.0 * high);
    }
    let mut t = low;
    for _ in 0..200 {
        let missing = student_above(t, freedom) - tail;
        if missing > 0.0 {
            low = t
        } else {
            high = t
        }
        let step = t + missing / student_density(t, freedom);
        let next = if step > low && step < high { step } else { 0.5 * (low + high) };
        if (next - t).abs() <= 1e-15 * t {
            return next;
        }
        t = next;
    }
    t
}

/// How likely a chi-square number is above `statistic`.
pub fn chi_square_above(statistic: f64, freedom: f64) -> f64 {
    if statistic <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(freedom / 2.0, statistic / 2.0).unwrap_or(0.0)
}
