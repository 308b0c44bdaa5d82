//! All that was told about one order, as a join: telling is commutative, associative and idempotent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::stamps::{Stamp, Stamps};
use crate::customers::match_key::MatchKey;
use crate::http::mask::HIDDEN;
use crate::ids::{CustomerId, IdentityId, OrderId, ShopId};
use crate::orders::OrderStatus;
use crate::orders::document::{Attributes, BuyerDocument, LineDocument, OrderDocument};
use crate::time::Timestamp;

/// One order as far as it is known.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub shop_id: ShopId,
    pub external_id: String,
    pub customer_id: Option<CustomerId>,
    pub identity_id: Option<IdentityId>,
    /// The newest version that told anything.
    pub version: Timestamp,
    pub told: Told,
    pub merge: MergeState,
    /// The rate of the settings that the order was converted by, where it told none.
    pub settings_rate: Option<SettingsRate>,
    pub revision: i64,
    /// The lines to be written, where the last telling replaced them.
    pub new_lines: Option<Vec<LineDocument>>,
}

/// The parts of an order, each as the newest version told it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub status: Option<OrderStatus>,
    pub ordered_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub amounts: Option<Amounts>,
    pub source: Option<String>,
    pub promotions: Vec<String>,
    pub coupon_codes: Vec<String>,
    /// The platform's id of the buyer; a telling without one does not make the order a guest's.
    pub buyer_id: Option<String>,
    /// The phone or mailbox that tells who the buyer is where the platform has no id of them.
    pub buyer_key: Option<MatchKey>,
    /// What was told of the buyer beside the id.
    pub buyer: Option<BuyerDocument>,
    pub note: Option<String>,
    /// Its buyer was erased; nothing tells of them any more.
    pub erased: bool,
    pub attributes: Attributes,
    pub items: i64,
}

/// The amounts are told together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amounts {
    pub currency: String,
    pub total: i64,
    pub discount: Option<i64>,
    pub shipping: Option<i64>,
    pub rate: Option<String>,
}

/// A rate looked up in the settings; it stays the order's while what it was looked up for stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsRate {
    pub currency: String,
    pub ordered_at: Timestamp,
    pub rate: String,
}

/// What merging needs beside the columns. Kept as JSON in `orders.merge_state`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeState {
    /// The version that each part came from; letters as in [`part`].
    pub stamps: Stamps,
    /// The earliest version that told each status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<OrderStatus, i64>,
    /// Refunds by their id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, ToldRefund>,
    /// Totals refunded, by the version that told them; each greater than all before it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refund_totals: BTreeMap<i64, i64>,
    /// Digest of the lines.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lines: String,
    /// Letters of the dates whose columns hold an inference, not what was told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub inferred: String,
}

/// A refund and the version that told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRefund {
    pub at: i64,
    pub amount: i64,
    pub version: i64,
}

/// One letter for each part of an order.
pub mod part {
    pub const STATUS: char = 's';
    pub const ORDERED_AT: char = 'o';
    pub const PAID_AT: char = 'p';
    pub const SHIPPED_AT: char = 'h';
    pub const DELIVERED_AT: char = 'd';
    pub const COMPLETED_AT: char = 'e';
    pub const CLOSED_AT: char = 'x';
    pub const AMOUNTS: char = 'a';
    pub const LINES: char = 'l';
    pub const BUYER_NAME: char = 'N';
    pub const BUYER_PHONE: char = 'P';
    pub const BUYER_EMAIL: char = 'E';
    pub const BUYER_ADDRESS: char = 'A';
    pub const BUYER_ID: char = 'i';
    pub const BUYER_KEY: char = 'k';
    pub const SOURCE: char = 'r';
    pub const PROMOTIONS: char = 'm';
    pub const COUPON_CODES: char = 'c';
    pub const NOTE: char = 'n';
    pub const ATTRIBUTES: char = 't';
    /// Not told by itself; marks a rate that the settings gave.
    pub const RATE: char = 'f';
}

impl Order {
    /// An order of which nothing is known yet.
    pub fn unknown(id: OrderId, shop_id: ShopId, external_id: &str) -> Self {
        Self {
            id,
            shop_id,
            external_id: external_id.to_owned(),
            customer_id: None,
            identity_id: None,
            version: Timestamp::from_micros(i64::MIN),
            told: Told::default(),
            merge: MergeState::default(),
            settings_rate: None,
            revision: 0,
            new_lines: None,
        }
    }

