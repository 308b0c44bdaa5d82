//! What a plan foresees: costs, and what the test could find.

use super::model::{History, PlannedArm, PlannedCosts, Power};
use crate::campaigns::costs::{CostLine, Quantities};
use crate::campaigns::lift;
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::campaigns::{text, worklist};
use crate::consents::Channel;
use crate::error::Result;

/// How long a call is taken to last.
const CALL_SECONDS: i64 = 60;

/// What the campaign would cost if every member of the variants were contacted once over each channel.
pub fn costs(campaign: &Campaign, arms: &[PlannedArm], history: &History) -> Result<PlannedCosts> {
    let templates = worklist::templates(campaign)?;
    let treated = || arms.iter().filter(|arm| arm.key != HOLDOUT);
    let members: i64 = treated().map(|arm| arm.members).sum();
    // A name of the length of its fallback is as good a guess as any.
    let sms_units = |arm: &PlannedArm| {
        let text = templates.get(arm.key.as_str()).map(|template| template.fill(|_| None));
        text.map_or(1, |text| text::units(&text))
    };
    let units = campaign.document.channels.iter().map(|channel| match channel {
        Channel::Sms => (*channel, treated().map(|arm| arm.members * sms_units(arm)).sum()),
        _ => (*channel, members),
    });
    // As many as the variants' members would have had without the campaign.
    let looks = history.windows * history.members;
    let usual = |count: i64| match looks {
        0 => 0,
        looks => (i128::from(count) * i128::from(members) / i128::from(looks)) as i64,
    };
    let quantities = Quantities {
        units: units.collect(),
        seconds: campaign
            .document
            .channels
            .iter()
            .filter(|channel| **channel == Channel::Call)
            .map(|channel| (*channel, CALL_SECONDS * members))
            .collect(),
        orders: usual(history.orders),
        revenue_amount: usual(history.revenue_amount),
    };
    let lines: Vec<CostLine> = campaign.document.costs.iter().map(|cost| cost.line(&quantities)).collect();
    let amount: i64 = lines.iter().map(|line| line.amount).sum();
    let budget_amount = campaign.document.budget_amount;
    let over_budget_amount = budget_amount.map(|budget| (amount - budget).max(0));
    Ok(PlannedCosts { lines, amount, budget_amount, over_budget_amount })
}

/// What the test could find, the variants taken together against the holdout.
pub fn power(arms: &[PlannedArm], history: &History, wanted_lift: f64) -> Power {
    let members = |held: bool| -> f64 {
        arms.iter().filter(|arm| (arm.key == HOLDOUT) == held).map(|arm| arm.members as f64).sum()
    };
    let (treated, control) = (members(false), members(true));
    let rate = history.conversion_rate.filter(|rate| *rate > 0.0);
    let both = treated > 0.0 && control > 0.0;
    let found = |rate: f64| lift::power_of(rate, rate * wanted_lift, treated, control);
    let smallest = rate.filter(|_| both).and_then(|rate| lift::smallest_difference(rate, treated, control));
    let needed = |percent: i32| {
        rate.and_then(|rate| lift::needed_members(rate, rate * wanted_lift, f64::from(percent) / 100.0))
    };
    let suffices = |percent: &i32| needed(*percent).is_some_and(|needed| needed <= treated + control);
    Power {
        wanted_lift,
        power: rate.filter(|_| both).map(found),
        smallest_difference: smallest,
        smallest_lift: smallest.zip(rate).map(|(difference, rate)| difference / rate),
        proposed_holdout_percent: (1..=50).find(suffices),
        needed_members: needed(50).map(|needed| needed as i64),
    }
}
