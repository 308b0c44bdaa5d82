//! What a tenant is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::campaigns::contact_plan::ContactPlan;
use crate::campaigns::settings::CampaignSettings;
use crate::consents::ConsentPolicy;
use crate::currency;
use crate::customers::policy::IdentityPolicy;
use crate::ids::TenantId;
use crate::lifecycle::{QualitySettings, RfmSettings};
use crate::privacy::tombstones::TombstoneKey;
use crate::time::Timestamp;
use crate::validation::Report;

/// A merchant or brand.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// IANA name.
    pub timezone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    pub settings: Settings,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: i64,
}

/// What is kept as one document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub lifecycle: Lifecycle,
    pub exchange_rates: Vec<ExchangeRate>,
    pub campaigns: CampaignSettings,
    pub contact_plan: ContactPlan,
    pub consent_policy: ConsentPolicy,
    /// What the tombstones of those who were erased are hashed under; made when the first is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tombstone_key: Option<TombstoneKey>,
    pub identity_policy: IdentityPolicy,
    pub rfm: RfmSettings,
    pub quality: QualitySettings,
}

/// When a customer goes from one stage to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifecycle {
    pub new_for_days: i64,
    pub at_risk_after_days: i64,
    pub dormant_after_days: i64,
    pub lost_after_days: i64,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { new_for_days: 30, at_risk_after_days: 80, dormant_after_days: 90, lost_after_days: 365 }
    }
}

/// A shop's own thresholds, where they differ from the tenant's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LifecycleOverrides {
    pub new_for_days: Option<i64>,
    pub at_risk_after_days: Option<i64>,
    pub dormant_after_days: Option<i64>,
    pub lost_after_days: Option<i64>,
}

impl LifecycleOverrides {
    /// The thresholds that count.
    pub fn over(&self, tenant: Lifecycle) -> Lifecycle {
        Lifecycle {
            new_for_days: self.new_for_days.unwrap_or(tenant.new_for_days),
            at_risk_after_days: self.at_risk_after_days.unwrap_or(tenant.at_risk_after_days),
            dormant_after_days: self.dormant_after_days.unwrap_or(tenant.dormant_after_days),
            lost_after_days: self.lost_after_days.unwrap_or(tenant.lost_after_days),
        }
    }
}

impl Lifecycle {
    /// Thresholds that pass each other tell no stages.
    pub fn check(&self, report: &mut Report) {
        let days = [
            ("new_for_days", self.new_for_days),
            ("at_risk_after_days", self.at_risk_after_days),
            ("dormant_after_days", self.dormant_after_days),
            ("lost_after_days", self.lost_after_days),
        ];
        for (name, value) in days {
            report.within(name, Some(value), 1, MOST_DAYS);
        }
        for ((_, earlier), (later_name, later)) in [(days[1], days[2]), (days[2], days[3])] {
            if earlier > later {
                report.add(
                    later_name,
                    "out_of_order",
                    "must hold at_risk_after_days ≤ dormant_after_days ≤ lost_after_days",
                );
            }
        }
    }
}

const MOST_DAYS: i64 = 3_650;

/// What one unit of a currency is worth in the tenant's, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRate {
    /// ISO 4217 code of the other currency.
    #[schema(example = "USD")]
    pub currency: String,
    /// The first day on which the rate holds, in the tenant's time zone. It holds until the next one.
    #[schema(format = Date, example = "2026-01-01")]
    pub from: String,
    /// What one unit of it is worth in the tenant's currency, as a decimal.
    #[schema(example = "7.1234")]
    pub rate: String,
}

impl ExchangeRate {
    pub fn check(&self, report: &mut Report) {
        check_currency("currency", &self.currency, report);
        if !is_day(&self.from) {
            report.add("from", "invalid_date", "must be a day such as `2026-01-01`");
        }
        if currency::Rate::parse(&self.rate).is_none() {
            report.add("rate", "invalid_rate", "must be a positive decimal such as `7.1234`");
        }
    }
}

fn is_day(text: &str) -> bool {
    let date = text.parse::<jiff::civil::Date>();
    text.len() == 10 && date.is_ok_and(|date| (1900..2200).contains(&date.year()))
}

pub fn check_currency(key: &str, code: &str, report: &mut Report) {
    if !currency::is_known(code) {
        report.add(key, "unknown_currency", "must be an ISO 4217 code such as `CNY`");
    }
}

pub fn check_timezone(key: &str, name: &str, report: &mut Report) {
    if crate::time::time_zone(name).is_none() {
        report.add(key, "unknown_timezone", "must be an IANA name such as `Asia/Shanghai`");
    }
}

pub fn check_country(key: &str, code: &str, report: &mut Report) {
    let capitals = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if !capitals || code.parse::<phonenumber::country::Id>().is_err() {
        report.add(key, "unknown_country", "must be an ISO 3166-1 alpha-2 code such as `CN`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: impl FnOnce(&mut Report)) -> usize {
        struct Checked<F>(std::cell::RefCell<Option<F>>);
        impl<F: FnOnce(&mut Report)> crate::validation::Validate for Checked<F> {
            fn validate(&self, report: &mut Report) {
                if let Some(check) = self.0.borrow_mut().take() {
                    check(report);
                }
            }
        }
        Report::of(&Checked(std::cell::RefCell::new(Some(check)))).len()
    }

    #[test]
    fn thresholds_stand_in_order() {
        assert_eq!(codes(|report| Lifecycle::default().check(report)), 0);
        let swapped = Lifecycle { dormant_after_days: 10, ..Lifecycle::default() };
        assert_eq!(codes(|report| swapped.check(report)), 1);
    }

    #[test]
    fn countries_currencies_and_zones_are_known_ones() {
        assert_eq!(codes(|report| check_country("c", "CN", report)), 0);
        assert_eq!(codes(|report| check_country("c", "cn", report)), 1);
        assert_eq!(codes(|report| check_country("c", "XX", report)), 1);
        assert_eq!(codes(|report| check_currency("c", "XYZ", report)), 1);
        assert_eq!(codes(|report| check_timezone("c", "Mars/Olympus", report)), 1);
    }

    #[test]
    fn a_day_is_written_in_full() {
        assert!(is_day("2026-01-31") && is_day("2024-02-29"));
        assert!(!is_day("2026-02-30") && !is_day("2026-1-1") && !is_day("10000-01-01"));
    }
}
