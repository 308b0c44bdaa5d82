//! The statistics against scipy and statsmodels, over several hundred cases with extremes.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::distribution::student_reach;
use super::*;

fn cases<T: DeserializeOwned>(part: &str) -> Vec<T> {
    let reference: Value = serde_json::from_str(include_str!("reference.json")).unwrap();
    serde_json::from_value(reference[part].clone()).unwrap()
}

/// Equal to a relative difference that double arithmetic allows for figures of this size.
#[track_caller]
fn assert_close(told: f64, known: f64, scale: f64, case: &dyn std::fmt::Debug) {
    let allowed = 1e-9 * known.abs().max(scale);
    assert!((told - known).abs() <= allowed, "told {told}, known {known}: {case:?}");
}

#[derive(Debug, Deserialize)]
struct Proportions {
    treated: (i64, i64),
    control: (i64, i64),
    confidence: f64,
    low: f64,
    high: f64,
    z: Option<f64>,
    p: Option<f64>,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
}

#[test]
fn two_proportions_are_compared_as_statsmodels_does() {
    let cases: Vec<Proportions> = cases("proportions");
    assert_eq!(cases.len(), 360);
    for case in &cases {
        let share = |(hits, of)| Share { hits, of };
        let (treated, control) = (share(case.treated), share(case.control));
        let interval = newcombe(treated, control, case.confidence).unwrap();
        assert_close(interval.low, case.low, 1e-6, case);
        assert_close(interval.high, case.high, 1e-6, case);
        let test = z_test(treated, control);
        assert_eq!(test.is_some(), case.z.is_some(), "{case:?}");
        if let (Some(test), Some(z), Some(p)) = (test, case.z, case.p) {
            assert_close(test.z, z, 1e-3, case);
            assert_close(test.p_value, p, 1e-12, case);
        }
        let ratio = relative(treated, control, case.confidence);
        assert_eq!(ratio.is_some(), case.ratio_low.is_some(), "{case:?}");
        if let (Some(ratio), Some(low), Some(high)) = (ratio, case.ratio_low, case.ratio_high) {
            assert_close(ratio.low, low, 1.0, case);
            assert_close(ratio.high, high, 1.0, case);
        }
    }
}

#[derive(Debug, Deserialize)]
struct Means {
    treated: Vec<i64>,
    control: Vec<i64>,
    confidence: f64,
    difference: f64,
    low: f64,
    high: f64,
}

#[test]
fn two_means_are_compared_as_statsmodels_does() {
    let cases: Vec<Means> = cases("means");
    assert!(cases.len() > 150, "{}", cases.len());
    for case in &cases {
        let moments = |values: &[i64]| Moments::of(values.iter().copied());
        let told = welch(moments(&case.treated), moments(&case.control), case.confidence).unwrap();
        // The reference works with rounded means of numbers of up to 10^13.
        let scale = case.treated.iter().chain(&case.control).copied().max().unwrap() as f64 * 1e-6;
        assert_close(told.difference, case.difference, scale, case);
        assert_close(told.low, case.low, scale, case);
        assert_close(told.high, case.high, scale, case);
    }
}

#[derive(Debug, Deserialize)]
struct Cuped {
    arms: Vec<(Vec<i64>, Vec<i64>)>,
    difference: f64,
    low: f64,
    high: f64,
}

#[test]
fn an_adjusted_comparison_is_that_of_a_regression_and_scipys_welch() {
    let cases: Vec<Cuped> = cases("cuped");
    assert_eq!(cases.len(), 60);
    for case in &cases {
        let arms: Vec<Paired> = case
            .arms
            .iter()
            .map(|(after, before)| Paired::of(after.iter().copied().zip(before.iter().copied())))
            .collect();
        let told = adjusted(&arms[0], &arms[1], &arms, CONFIDENCE).unwrap();
        let scale = case.arms.iter().flat_map(|arm| &arm.0).copied().max().unwrap() as f64 * 1e-3;
        assert_close(told.difference, case.difference, scale, case);
        assert_close(told.low, case.low, scale, case);
        assert_close(told.high, case.high, scale, case);
    }
}