    /// Joins what a document tells, and tells whether anything changed. `currency` is the shop's, `buyer_key` what
    /// tells who the buyer is where the document has no id of them.
    pub fn tell(&mut self, document: &OrderDocument, currency: &str, buyer_key: Option<MatchKey>) -> bool {
        let document =
            &*if self.told.erased { Cow::Owned(document.without_people()) } else { Cow::Borrowed(document) };
        let version = document.version.micros();
        let stamp = Stamp(version, document.status.map_or(-1, OrderStatus::rank));
        let mut changed = self.tell_status(document.status, stamp);
        changed |= self.tell_dates(document, stamp);
        changed |= self.tell_amounts(document, currency, stamp);
        changed |= self.tell_lines(document.lines.as_deref(), stamp);
        changed |= self.tell_details(document, stamp);
        changed |= document.customer.as_ref().is_some_and(|buyer| self.tell_buyer(buyer, stamp));
        if buyer_key.is_some() {
            let known = &mut self.told.buyer_key;
            changed |= self.merge.stamps.settle(part::BUYER_KEY, stamp, known, buyer_key).is_news();
        }
        changed |= self.tell_refunds(document, version);
        changed |= document.version > self.version;
        self.version = self.version.max(document.version);
        changed
    }

    fn tell_status(&mut self, status: Option<OrderStatus>, stamp: Stamp) -> bool {
        let Some(status) = status else { return false };
        let earliest = self.merge.seen.entry(status).or_insert(i64::MAX);
        let earlier = stamp.0 < *earliest;
        *earliest = stamp.0.min(*earliest);
        self.merge.stamps.settle(part::STATUS, stamp, &mut self.told.status, Some(status)).is_news()
            || earlier
    }

    fn tell_dates(&mut self, document: &OrderDocument, stamp: Stamp) -> bool {
        let (told, stamps) = (&mut self.told, &mut self.merge.stamps);
        let dates = [
            (part::ORDERED_AT, &mut told.ordered_at, document.ordered_at),
            (part::PAID_AT, &mut told.paid_at, document.paid_at),
            (part::SHIPPED_AT, &mut told.shipped_at, document.shipped_at),
            (part::DELIVERED_AT, &mut told.delivered_at, document.delivered_at),
            (part::COMPLETED_AT, &mut told.completed_at, document.completed_at),
            (part::CLOSED_AT, &mut told.closed_at, document.closed_at),
        ];
        let mut changed = false;
        for (letter, known, date) in dates {
            changed |= date.is_some() && stamps.settle(letter, stamp, known, date).is_news();
        }
        changed
    }

    fn tell_amounts(&mut self, document: &OrderDocument, currency: &str, stamp: Stamp) -> bool {
        let Some(total) = document.total_amount else {
            return false;
        };
        let amounts = Amounts {
            currency: document.currency.clone().unwrap_or_else(|| currency.to_owned()),
            total,
            discount: document.discount_amount,
            shipping: document.shipping_amount,
            rate: document.exchange_rate.clone(),
        };
        self.merge.stamps.settle(part::AMOUNTS, stamp, &mut self.told.amounts, Some(amounts)).is_news()
    }

    fn tell_lines(&mut self, lines: Option<&[LineDocument]>, stamp: Stamp) -> bool {
        let Some(lines) = lines else { return false };
        let digest = digest(lines);
        let same = digest == self.merge.lines;
        let settled = self.merge.stamps.settle(part::LINES, stamp, &mut self.merge.lines, digest).is_news();
        if settled && !same {
            self.told.items = lines.iter().map(|line| line.quantity).sum();
            self.new_lines = Some(lines.to_vec());
        }
        settled
    }

