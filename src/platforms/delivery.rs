//! What goes into an adapter and what comes out of it.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::signature::fingerprint;
use crate::customers::document::{Gender, check_texts};
use crate::orders::document::{Address, Attributes, OrderDocument};
use crate::orders::validate::{MAX_ID, check_attributes};
use crate::time::Timestamp;
use crate::validation::{Report, Validate, Violation};

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What follows the shop in the path, without the slash, for platforms that append to the address.
    pub tail: &'a str,
    /// The query, still encoded, without the question mark.
    pub query: &'a str,
    pub headers: Headers<'a>,
    /// The bytes as they came, before any decoding.
    pub body: &'a [u8],
}

/// The headers of a request, by name in any letter case.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(&'a [(&'a str, &'a [u8])]);

impl<'a> Headers<'a> {
    pub fn new(pairs: &'a [(&'a str, &'a [u8])]) -> Self {
        Self(pairs)
    }

    /// The first header of the name, where it is a text.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// What an adapter is told about the shop and the moment.
#[derive(Debug, Clone)]
pub struct Context {
    /// The shop's zone: where a time has no offset, it was written there.
    pub time_zone: TimeZone,
    /// The shop's currency, for amounts that name none.
    pub currency: String,
    /// When the delivery came in (for a replay, when it first came in): stands in where a message has no time at all.
    pub received_at: Timestamp,
}

/// How an accepted request was told to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticity {
    /// Signed by one of the shop's secrets.
    Signed,
    /// Not signed and harmless: it tells nothing and is only to be answered. Worth no place in the inbox, since anybody
    /// can send it.
    UnsignedPing,
}

/// What one request tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The same for every attempt at the same delivery, different for all others of the shop; at most 200 characters.
    /// A way to skip work, not more: applying twice changes nothing.
    pub delivery_key: String,
    /// The platform's name for what happened.
    pub topic: String,
    /// When it happened, where the message says.
    pub event_time: Option<Timestamp>,
    /// In the order of the message; none depends on an earlier one.
    pub events: Vec<Event>,
}

impl Delivery {
    /// Joins what identifies a delivery to its key.
    pub fn key(parts: &[&str]) -> String {
        let key = parts.join(":");
        if key.len() <= 200 && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            key
        } else {
            fingerprint(key.as_bytes())
        }
    }
}

/// One thing that happened, in the archive's terms.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An order, or a part of what is known about it.
    Order { external_id: String, document: Box<OrderDocument> },
    /// The platform's record of a customer.
    Customer(Box<CustomerUpdate>),
    /// Somebody asks what is held on them.
    CustomerDataRequest(PrivacyRequest),
    /// Somebody's personal data is to be erased.
    CustomerRedact(PrivacyRequest),
    /// The shop has left; the personal data of all its customers is to be erased.
    ShopRedact,
    /// The platform only tries whether anybody answers.
    Ping,
    /// Authentic and of no use here.
    Ignored { reason: Cow<'static, str> },
    /// One of several messages that could not be read; the others stand.
    Refused { error: ParseError },
}

impl Event {
    /// An order whose document keeps to the limits of the canonical order.
    pub fn order(external_id: String, document: OrderDocument) -> Result<Self, ParseError> {
        let mut report = Report::default();
        report.text("external_id", Some(&external_id), MAX_ID);
        document.validate(&mut report);
        let violations = report.into_violations();
        if !violations.is_empty() {
            return Err(ParseError::Invalid(violations));
        }
        Ok(Self::Order { external_id, document: Box::new(document) })
    }

    /// A customer whose record keeps to the limits.
    pub fn customer(update: CustomerUpdate) -> Result<Self, ParseError> {
        let report = Report::of(&update);
        if !report.is_empty() {
            return Err(ParseError::Invalid(report));
        }
        Ok(Self::Customer(Box::new(update)))
    }

    pub fn ignored(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Ignored { reason: reason.into() }
    }
}

/// As many tags as a person has on any platform.
pub const MAX_TAGS: usize = 250;

/// What a platform's customer record tells. What is absent tells nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerUpdate {
    /// The platform's stable id of the person.
    pub external_id: String,
    /// Orders the updates of one customer.
    pub version: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// `YYYY-MM-DD`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The platform vouches that the phone is the person's own.
    #[serde(default)]
    pub phone_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The platform vouches that the address is the person's own.
    #[serde(default)]
    pub email_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Free properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// The platform's own tags, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Tags that the platform gave, where it tells changes instead of all tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_added: Vec<String>,
    /// Tags that it took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags_removed: Vec<String>,
    /// What the person allowed or forbade, where the platform says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
}

