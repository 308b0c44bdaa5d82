//! The canonical order: what every way in is turned into, and the body of the upsert.
//!
//! A document tells *parts* of an order. A part that is absent or `null` tells nothing about it and leaves what is
//! known; a part that is there competes with what is known by its version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::OrderStatus;
use crate::http::mask::is_partly_hidden;
use crate::time::Timestamp;

/// Free properties: text, number or truth by name.
pub type Attributes = BTreeMap<String, Value>;

/// An order, or what one event tells of it. No date of a step or a refund may lie more than a day in the future.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = order_example)]
pub struct OrderDocument {
    /// Orders the updates of one order: the newer wins, part by part, whatever arrives first. Usually the platform's
    /// own modification time. At most a day in the future.
    pub version: Timestamp,
    /// Where the order stands. Without one it follows from the dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// When the buyer placed the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<Timestamp>,
    /// When it was paid; on a till the moment of the sale. Where it is not told, the first version that told a paid
    /// status stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it left the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it reached the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When the platform called it finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled or expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// ISO 4217 code of all amounts of the order; the shop's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// What the buyer pays, after discounts, with shipping and tax, in minor units. The amounts are one part: told
    /// together by the document that has a total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 25800, minimum = 0)]
    pub total_amount: Option<i64>,
    /// What was taken off, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub discount_amount: Option<i64>,
    /// The share of the total that is shipping, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub shipping_amount: Option<i64>,
    /// One unit of the order's currency in the tenant's currency, as a decimal. Where absent the rate of the settings
    /// for the day of the order is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "7.1234")]
    pub exchange_rate: Option<String>,
    /// Refunds told one by one; each is kept by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunds: Option<Vec<RefundDocument>>,
    /// All that was refunded up to this version, in minor units. What it tells beyond the refunds is dated by
    /// `version`. It only grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub refunded_amount: Option<i64>,
    /// Where the order came from within the platform, such as `app`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Promotions that it was part of, such as `双十一`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotions: Option<Vec<String>>,
    /// Who bought. Absent for guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<BuyerDocument>,
    /// What was bought; the list replaces an older one as a whole. May be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineDocument>>,
    /// Coupons that were redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_codes: Option<Vec<String>>,
    /// The buyer's or seller's remark. Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Free properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub attributes: Option<Attributes>,
}

impl OrderDocument {
    /// What it tells of the order itself. Free properties may tell of people: buyers type gift notes and engravings.
    pub fn without_people(&self) -> Self {
        let bare = |line: &LineDocument| LineDocument { attributes: Attributes::new(), ..line.clone() };
        let lines = self.lines.as_ref().map(|lines| lines.iter().map(bare).collect());
        Self { customer: None, note: None, attributes: None, lines, ..self.clone() }
    }
}

/// Who bought. Name, phone, e-mail and address are parts of their own. A masked one (`138****1234`) tells nothing, and
/// of an address whose district, line or postcode is masked the rest counts while no whole one is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyerDocument {
    /// The platform's stable id of the buyer; by it the order finds its customer. Without it, and without a phone or
    /// mailbox that is vouched for, the order is a guest's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ouid-123")]
    pub external_id: Option<String>,
    /// Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A contact; an identity only where it is verified, for a parcel's phone may be anybody's. Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "13800001234")]
    pub phone: Option<String>,
    /// The platform vouches that the phone is the buyer's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone_verified: bool,
    /// Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The platform vouches that the address is the buyer's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_verified: bool,
    /// Where it is sent. Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address, from the large to the small.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CN")]
    pub country: Option<String>,
    /// Province, state or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "浙江")]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "杭州")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Street, house and door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
}

