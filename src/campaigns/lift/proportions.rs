//! The difference between two proportions.

use super::Estimate;
use super::distribution::{normal_beyond, normal_reach};

/// So many out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub hits: i64,
    pub of: i64,
}

impl Share {
    /// The proportion; of none it is zero.
    pub fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }

    /// Wilson's score interval.
    fn score(self, z: f64) -> (f64, f64) {
        let (n, p) = (self.of as f64, self.rate());
        let (centre, scale) = (p + z * z / (2.0 * n), 1.0 + z * z / n);
        let reach = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        (((centre - reach) / scale).max(0.0), ((centre + reach) / scale).min(1.0))
    }
}

/// A test of whether two arms are the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    pub z: f64,
    /// Two-sided.
    pub p_value: f64,
}

/// Newcombe's hybrid score interval (1998, method 10): each arm's own score limits, joined. It stays within −1 and 1 and
/// holds with few conversions, none, or all. `None` where an arm is empty.
pub fn newcombe(treated: Share, control: Share, confidence: f64) -> Option<Estimate> {
    if treated.of == 0 || control.of == 0 {
        return None;
    }
    let z = normal_reach(confidence);
    let (p, q) = (treated.rate(), control.rate());
    let ((p_low, p_high), (q_low, q_high)) = (treated.score(z), control.score(z));
    Some(Estimate {
        difference: p - q,
        low: (p - q) - (p - p_low).hypot(q_high - q),
        high: (p - q) + (p_high - p).hypot(q - q_low),
    })
}

/// The test of two proportions with their pooled variance. `None` where an arm is empty or all arms are the same by
/// necessity: nobody converted, or everybody.
pub fn z_test(treated: Share, control: Share) -> Option<Test> {
    let (n, m) = (treated.of as f64, control.of as f64);
    let pooled = (treated.hits + control.hits) as f64 / (n + m);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    if !(variance.is_finite() && variance > 0.0) {
        return None;
    }
    let z = (treated.rate() - control.rate()) / variance.sqrt();
    Some(Test { z, p_value: normal_beyond(z) })
}

/// By how much more the treated convert, relative to the control: 0.2 for a fifth more. The interval is that of the
/// logarithm of the ratio (Katz, 1978). `None` where nobody of an arm converted: a ratio of nothing has no interval.
pub fn relative(treated: Share, control: Share, confidence: f64) -> Option<Estimate> {
    if treated.hits == 0 || control.hits == 0 {
        return None;
    }
    let ratio = treated.rate() / control.rate();
    let part = |share: Share| (1.0 - share.rate()) / share.hits as f64;
    let reach = normal_reach(confidence) * (part(treated) + part(control)).sqrt();
    Some(Estimate { difference: ratio, low: ratio * (-reach).exp(), high: ratio * reach.exp() }.plus(-1.0))
}