impl CustomerUpdate {
    /// A record that tells nothing yet.
    pub fn of(external_id: String, version: Timestamp) -> Self {
        Self {
            external_id,
            version,
            name: None,
            nick: None,
            gender: None,
            birthday: None,
            language: None,
            phone: None,
            phone_verified: false,
            email: None,
            email_verified: false,
            address: None,
            attributes: None,
            tags: None,
            tags_added: Vec::new(),
            tags_removed: Vec::new(),
            consents: Vec::new(),
        }
    }
}

impl Validate for CustomerUpdate {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", Some(&self.external_id), MAX_ID);
        report.text("name", self.name.as_deref(), MAX_ID);
        report.text("phone", self.phone.as_deref(), 50);
        report.text("email", self.email.as_deref(), 254);
        let (nick, birthday, language) = (&self.nick, &self.birthday, &self.language);
        check_texts([None, nick.as_deref(), birthday.as_deref(), language.as_deref(), None, None], report);
        if let Some(address) = &self.address {
            report.under("address", |report| address.validate(report));
        }
        if let Some(attributes) = &self.attributes {
            report.under("attributes", |report| check_attributes(attributes, report));
        }
        let tags = self.tags.as_deref().unwrap_or_default();
        for (field, tags) in
            [("tags", tags), ("tags_added", &self.tags_added), ("tags_removed", &self.tags_removed)]
        {
            if report.list_length(field, tags.len(), MAX_TAGS) {
                report.under(field, |report| {
                    for (index, tag) in tags.iter().enumerate() {
                        report.text(&index.to_string(), Some(tag), MAX_ID);
                    }
                });
            }
        }
        if report.list_length("consents", self.consents.len(), 20) {
            report.under("consents", |report| {
                for (index, consent) in self.consents.iter().enumerate() {
                    report.under(index, |report| {
                        report.text("channel", Some(&consent.channel), MAX_ID);
                    });
                }
            });
        }
    }
}

/// Whether somebody wants to be written to over a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// `email`, `sms` …
    pub channel: String,
    pub granted: bool,
    /// When they said so; the record's version where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Whose data a privacy request is about. Any of the keys may be all there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyRequest {
    /// The platform's id of the person.
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    /// The platform's ids of the orders in question.
    #[serde(default)]
    pub orders: Vec<String>,
    /// The platform's id of the request itself.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// Why an authentic request could not be read. Names places, never values: those may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the body is no JSON, or too deep (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` has not the form that it has on this platform")]
    Malformed(&'static str),
    #[error("{at}: {problem}")]
    Shape { at: String, problem: String },
    #[error("beyond what an order or a customer may be: {}", summary(.0))]
    Invalid(Vec<Violation>),
}

fn summary(violations: &[Violation]) -> String {
    let each = violations.iter().take(10);
    let each: Vec<String> =
        each.map(|violation| format!("`{}` {}", violation.pointer, violation.detail)).collect();
    each.join("; ")
}

/// The answer that a platform takes for "received".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Cow<'static, str>,
}

impl Acknowledgement {
    /// For platforms that look at the status only. 200 and not 204: WooCommerce's first ping wants exactly that.
    pub const EMPTY: Self = Self { status: 200, content_type: "application/json", body: Cow::Borrowed("{}") };

    /// What the Chinese shop platforms want to read.
    pub const CODE_ZERO: Self = Self {
        status: 200,
        content_type: "application/json",
        body: Cow::Borrowed(r#"{"code":0,"msg":"success"}"#),
    };
}

/// A document that tells nothing yet but that the order exists.
pub fn blank(version: Timestamp) -> OrderDocument {
    OrderDocument {
        version,
        status: None,
        ordered_at: None,
        paid_at: None,
        shipped_at: None,
        delivered_at: None,
        completed_at: None,
        closed_at: None,
        currency: None,
        total_amount: None,
        discount_amount: None,
        shipping_amount: None,
        exchange_rate: None,
        refunds: None,
        refunded_amount: None,
        source: None,
        promotions: None,
        customer: None,
        lines: None,
        coupon_codes: None,
        note: None,
        attributes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_letter_case() {
        let pairs =
            [("X-Shopify-Topic", b" orders/create ".as_slice()), ("x-bytes", b"\xff"), ("x-empty", b" ")];
        let headers = Headers::new(&pairs);
        assert_eq!(headers.get("x-shopify-topic"), Some("orders/create"));
        assert_eq!(headers.get("X-BYTES"), None);
        assert_eq!(headers.get("x-empty"), None);
        assert_eq!(headers.get("x-none"), None);
    }

    #[test]
    fn a_delivery_key_is_bounded_and_keeps_what_differs() {
        assert_eq!(Delivery::key(&["orders/create", "b54557e4"]), "orders/create:b54557e4");
        let (long, longer) = ("a".repeat(500), "a".repeat(501));
        assert_eq!(Delivery::key(&[&long]).len(), 32);
        assert_ne!(Delivery::key(&[&long]), Delivery::key(&[&longer]));
    }
}
