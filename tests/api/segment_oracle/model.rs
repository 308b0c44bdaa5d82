//! A shop in memory, as plainly as it can be told.

use std::collections::BTreeMap;

use huitou::ids::{CampaignId, ShopId};
use huitou::segments::language::Checked;
use huitou::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A tenant and all that it knows.
#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    /// IANA name.
    pub zone: String,
    /// All amounts are compared in it.
    pub currency: &'static str,
    pub shops: Vec<Shop>,
    pub products: Vec<Product>,
    pub customers: Vec<Customer>,
    /// Orders of nobody.
    pub guests: Vec<Order>,
    /// Saved segments by their name.
    pub segments: BTreeMap<String, Checked>,
    pub campaigns: Vec<Campaign>,
}

/// A campaign that was launched.
#[derive(Debug, Clone)]
pub struct Campaign {
    pub id: CampaignId,
    pub name: &'static str,
    pub launched_at: Timestamp,
    pub ends_at: Timestamp,
    /// An order counts that comes to so much, in the tenant's currency.
    pub minimum: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Shop {
    pub id: ShopId,
    pub external_id: String,
    pub name: String,
    pub platform: &'static str,
    pub zone: String,
    pub currency: &'static str,
}

#[derive(Debug, Clone)]
pub struct Product {
    pub shop: ShopId,
    pub external_id: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub tags: Vec<String>,
}

/// One person.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub id: Uuid,
    /// What the shops call them, which is how they are loaded.
    pub identities: Vec<(ShopId, String)>,
    pub name: Option<String>,
    pub nick: Option<String>,
    pub gender: Option<String>,
    pub birthday: Option<jiff::civil::Date>,
    pub language: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub country: Option<String>,
    pub province: Option<String>,
    pub city: Option<String>,
    pub district: Option<String>,
    pub attributes: BTreeMap<String, Value>,
    pub created_at: Option<Timestamp>,
    pub orders: Vec<Order>,
    pub events: Vec<Event>,
    pub consents: Vec<Consent>,
    pub tags: Vec<String>,
    pub touches: Vec<Touch>,
    /// The arm in each campaign of the world, by its place there.
    pub arms: BTreeMap<usize, Option<&'static str>>,
}

#[derive(Debug, Clone)]
pub struct Touch {
    pub channel: &'static str,
    /// By its place in the world.
    pub campaign: Option<usize>,
    pub arm: Option<&'static str>,
    pub subject: Option<&'static str>,
    pub at: Timestamp,
    /// When each outcome happened, by the names of the language.
    pub outcomes: BTreeMap<&'static str, Timestamp>,
}

impl Touch {
    pub fn bounced(&self) -> bool {
        self.outcomes.contains_key("bounced")
    }
}

#[derive(Debug, Clone)]
pub struct Order {
    pub id: Uuid,
    pub shop: ShopId,
    pub external_id: String,
    pub status: &'static str,
    pub ordered_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub currency: &'static str,
    /// What one unit of the currency is worth in the tenant's; absent and not the tenant's: nobody knows.
    pub rate: Option<&'static str>,
    pub total: Option<i64>,
    pub discount: Option<i64>,
    pub refunds: Vec<(Timestamp, i64)>,
    pub source: Option<String>,
    pub promotions: Vec<String>,
    pub coupons: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub product: Option<String>,
    pub sku: Option<String>,
    pub title: Option<String>,
    pub category: Option<String>,
    pub attributes: BTreeMap<String, Value>,
    pub quantity: i64,
    pub unit: Option<i64>,
    pub total: i64,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub kind: String,
    pub shop: Option<ShopId>,
    pub at: Timestamp,
    pub properties: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
pub struct Consent {
    pub channel: &'static str,
    pub granted: bool,
    pub at: Timestamp,
}

impl Customer {
    /// Contacts that did not bounce, first to last.
    pub fn reached(&self) -> Vec<Timestamp> {
        let mut reached: Vec<Timestamp> =
            self.touches.iter().filter(|touch| !touch.bounced()).map(|touch| touch.at).collect();
        reached.sort();
        reached
    }

    /// The same since the last order.
    pub fn reached_in_vain(&self) -> Vec<Timestamp> {
        let last = self.paid().last().and_then(|order| order.paid_at);
        self.reached().into_iter().filter(|at| last.is_none_or(|last| *at > last)).collect()
    }

    /// Orders that were paid once, first to last.
    pub fn paid(&self) -> Vec<&Order> {
        let mut paid: Vec<&Order> = self.orders.iter().filter(|order| order.paid_at.is_some()).collect();
        paid.sort_by_key(|order| (order.paid_at, order.id));
        paid
    }

    /// What was said last about a channel.
    pub fn consent(&self, channel: &str) -> Option<bool> {
        let about = self.consents.iter().filter(|consent| consent.channel == channel);
        // Of two at the same moment the refusal counts.
        about.max_by_key(|consent| (consent.at, !consent.granted)).map(|consent| consent.granted)
    }
}

impl Order {
    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }

    /// Not refunded in full.
    pub fn is_kept(&self) -> bool {
        let total = self.total.unwrap_or(0);
        self.status != "refunded" && !(total > 0 && self.refunded() >= total)
    }

    /// An amount of the order in the tenant's currency, where that can be told.
    pub fn converted(&self, amount: i64, currency: &str) -> Option<i64> {
        if self.currency == currency {
            return Some(amount);
        }
        huitou::currency::Rate::parse(self.rate?)?.convert(amount, self.currency, currency)
    }

    pub fn gross(&self, currency: &str) -> Option<i64> {
        self.converted(self.total?, currency)
    }

    pub fn net(&self, currency: &str) -> Option<i64> {
        let refunded = self.refunded().min(self.total?);
        Some(self.gross(currency)? - self.converted(refunded, currency)?)
    }

    pub fn items(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}