impl OrderDocument {
    /// Leads to the first of its steps and refunds that is dated after `limit`.
    pub fn step_after(&self, limit: Timestamp) -> Option<String> {
        let steps = [
            ("ordered_at", self.ordered_at),
            ("paid_at", self.paid_at),
            ("shipped_at", self.shipped_at),
            ("delivered_at", self.delivered_at),
            ("completed_at", self.completed_at),
            ("closed_at", self.closed_at),
        ];
        let step = steps.into_iter().find(|(_, at)| at.is_some_and(|at| at > limit));
        let refund = || self.refunds.iter().flatten().position(|refund| refund.refunded_at > limit);
        step.map(|(name, _)| format!("/{name}"))
            .or_else(|| refund().map(|index| format!("/refunds/{index}/refunded_at")))
    }
}

impl BuyerDocument {
    /// What it tells without what is masked.
    #[must_use]
    pub fn unmasked(&self) -> Self {
        let plain = |text: &Option<String>| text.clone().filter(|text| !is_partly_hidden(text));
        let (phone, email) = (plain(&self.phone), plain(&self.email));
        Self {
            external_id: self.external_id.clone(),
            name: plain(&self.name),
            phone_verified: self.phone_verified && phone.is_some(),
            phone,
            email_verified: self.email_verified && email.is_some(),
            email,
            address: self
                .address
                .as_ref()
                .map(Address::unmasked)
                .filter(|address| *address != Address::default()),
        }
    }

    /// Whether its address says all that whoever tells it knows.
    pub fn address_is_whole(&self) -> bool {
        self.address.as_ref().is_none_or(Address::is_whole)
    }
}

impl Address {
    /// Whether nothing of it is masked.
    pub fn is_whole(&self) -> bool {
        *self == self.unmasked()
    }

    /// What it tells without what is masked.
    #[must_use]
    pub fn unmasked(&self) -> Self {
        let plain = |text: &Option<String>| text.clone().filter(|text| !is_partly_hidden(text));
        Self {
            district: plain(&self.district),
            line: plain(&self.line),
            postcode: plain(&self.postcode),
            ..self.clone()
        }
    }
}

/// One position of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineDocument {
    /// The platform's id of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The shop's own key of the variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "DC-XXXXL-RED")]
    pub sku: Option<String>,
    /// The product's id in the shop's catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "羽绒服")]
    pub title: Option<String>,
    /// The category's path, from the large to the small, separated by `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "女装/羽绒服")]
    pub category: Option<String>,
    /// The variant's properties, such as size and colour.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Value>)]
    pub attributes: Attributes,
    #[schema(minimum = 1, example = 1)]
    pub quantity: i64,
    /// Price of one, before discounts, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub unit_amount: Option<i64>,
    /// What the buyer pays for the line, after discounts, in minor units.
    #[schema(minimum = 0, example = 25800)]
    pub total_amount: i64,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundDocument {
    /// The platform's id of the refund, unique within the order.
    #[schema(example = "r1")]
    pub external_id: String,
    pub refunded_at: Timestamp,
    /// In the order's currency, minor units. A refund that was called off has 0.
    #[schema(minimum = 0, example = 5000)]
    pub amount: i64,
}

/// The order of the documentation's examples.
pub fn order_example() -> Value {
    serde_json::json!({
        "version": "2026-11-11T00:03:10Z",
        "status": "paid",
        "ordered_at": "2026-11-10T16:01:02Z",
        "paid_at": "2026-11-10T16:01:40Z",
        "currency": "CNY", "total_amount": 25800, "discount_amount": 2000, "shipping_amount": 0,
        "source": "app", "promotions": ["双十一"],
        "customer": {
            "external_id": "ouid-123", "name": "小4", "phone": "13800001234",
            "address": {"country": "CN", "province": "浙江", "city": "杭州"}
        },
        "lines": [{
            "external_id": "1", "sku": "DC-XXXXL-RED", "product_external_id": "p-9", "title": "羽绒服",
            "category": "女装/羽绒服", "attributes": {"尺码": "XXXXL", "颜色": "红色"},
            "quantity": 1, "unit_amount": 27800, "total_amount": 25800
        }],
        "coupon_codes": ["OLD8"]
    })
}
