//! A variant against the holdout.

use super::model::{Amount, Comparison, ConversionLift, Interval};
use super::spending::Spending;
use crate::campaigns::lift::{self, CONFIDENCE, Estimate, Verdict};

/// What comparisons have in common.
pub struct Yardstick<'a> {
    /// All arms, from which the adjustment learns.
    pub arms: Vec<&'a Spending>,
    /// Minor units in a whole one.
    pub unit: f64,
    pub margin_known: bool,
    /// The bound on a member's spend, where one was asked for.
    pub ceiling: Option<i64>,
    pub new_customer_cost: Option<i64>,
}

pub fn conversion_lift(treated: &Spending, control: &Spending, confidence: f64) -> Option<ConversionLift> {
    let (t, c) = (treated.conversions(), control.conversions());
    let Estimate { difference, low, high } = lift::newcombe(t, c, confidence)?;
    let test = lift::z_test(t, c);
    Some(ConversionLift {
        difference,
        low,
        high,
        z: test.map(|test| test.z),
        p_value: test.map(|test| test.p_value),
        relative: lift::relative(t, c, confidence).map(Interval::from),
    })
}

impl Yardstick<'_> {
    pub fn compare(
        &self,
        variant: &str,
        treated: &Spending,
        control: &Spending,
        cost_amount: i64,
    ) -> Option<Comparison> {
        let conversion = conversion_lift(treated, control, CONFIDENCE)?;
        let targeted = treated.members as f64;
        let revenue = lift::welch(treated.revenue.outcome, control.revenue.outcome, CONFIDENCE);
        let paired: Vec<lift::Paired> = self.arms.iter().map(|arm| arm.revenue).collect();
        let adjusted = lift::adjusted(&treated.revenue, &control.revenue, &paired, CONFIDENCE);
        let winsorised =
            self.ceiling.and_then(|_| lift::welch(treated.winsorised, control.winsorised, CONFIDENCE));
        let orders = lift::welch(treated.orders, control.orders, CONFIDENCE).map(|lift| lift.times(targeted));
        let margin = lift::welch(treated.margin, control.margin, CONFIDENCE).filter(|_| self.margin_known);
        let margin = margin.map(|margin| margin.times(targeted));
        let whole = |estimate: Option<Estimate>| estimate.map(|it| Interval::from(it.times(1.0 / self.unit)));
        let roi = margin.filter(|_| cost_amount > 0).map(|margin| {
            let cost = cost_amount as f64;
            Interval::from(margin.plus(-cost).times(1.0 / cost))
        });
        let interval =
            Estimate { difference: conversion.difference, low: conversion.low, high: conversion.high };
        let verdict = Verdict::of(Some(interval));
        let inconclusive = verdict == Verdict::Inconclusive;
        let rate = control.conversions().rate();
        let members = [treated.members as f64, control.members as f64];
        let smallest = lift::smallest_difference(rate, members[0], members[1]);
        let holdout = members[1] / (members[0] + members[1]);
        let needed = lift::needed_members(rate, conversion.difference, holdout);
        Some(Comparison {
            variant: variant.into(),
            confidence: CONFIDENCE,
            conversion,
            revenue_per_member: whole(revenue),
            revenue_per_member_adjusted: whole(adjusted),
            revenue_per_member_winsorised: whole(winsorised),
            winsorised_at_amount: self.ceiling,
            incremental_orders: orders.map(Amount::from),
            incremental_revenue: revenue.map(|it| Amount::from(it.times(targeted))),
            incremental_margin: margin.map(Amount::from),
            cost_amount,
            roi,
            cost_per_incremental_order_amount: orders
                .filter(|orders| orders.difference > 0.0)
                .map(|orders| (cost_amount as f64 / orders.difference).round() as i64),
            new_customer_cost_amount: self.new_customer_cost,
            verdict,
            revenue_verdict: Verdict::of(revenue),
            smallest_detectable_lift: smallest.filter(|_| inconclusive),
            needed_members: needed.filter(|_| inconclusive).map(|needed| needed as i64),
            cautions: lift::cautions(
                [treated.conversions(), control.conversions()],
                [treated.revenue.outcome, control.revenue.outcome],
            ),
        })
    }
}
