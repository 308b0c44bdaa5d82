//! The stages a customer goes through.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;
use crate::tenants::Lifecycle;
use crate::time::Timestamp;

/// Where a customer who has ordered stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The first order is recent, and so is the last.
    New,
    /// The last order is recent.
    Active,
    /// Nearly dormant.
    AtRisk,
    /// No order for `dormant_after_days` days.
    Dormant,
    /// No order for so long that hardly any will come.
    Lost,
}

impl Stage {
    pub const ALL: [Self; 5] = [Self::New, Self::Active, Self::AtRisk, Self::Dormant, Self::Lost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::AtRisk => "at_risk",
            Self::Dormant => "dormant",
            Self::Lost => "lost",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// The thresholds as moments: what lies before one is so many days back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A first order since then makes a new customer.
    pub new_since: Timestamp,
    /// A last order before then puts a customer at risk.
    pub at_risk_before: Timestamp,
    /// A last order before then makes a dormant customer.
    pub dormant_before: Timestamp,
    /// A last order before then makes a lost customer.
    pub lost_before: Timestamp,
}

impl Bounds {
    pub fn new(thresholds: &Lifecycle, moment: &Moment) -> Self {
        Self {
            new_since: moment.back(thresholds.new_for_days),
            at_risk_before: moment.back(thresholds.at_risk_after_days),
            dormant_before: moment.back(thresholds.dormant_after_days),
            lost_before: moment.back(thresholds.lost_after_days),
        }
    }

    /// The stage of a customer with these first and last orders; falling asleep counts before being new.
    pub fn stage(&self, first: Timestamp, last: Timestamp) -> Stage {
        if last < self.lost_before {
            Stage::Lost
        } else if last < self.dormant_before {
            Stage::Dormant
        } else if last < self.at_risk_before {
            Stage::AtRisk
        } else if first >= self.new_since {
            Stage::New
        } else {
            Stage::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_zone;

    #[test]
    fn the_stage_follows_from_the_days_since_the_first_and_the_last_order() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = Moment::new(at("2026-06-30T12:00:00+08:00"), time_zone("Asia/Shanghai").unwrap());
        let bounds = Bounds::new(&Lifecycle::default(), &moment);
        let day = |days: i64| moment.today.plus(-days).start(&moment.zone).plus_seconds(3_600 * 20);
        let long_ago = day(1_000);
        for (first, last, expected) in [
            (day(0), day(0), Stage::New),
            (day(29), day(29), Stage::New),
            (day(30), day(30), Stage::Active),
            (long_ago, day(0), Stage::Active),
            (long_ago, day(79), Stage::Active),
            (long_ago, day(80), Stage::AtRisk),
            (long_ago, day(89), Stage::AtRisk),
            (long_ago, day(90), Stage::Dormant),
            (long_ago, day(364), Stage::Dormant),
            (long_ago, day(365), Stage::Lost),
        ] {
            assert_eq!(bounds.stage(first, last), expected, "{}", moment.days_since(last));
        }
    }

    #[test]
    fn a_new_customer_who_falls_asleep_is_asleep() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = Moment::new(at("2026-06-30T12:00:00Z"), time_zone("UTC").unwrap());
        let thresholds = Lifecycle { new_for_days: 200, ..Lifecycle::default() };
        let once = at("2026-03-01T00:00:00Z");
        assert_eq!(Bounds::new(&thresholds, &moment).stage(once, once), Stage::Dormant);
    }
}
