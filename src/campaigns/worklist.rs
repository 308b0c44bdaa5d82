//! Who is to be contacted now, over a channel, with what.
//!
//! The plan that was checked at the launch is checked again whenever the list is read: who has had enough meanwhile, bought
//! or withdrew a consent is held back with the reason, and stays in the arm. Whoever was contacted is off the list.

use std::collections::HashMap;

use super::launch::eligibility;
use super::model::{Campaign, CampaignState};
use super::store::worklist::{self as store, Contact, Purchase};
use super::text::{Placeholder, Template, units};
use crate::consents::Channel;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::http::mask::{mask_email, mask_name, mask_phone};
use crate::ids::{CustomerId, ShopId};
use crate::tenants::Tenant;
use crate::time::{self, Timestamp};

/// Why everybody is left alone at night.
const QUIET: &str = "quiet_hours";

/// Somebody to contact.
#[derive(Debug, Clone)]
pub struct Task {
    pub contact: Contact,
    pub purchases: Vec<Purchase>,
    /// The variant's text, filled in.
    pub text: Option<String>,
    /// How many messages the text takes.
    pub units: Option<i64>,
}

/// A stretch of the list.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    pub tasks: Vec<Task>,
    /// Who is left alone for now, and why.
    pub held_back: Vec<(CustomerId, String)>,
    /// The last member looked at.
    pub last: Option<CustomerId>,
    pub has_more: bool,
}

/// Which stretch, for whom.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub channel: Channel,
    pub after: Option<CustomerId>,
    /// Members to look at.
    pub limit: i64,
    /// Whether personal data is shown, in texts as well.
    pub pii: bool,
}

/// The next members who were not contacted over the channel yet.
pub fn read(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    campaign: &Campaign,
    wanted: Wanted,
    now: Timestamp,
) -> Result<Stretch> {
    let state = campaign.state_at(now);
    if state != CampaignState::Running {
        let detail = format!("the campaign is {}; only a running one has a worklist", state.as_text());
        return Err(Error::conflict("not_running", detail));
    }
    if !campaign.document.channels.contains(&wanted.channel) {
        return Err(Error::invalid_parameter(
            "channel",
            "not_a_channel",
            "is none of the campaign's channels",
        ));
    }
    let mut members = store::open(connection, campaign, wanted.channel, wanted.after, wanted.limit + 1)?;
    let has_more = members.len() as i64 > wanted.limit;
    members.truncate(wanted.limit as usize);
    let Some(last) = members.last().map(|member| member.origin_id) else { return Ok(Stretch::default()) };
    let customers: Vec<CustomerId> = members.iter().map(|member| member.customer_id).collect();
    let channels = [wanted.channel];
    let rules = eligibility(tenant, campaign, connection.backend(), now);
    let rules = super::store::eligibility::Rules {
        only: Some(&customers),
        channels: if campaign.document.contact_plan { &channels } else { &[] },
        ..rules
    };
    let contacts = store::contacts(connection, campaign, &customers, &rules.reasons())?;
    let mut purchases: HashMap<CustomerId, Vec<Purchase>> = HashMap::new();
    for purchase in store::purchases(connection, campaign.tenant, &customers)? {
        purchases.entry(purchase.customer_id).or_default().push(purchase);
    }
    let zones = store::zones(connection, campaign.tenant)?;
    let quiet = Quiet { tenant, zones, now };
    let templates = templates(campaign)?;
    let mut stretch = Stretch { last: Some(last), has_more, ..Stretch::default() };
    for mut contact in contacts {
        let reason = contact.held_back.take().or_else(|| quiet.reason(contact.shop_id));
        if let Some(reason) = reason {
            stretch.held_back.push((contact.customer_id, reason));
            continue;
        }
        if !wanted.pii {
            contact.mask();
        }
        let purchases = purchases.remove(&contact.customer_id).unwrap_or_default();
        let text =
            templates.get(contact.arm.as_str()).map(|template| fill(template, &contact, &purchases, now));
        let units = text.as_deref().filter(|_| wanted.channel == Channel::Sms).map(units);
        stretch.tasks.push(Task { contact, purchases, text, units });
    }
    Ok(stretch)
}

/// The texts of the variants that have one.
pub fn templates(campaign: &Campaign) -> Result<HashMap<&str, Template>> {
    let variants = campaign.document.variants.iter();
    variants
        .filter_map(|variant| Some((variant.key.as_str(), variant.text.as_ref()?)))
        .map(|(key, text)| Ok((key, text.parse().map_err(Error::internal)?)))
        .collect()
}

impl Contact {
    fn mask(&mut self) {
        for (value, mask) in [
            (&mut self.name, mask_name as fn(&str) -> String),
            (&mut self.nick, mask_name),
            (&mut self.phone, mask_phone),
            (&mut self.email, mask_email),
        ] {
            *value = value.as_deref().map(mask);
        }
    }
}

fn fill(template: &Template, contact: &Contact, purchases: &[Purchase], now: Timestamp) -> String {
    const MICROS_A_DAY: i64 = 86_400_000_000;
    let days = contact.last_order_at.map(|last| ((now.micros() - last.micros()) / MICROS_A_DAY).to_string());
    let orders = contact.orders.to_string();
    template.fill(|what| match what {
        Placeholder::Name => contact.name.as_deref(),
        Placeholder::Nick => contact.nick.as_deref(),
        Placeholder::City => contact.city.as_deref(),
        Placeholder::LastProduct => purchases.first().and_then(|purchase| purchase.title.as_deref()),
        Placeholder::LastOrderDays => days.as_deref(),
        Placeholder::Orders => Some(&orders),
    })
}

/// The hours in which nobody is contacted, where each shop is.
struct Quiet<'a> {
    tenant: &'a Tenant,
    zones: HashMap<ShopId, String>,
    now: Timestamp,
}

impl Quiet<'_> {
    fn reason(&self, shop: Option<ShopId>) -> Option<String> {
        let hours = self.tenant.settings.contact_plan.quiet_hours.as_ref()?;
        let zone = shop.and_then(|shop| self.zones.get(&shop)).unwrap_or(&self.tenant.timezone);
        let zone = time::time_zone(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local = self.now.to_jiff().to_zoned(zone).time();
        let minute = 60 * i64::from(local.hour()) + i64::from(local.minute());
        hours.hold(minute).then(|| QUIET.to_string())
    }
}
