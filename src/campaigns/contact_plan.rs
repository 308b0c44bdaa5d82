//! The contact plan: who is left alone for now, and why.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consents::Channel;
use crate::validation::Report;

/// How often and when people are contacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContactPlan {
    /// Bounds on contacts in rolling windows.
    #[schema(max_items = 20)]
    pub caps: Vec<Cap>,
    /// Nobody is contacted in these hours.
    pub quiet_hours: Option<QuietHours>,
    /// Nobody is contacted so many hours after an order; 0 turns it off.
    #[schema(example = 48, minimum = 0, maximum = 8760)]
    pub after_order_hours: i64,
    /// Nor so many hours after a refund.
    #[schema(example = 168, minimum = 0, maximum = 8760)]
    pub after_refund_hours: i64,
    /// Nor so many hours after complaining about a contact.
    #[schema(example = 2160, minimum = 0, maximum = 87600)]
    pub after_complaint_hours: i64,
    /// Who does not come back is left alone.
    pub give_up: Option<GiveUp>,
    /// Customers who are left out of all campaigns, to measure what campaigns do together.
    pub holdout: Option<TenantHoldout>,
}

impl Default for ContactPlan {
    fn default() -> Self {
        Self {
            caps: Vec::new(),
            quiet_hours: None,
            after_order_hours: 48,
            after_refund_hours: 7 * 24,
            after_complaint_hours: 90 * 24,
            give_up: None,
            holdout: None,
        }
    }
}

/// At most so many contacts in so many days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    #[schema(example = 3, minimum = 1)]
    pub contacts: i64,
    #[schema(example = 30, minimum = 1, maximum = 365)]
    pub days: i64,
    /// Over this channel; over all of them, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// On the subject of the campaign alone: told once of a product, not again and again.
    #[serde(default)]
    pub per_subject: bool,
}

/// Hours of the day, in the time zone of the customer's shop; over midnight where `until` is the earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    #[schema(example = "21:00")]
    pub from: String,
    #[schema(example = "09:00")]
    pub until: String,
}

/// Who was contacted so many times within so many days without an order since is given up; an order is the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUp {
    #[schema(example = 5, minimum = 1, maximum = 100)]
    pub contacts: i64,
    #[schema(example = 180, minimum = 1, maximum = 3650)]
    pub days: i64,
}

/// Customers whom no campaign contacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantHoldout {
    #[schema(example = 2.0, exclusive_minimum = 0, maximum = 50)]
    pub percent: f64,
    /// Decides who they are; another one leaves others out.
    #[schema(example = "2026", min_length = 1, max_length = 100)]
    pub seed: String,
}

impl ContactPlan {
    pub fn check(&self, report: &mut Report) {
        report.within("after_order_hours", Some(self.after_order_hours), 0, 8_760);
        report.within("after_refund_hours", Some(self.after_refund_hours), 0, 8_760);
        report.within("after_complaint_hours", Some(self.after_complaint_hours), 0, 87_600);
        if report.list_length("caps", self.caps.len(), 20) {
            for (index, cap) in self.caps.iter().enumerate() {
                report.under("caps", |report| {
                    report.under(index, |report| {
                        report.within("contacts", Some(cap.contacts), 1, 1_000);
                        report.within("days", Some(cap.days), 1, 365);
                    });
                });
            }
        }
        if let Some(hours) = &self.quiet_hours {
            report.under("quiet_hours", |report| {
                for (key, text) in [("from", &hours.from), ("until", &hours.until)] {
                    if minute_of_day(text).is_none() {
                        report.add(key, "invalid_time", "must be a time of day such as `21:00`");
                    }
                }
            });
        }
        if let Some(rule) = self.give_up {
            report.under("give_up", |report| {
                report.within("contacts", Some(rule.contacts), 1, 100);
                report.within("days", Some(rule.days), 1, 3_650);
            });
        }
        if let Some(holdout) = &self.holdout {
            report.under("holdout", |report| {
                report.text("seed", Some(&holdout.seed), 100);
                if !(holdout.percent > 0.0 && holdout.percent <= 50.0) {
                    report.add("percent", "out_of_range", "must be above 0 and at most 50");
                }
            });
        }
    }
}

impl QuietHours {
    /// Whether the time of day, in minutes since midnight, lies within them.
    pub fn hold(&self, minute: i64) -> bool {
        match (minute_of_day(&self.from), minute_of_day(&self.until)) {
            (Some(from), Some(until)) if from <= until => (from..until).contains(&minute),
            (Some(from), Some(until)) => minute >= from || minute < until,
            _ => false,
        }
    }
}

/// `21:30` → 1290
fn minute_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':').filter(|_| text.len() == 5)?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(60 * hours + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_reach_over_midnight() {
        let hours = |from: &str, until: &str| QuietHours { from: from.into(), until: until.into() };
        let night = hours("21:00", "09:30");
        let held: Vec<i64> = [0, 569, 570, 1_259, 1_260].into_iter().filter(|m| night.hold(*m)).collect();
        assert_eq!(held, [0, 569, 1_260]);
        let noon = hours("12:00", "13:00");
        assert!(noon.hold(720) && !noon.hold(780) && !noon.hold(0));
    }

    #[test]
    fn a_time_of_day_is_written_in_full() {
        for text in ["24:00", "9:00", "09:60", "0900", "ab:cd", ""] {
            assert_eq!(minute_of_day(text), None, "{text}");
        }
    }
}
