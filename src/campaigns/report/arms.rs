//! The arms of a report and what each cost.

use std::collections::BTreeMap;

use super::spending::Spending;
use super::store::{FunnelRow, Group};
use crate::campaigns::attribution::largest_remainder;
use crate::campaigns::costs::{Cost, CostKind, CostLine, Quantities};
use crate::campaigns::launch;
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::consents::Channel;

/// The arms in the order of the variants, the holdout last, each with what its members did.
pub fn spending(campaign: &Campaign, groups: &[(Group, Spending)]) -> Vec<(String, Spending)> {
    let mut arms: BTreeMap<&str, Spending> = BTreeMap::new();
    for (group, spending) in groups {
        arms.entry(&group.arm).or_default().join(spending);
    }
    let mut arm = |key: &str| (key.to_string(), arms.remove(key).unwrap_or_default());
    let mut told: Vec<_> = launch::arms(campaign).into_iter().map(&mut arm).collect();
    // An external experiment need not have left anybody out.
    told.retain(|(key, spending)| {
        key != HOLDOUT || spending.members > 0 || campaign.document.holdout_percent.is_some()
    });
    told
}

/// The cost lines of the campaign, and what of them falls to each variant: by what it took where a line goes by that, by
/// its members where not.
pub fn costs(
    lines: &[Cost],
    arms: &[(String, Spending)],
    funnel: &[FunnelRow],
) -> (Vec<CostLine>, BTreeMap<String, i64>) {
    let variants: Vec<&(String, Spending)> = arms.iter().filter(|(key, _)| key != HOLDOUT).collect();
    let own: Vec<Quantities> = variants
        .iter()
        .map(|(key, spending)| Quantities {
            units: quantities(funnel, key, |row| row.units),
            seconds: quantities(funnel, key, |row| row.seconds),
            orders: spending.orders.sum as i64,
            revenue_amount: spending.revenue.outcome.sum as i64,
        })
        .collect();
    let all = Quantities {
        units: own.iter().flat_map(|own| own.units.iter().copied()).collect(),
        seconds: own.iter().flat_map(|own| own.seconds.iter().copied()).collect(),
        orders: own.iter().map(|own| own.orders).sum(),
        revenue_amount: own.iter().map(|own| own.revenue_amount).sum(),
    };
    let mut parts: BTreeMap<String, i64> = variants.iter().map(|(key, _)| (key.clone(), 0)).collect();
    let told = lines
        .iter()
        .map(|cost| {
            let line = cost.line(&all);
            let by_members = cost.kind == CostKind::Fixed || cost.quantity.is_some() || line.quantity == 0;
            let weights: Vec<u64> = variants
                .iter()
                .zip(&own)
                .map(|((_, spending), own)| {
                    let weight = if by_members { spending.members } else { cost.line(own).quantity };
                    weight.unsigned_abs()
                })
                .collect();
            for ((key, _), part) in variants.iter().zip(largest_remainder(line.amount, &weights)) {
                *parts.entry(key.clone()).or_default() += part;
            }
            line
        })
        .collect();
    (told, parts)
}

fn quantities(funnel: &[FunnelRow], arm: &str, count: impl Fn(&FunnelRow) -> i64) -> Vec<(Channel, i64)> {
    let rows = funnel.iter().filter(|row| row.arm == arm);
    rows.filter_map(|row| Some((Channel::parse(row.channel.as_deref()?)?, count(row)))).collect()
}
