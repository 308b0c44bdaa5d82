//! What each rule of attribution would credit the campaign with.

use std::collections::{BTreeSet, HashMap};

use super::model::AttributionReport;
use super::store::{ContactRow, OrderRow};
use crate::campaigns::attribution::{Contact, Model, credits};
use crate::campaigns::settings::CampaignSettings;
use crate::consents::Channel;
use crate::ids::{CampaignId, CustomerId, OrderId};

/// Divides every order of the window by every rule; `coupons` names the campaigns whose coupons an order carries.
pub fn models(
    campaign: CampaignId,
    orders: &[OrderRow],
    contacts: &[ContactRow],
    coupons: &HashMap<OrderId, BTreeSet<CampaignId>>,
    settings: &CampaignSettings,
) -> Vec<AttributionReport> {
    let mut by_customer: HashMap<CustomerId, Vec<Contact<CampaignId>>> = HashMap::new();
    for row in contacts {
        let Some(channel) = Channel::parse(&row.channel) else { continue };
        by_customer.entry(row.customer_id).or_default().push(Contact {
            at: row.touched_at,
            campaign: row.campaign_id,
            window_days: settings.attribution_days(channel),
        });
    }
    let none = BTreeSet::new();
    let report = |model| {
        let mut report = AttributionReport {
            model,
            attributed_amount: 0,
            other_campaigns_amount: 0,
            unattributed_amount: 0,
            revenue_amount: 0,
        };
        for order in orders {
            let contacts = by_customer.get(&order.customer_id).map_or(&[][..], Vec::as_slice);
            let coupons = coupons.get(&order.order_id).unwrap_or(&none);
            let divided = credits(model, order.revenue(), order.paid_at, contacts, coupons);
            report.revenue_amount += order.revenue();
            report.unattributed_amount += divided.unattributed;
            for (credited, amount) in divided.campaigns {
                if credited == campaign {
                    report.attributed_amount += amount;
                } else {
                    report.other_campaigns_amount += amount;
                }
            }
        }
        report
    };
    Model::ALL.into_iter().map(report).collect()
}
