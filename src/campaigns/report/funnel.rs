//! From the audience to the order, each rate with its denominator.

use super::model::{ChannelReport, FunnelStep, ObjectionCount};
use super::store::{FunnelRow, ObjectionRow};
use crate::consents::Channel;

/// The steps of an arm with so many members, of whom so many converted.
pub fn steps(row: Option<&FunnelRow>, members: i64, converted: Option<i64>) -> Vec<FunnelStep> {
    let step = |step: &str, customers: i64, of: &str, denominator: i64| FunnelStep {
        step: step.into(),
        customers,
        rate: (denominator > 0).then(|| customers as f64 / denominator as f64),
        of: of.into(),
        denominator,
    };
    let mut steps = Vec::new();
    if let Some(row) = row {
        let (sent, delivered) = (row.members("sent"), row.members("delivered"));
        // Not every gateway tells what was delivered.
        let (arrived, arrivals) = if delivered > 0 { ("delivered", delivered) } else { ("sent", sent) };
        steps = vec![
            step("sent", sent, "members", members),
            step("delivered", delivered, "sent", sent),
            step("bounced", row.members("bounced"), "sent", sent),
            step("answered", row.members("answered"), "sent", sent),
        ];
        for outcome in ["opened", "clicked", "replied", "refused", "objection", "complained", "unsubscribed"]
        {
            steps.push(step(outcome, row.members(outcome), arrived, arrivals));
        }
    }
    if let Some(converted) = converted {
        steps.push(step("converted", converted, "members", members));
    }
    steps
}

pub fn channels(
    rows: &[FunnelRow],
    objections: &[ObjectionRow],
    members: impl Fn(&str) -> i64,
) -> Vec<ChannelReport> {
    let reports = rows.iter().filter_map(|row| {
        let name = row.channel.as_deref()?;
        let own = objections.iter().filter(|objection| objection.arm == row.arm && objection.channel == name);
        Some(ChannelReport {
            arm: row.arm.clone(),
            channel: Channel::parse(name)?,
            touches: row.touches,
            units: row.units,
            seconds: row.seconds,
            funnel: steps(Some(row), members(&row.arm), None),
            objections: own
                .map(|objection| ObjectionCount {
                    objection: objection.objection.clone().unwrap_or_else(|| "other".into()),
                    touches: objection.touches,
                })
                .collect(),
        })
    });
    reports.collect()
}