    fn tell_details(&mut self, document: &OrderDocument, stamp: Stamp) -> bool {
        let (told, stamps) = (&mut self.told, &mut self.merge.stamps);
        let mut changed = false;
        if document.source.is_some() {
            changed |=
                stamps.settle(part::SOURCE, stamp, &mut told.source, document.source.clone()).is_news();
        }
        if let Some(promotions) = &document.promotions {
            changed |=
                stamps.settle(part::PROMOTIONS, stamp, &mut told.promotions, promotions.clone()).is_news();
        }
        if let Some(codes) = &document.coupon_codes {
            changed |=
                stamps.settle(part::COUPON_CODES, stamp, &mut told.coupon_codes, codes.clone()).is_news();
        }
        let buyer_id = document.customer.as_ref().and_then(|buyer| buyer.external_id.clone());
        if buyer_id.is_some() {
            changed |= stamps.settle(part::BUYER_ID, stamp, &mut told.buyer_id, buyer_id).is_news();
        }
        // What a caller without `pii:read` was shown comes back as the note.
        if document.note.as_deref().is_some_and(|note| note != HIDDEN) {
            changed |= stamps.settle(part::NOTE, stamp, &mut told.note, document.note.clone()).is_news();
        }
        if let Some(attributes) = &document.attributes {
            changed |=
                stamps.settle(part::ATTRIBUTES, stamp, &mut told.attributes, attributes.clone()).is_news();
        }
        changed
    }

    /// Part by part, so that one who may not see a part, and tells it masked, does not wipe it out.
    fn tell_buyer(&mut self, buyer: &BuyerDocument, stamp: Stamp) -> bool {
        let stamps = &mut self.merge.stamps;
        let mut known = self.told.buyer.take().unwrap_or_default();
        let whole = buyer.address_is_whole();
        let buyer = buyer.unmasked();
        let mut changed = false;
        if buyer.name.is_some() {
            changed |= stamps.settle(part::BUYER_NAME, stamp, &mut known.name, buyer.name).is_news();
        }
        if buyer.phone.is_some() {
            let mut phone = (known.phone, known.phone_verified);
            let told = (buyer.phone, buyer.phone_verified);
            changed |= stamps.settle(part::BUYER_PHONE, stamp, &mut phone, told).is_news();
            (known.phone, known.phone_verified) = phone;
        }
        if buyer.email.is_some() {
            let mut email = (known.email, known.email_verified);
            let told = (buyer.email, buyer.email_verified);
            changed |= stamps.settle(part::BUYER_EMAIL, stamp, &mut email, told).is_news();
            (known.email, known.email_verified) = email;
        }
        if buyer.address.is_some() {
            // A whole address stands against every masked one: what those leave out is not gone.
            let stamp = Stamp(i64::from(whole), stamp.0);
            changed |= stamps.settle(part::BUYER_ADDRESS, stamp, &mut known.address, buyer.address).is_news();
        }
        self.told.buyer = Some(known).filter(|known| *known != BuyerDocument::default());
        changed
    }

    fn tell_refunds(&mut self, document: &OrderDocument, version: i64) -> bool {
        let mut changed = false;
        for refund in document.refunds.iter().flatten() {
            let told = ToldRefund { at: refund.refunded_at.micros(), amount: refund.amount, version };
            let newness = |refund: &ToldRefund| (refund.version, refund.amount, refund.at);
            let newer = self
                .merge
                .refunds
                .get(&refund.external_id)
                .is_none_or(|known| newness(&told) > newness(known));
            if newer {
                self.merge.refunds.insert(refund.external_id.clone(), told);
                changed = true;
            }
        }
        if let Some(total) = document.refunded_amount.filter(|&total| total > 0) {
            changed |= self.tell_refund_total(version, total);
        }
        changed
    }

    /// Keeps the totals that are greater than every earlier one: what is refunded only grows.
    fn tell_refund_total(&mut self, version: i64, total: i64) -> bool {
        let totals = &mut self.merge.refund_totals;
        if totals.range(..=version).any(|(_, &earlier)| earlier >= total) {
            return false;
        }
        totals.retain(|&later, amount| later < version || *amount > total);
        totals.insert(version, total);
        true
    }
}

/// A short digest of the lines' content.
fn digest(lines: &[LineDocument]) -> String {
    let content = serde_json::to_vec(lines).unwrap_or_default();
    Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(told: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut order = Order::unknown(OrderId::nil(), ShopId::nil(), "1");
        for &(version, total) in told {
            order.tell_refund_total(version, total);
        }
        order.merge.refund_totals.into_iter().collect()
    }

    #[test]
    fn refund_totals_only_grow_whatever_arrives_first() {
        let expected = vec![(2, 50), (4, 80)];
        assert_eq!(totals(&[(2, 50), (3, 50), (4, 80), (5, 10)]), expected);
        assert_eq!(totals(&[(5, 10), (4, 80), (3, 50), (2, 50)]), expected);
        assert_eq!(totals(&[(4, 80), (2, 50), (5, 10), (3, 50), (4, 80)]), expected);
    }
}
