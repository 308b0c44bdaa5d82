//! The shop's own rhythm: how many days pass from one order of a customer to the next, and which thresholds that suggests.

use serde::Serialize;
use utoipa::ToSchema;

use crate::tenants::Lifecycle;

/// So many times so many days passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub days: i64,
    pub count: i64,
}

/// How many days pass from one order of a customer to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GapsResponse {
    /// Pairs of successive orders; those on one day are not counted.
    #[schema(example = 13240)]
    pub count: i64,
    /// Half of the next orders came within so many days; `null` without any.
    #[schema(example = 29)]
    pub p50: Option<i64>,
    #[schema(example = 54)]
    pub p75: Option<i64>,
    #[schema(example = 64)]
    pub p80: Option<i64>,
    #[schema(example = 97)]
    pub p90: Option<i64>,
    #[schema(example = 140)]
    pub p95: Option<i64>,
    #[schema(example = 260)]
    pub p99: Option<i64>,
    /// The same in classes.
    pub histogram: Vec<GapClass>,
}

/// A class of gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct GapClass {
    /// From so many days on.
    #[schema(example = 31)]
    pub from_days: i64,
    /// Up to so many days, which are counted in; `null` for no limit.
    #[schema(example = 60)]
    pub to_days: Option<i64>,
    #[schema(example = 3120)]
    pub count: i64,
}

/// Where classes end.
const CLASSES: [i64; 12] = [7, 14, 30, 60, 90, 120, 150, 180, 270, 365, 540, 730];
/// Fewer pairs than these suggest nothing.
const ENOUGH: i64 = 50;

/// The days within which so many of a hundred next orders came.
fn percentile(gaps: &[Gap], share: i64) -> Option<i64> {
    let total: i64 = gaps.iter().map(|gap| gap.count).sum();
    let wanted = (total * share + 99) / 100;
    let mut seen = 0;
    gaps.iter()
        .find(|gap| {
            seen += gap.count;
            seen >= wanted.max(1)
        })
        .map(|gap| gap.days)
}

impl GapsResponse {
    /// From gaps in ascending order of their days.
    pub fn new(gaps: &[Gap]) -> Self {
        let mut from_days = 1;
        let mut histogram = Vec::new();
        for to_days in CLASSES.into_iter().map(Some).chain([None]) {
            let within = |gap: &&Gap| gap.days >= from_days && to_days.is_none_or(|to| gap.days <= to);
            let count = gaps.iter().filter(within).map(|gap| gap.count).sum();
            histogram.push(GapClass { from_days, to_days, count });
            from_days = to_days.unwrap_or_default() + 1;
        }
        Self {
            count: gaps.iter().map(|gap| gap.count).sum(),
            p50: percentile(gaps, 50),
            p75: percentile(gaps, 75),
            p80: percentile(gaps, 80),
            p90: percentile(gaps, 90),
            p95: percentile(gaps, 95),
            p99: percentile(gaps, 99),
            histogram,
        }
    }

    /// The thresholds that the gaps suggest: dormant is who has waited longer than nine of ten who came back, at risk
    /// who has waited longer than eight, lost who has waited longer than practically all; new is who is still within the
    /// usual time of the second order. `None` where there are too few.
    pub fn proposal(&self) -> Option<Lifecycle> {
        if self.count < ENOUGH {
            return None;
        }
        let after = |days: Option<i64>| days.map(|days| days.saturating_add(1).clamp(1, 3_650));
        let dormant_after_days = after(self.p90)?;
        Some(Lifecycle {
            new_for_days: after(self.p50)?,
            at_risk_after_days: after(self.p80)?,
            dormant_after_days,
            lost_after_days: after(self.p99)?.max((2 * dormant_after_days).min(3_650)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_follow_from_the_time_that_returns_take() {
        let gaps: Vec<Gap> = (1..=100).map(|days| Gap { days, count: 2 }).collect();
        let shown = GapsResponse::new(&gaps);
        assert_eq!((shown.count, shown.p50, shown.p90, shown.p99), (200, Some(50), Some(90), Some(99)));
        assert_eq!(shown.histogram.iter().map(|class| class.count).sum::<i64>(), 200);
        assert_eq!(shown.histogram[3], GapClass { from_days: 31, to_days: Some(60), count: 60 });
        let proposal = shown.proposal().unwrap();
        let expected = Lifecycle {
            new_for_days: 51,
            at_risk_after_days: 81,
            dormant_after_days: 91,
            lost_after_days: 182,
        };
        assert_eq!(proposal, expected);
    }

    #[test]
    fn a_handful_of_returns_suggests_nothing() {
        assert_eq!(GapsResponse::new(&[]).p50, None);
        assert_eq!(GapsResponse::new(&[Gap { days: 10, count: ENOUGH - 1 }]).proposal(), None);
    }
}