#[derive(Debug, Deserialize)]
struct Power {
    rate: f64,
    difference: f64,
    treated: f64,
    control: f64,
    power: f64,
    members: f64,
}

#[test]
fn power_and_the_needed_members_are_those_of_statsmodels() {
    let cases: Vec<Power> = cases("power");
    assert!(cases.len() > 80);
    for case in &cases {
        let told = power_of(case.rate, case.difference, case.treated, case.control);
        assert_close(told, case.power, 1e-3, case);
        let holdout = case.control / (case.treated + case.control);
        let members = needed_members(case.rate, case.difference, holdout).unwrap();
        assert!((members - case.members).abs() <= 1.0, "told {members}: {case:?}");
        if let Some(smallest) = smallest_difference(case.rate, case.treated, case.control) {
            let power = power_of(case.rate, smallest, case.treated, case.control);
            assert_close(power, 0.8, 1.0, case);
        }
    }
}

#[derive(Debug, Deserialize)]
struct Balance {
    members: Vec<i64>,
    weights: Vec<f64>,
    p: f64,
}

#[test]
fn the_sizes_of_the_arms_are_tested_as_scipy_does() {
    let cases: Vec<Balance> = cases("balance");
    assert_eq!(cases.len(), 60);
    for case in &cases {
        let arms: Vec<(i64, f64)> = case.members.iter().copied().zip(case.weights.iter().copied()).collect();
        assert_close(sample_ratio(&arms).unwrap(), case.p, 1e-12, case);
    }
}

#[derive(Debug, Deserialize)]
struct Several {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[test]
fn many_p_values_are_adjusted_as_statsmodels_does() {
    for case in &cases::<Several>("several") {
        for (told, known) in holm(&case.p).into_iter().zip(&case.adjusted) {
            assert_close(told, *known, 1e-12, case);
        }
    }
}

#[derive(Debug, Deserialize)]
struct Student {
    freedom: f64,
    confidence: f64,
    reach: f64,
}

#[test]
fn students_t_reaches_as_far_as_scipys() {
    for case in &cases::<Student>("student") {
        assert_close(student_reach(case.confidence, case.freedom), case.reach, 1.0, case);
    }
}

#[test]
fn what_cannot_be_told_is_not_told() {
    let (none, one) = (Share { hits: 0, of: 0 }, Share { hits: 1, of: 1 });
    assert_eq!(newcombe(none, one, CONFIDENCE), None);
    assert_eq!(z_test(one, one), None);
    assert_eq!(z_test(none, none), None);
    assert_eq!(relative(one, Share { hits: 0, of: 5 }, CONFIDENCE), None);
    let (single, pair) = (Moments::of([5]), Moments::of([5, 7]));
    assert_eq!(welch(single, pair, CONFIDENCE), None);
    let same = welch(Moments::of([5, 5]), Moments::of([3, 3]), CONFIDENCE).unwrap();
    assert_eq!(same, Estimate { difference: 2.0, low: 2.0, high: 2.0 });
    let flat = Paired::of([(1, 4), (2, 4)]);
    assert_eq!(adjusted(&flat, &flat, &[flat, flat], CONFIDENCE), None);
    assert_eq!(sample_ratio(&[(10, 1.0)]), None);
    assert_eq!(smallest_difference(0.5, 3.0, 2.0), None);
    assert_eq!(needed_members(0.1, 0.0, 0.1), None);
    assert_eq!(ceiling([0, 0], 0.99), None);
}

#[test]
fn sums_of_the_largest_spends_stay_exact() {
    let largest = 1_000 * crate::orders::validate::MAX_AMOUNT;
    let values = (0..1_000).map(|place| largest + place % 2);
    assert_eq!(Moments::of(values).variance().map(|spread| (spread * 999.0).round()), Some(250.0));
}

#[test]
fn a_bound_on_outliers_is_the_spend_at_its_rank() {
    assert_eq!(ceiling((1..=100).chain([0; 900]), 0.99), Some(99));
    assert_eq!(ceiling([7], 0.5), Some(7));
    assert_eq!(ceiling([30, 10, 20], 1.0), Some(30));
}
