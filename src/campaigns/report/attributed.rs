//! What each rule of attribution would credit the campaign with.

use std::collections::{BTreeSet, HashMap};

use super::model::AttributionReport;
use super::store::{ContactRow, OrderRow};
use crate::campaigns::attribution::{Contact, Model, credits};
use crate::campaigns::settings::CampaignSettings;
use crate::consents::Channel;
use crate::ids::{CampaignId, CustomerId, OrderId};

/// Divides orders by every rule.
#[derive(Debug)]
pub struct Attribution {
    campaign: CampaignId,
    contacts: HashMap<CustomerId, Vec<Contact<CampaignId>>>,
    /// The campaigns whose coupons an order carries.
    coupons: HashMap<OrderId, BTreeSet<CampaignId>>,
    reports: [AttributionReport; Model::ALL.len()],
}

impl Attribution {
    pub fn new(
        campaign: CampaignId,
        contacts: &[ContactRow],
        coupons: HashMap<OrderId, BTreeSet<CampaignId>>,
        settings: &CampaignSettings,
    ) -> Self {
        let mut by_customer: HashMap<CustomerId, Vec<Contact<CampaignId>>> = HashMap::new();
        for row in contacts {
            let Some(channel) = Channel::parse(&row.channel) else { continue };
            by_customer.entry(row.customer_id).or_default().push(Contact {
                at: row.touched_at,
                campaign: row.campaign_id,
                window_days: settings.attribution_days(channel),
            });
        }
        let reports = Model::ALL.map(|model| AttributionReport {
            model,
            attributed_amount: 0,
            other_campaigns_amount: 0,
            unattributed_amount: 0,
            revenue_amount: 0,
        });
        Self { campaign, contacts: by_customer, coupons, reports }
    }

    pub fn add(&mut self, order: &OrderRow) {
        let none = BTreeSet::new();
        let contacts = self.contacts.get(&order.customer_id).map_or(&[][..], Vec::as_slice);
        let coupons = self.coupons.get(&order.order_id).unwrap_or(&none);
        for report in &mut self.reports {
            let divided = credits(report.model, order.revenue(), order.paid_at, contacts, coupons);
            report.revenue_amount += order.revenue();
            report.unattributed_amount += divided.unattributed;
            for (credited, amount) in divided.campaigns {
                if credited == self.campaign {
                    report.attributed_amount += amount;
                } else {
                    report.other_campaigns_amount += amount;
                }
            }
        }
    }

    pub fn told(self) -> Vec<AttributionReport> {
        self.reports.into()
    }
}
