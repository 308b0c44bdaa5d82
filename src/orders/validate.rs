//! What a canonical order must keep to beyond its types.

use super::document::{Address, Attributes, BuyerDocument, LineDocument, OrderDocument, RefundDocument};
use crate::currency;
use crate::validation::{Report, Validate};

/// The largest amount, in minor units: far above any order, far below what sums could overflow.
pub const MAX_AMOUNT: i64 = 10_000_000_000_000;
pub const MAX_LINES: usize = 1_000;
pub const MAX_REFUNDS: usize = 200;
pub const MAX_NAMES: usize = 50;
pub const MAX_ID: usize = 255;
/// How the id of a refund begins that `refunded_amount` told and nothing else explains.
pub const DERIVED_REFUND: &str = "refunded_amount@";
const MAX_QUANTITY: i64 = 1_000_000;
const MAX_TITLE: usize = 500;
const MAX_NOTE: usize = 5_000;
const MAX_ATTRIBUTES: usize = 100;
const MAX_ATTRIBUTE: usize = 1_000;

impl Validate for OrderDocument {
    fn validate(&self, report: &mut Report) {
        if self.currency.as_deref().is_some_and(|code| !currency::is_known(code)) {
            report.add("currency", "unknown_currency", "must be an ISO 4217 code such as `CNY`");
        }
        report.within("total_amount", self.total_amount, 0, MAX_AMOUNT);
        report.within("discount_amount", self.discount_amount, 0, MAX_AMOUNT);
        report.within("shipping_amount", self.shipping_amount, 0, MAX_AMOUNT);
        report.within("refunded_amount", self.refunded_amount, 0, MAX_AMOUNT);
        if self.total_amount.is_none() && (self.discount_amount.is_some() || self.shipping_amount.is_some()) {
            report.add("total_amount", "required", "is needed where another amount is told");
        }
        if self.exchange_rate.as_deref().is_some_and(|rate| currency::Rate::parse(rate).is_none()) {
            report.add("exchange_rate", "invalid_rate", "must be a positive decimal such as `7.1234`");
        }
        report.text("source", self.source.as_deref(), MAX_ID);
        report.text("note", self.note.as_deref(), MAX_NOTE);
        names("promotions", self.promotions.as_deref(), report);
        names("coupon_codes", self.coupon_codes.as_deref(), report);
        if let Some(attributes) = &self.attributes {
            report.under("attributes", |report| check_attributes(attributes, report));
        }
        if let Some(buyer) = &self.customer {
            report.under("customer", |report| buyer.validate(report));
        }
        if let Some(lines) = &self.lines {
            each("lines", lines, MAX_LINES, report);
        }
        if let Some(refunds) = &self.refunds {
            each("refunds", refunds, MAX_REFUNDS, report);
            let mut ids: Vec<&str> = refunds.iter().map(|refund| refund.external_id.as_str()).collect();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                report.add("refunds", "duplicate", "an `external_id` may stand only once in the list");
            }
        }
    }
}

impl Validate for BuyerDocument {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", self.external_id.as_deref(), MAX_ID);
        report.text("name", self.name.as_deref(), MAX_ID);
        report.text("phone", self.phone.as_deref(), 50);
        report.text("email", self.email.as_deref(), 254);
        if let Some(address) = &self.address {
            report.under("address", |report| address.validate(report));
        }
    }
}

impl Validate for Address {
    fn validate(&self, report: &mut Report) {
        let alpha2 = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.country.as_deref().is_some_and(|code| !alpha2(code)) {
            report.add("country", "invalid_country", "must be an ISO 3166-1 alpha-2 code such as `CN`");
        }
        for (key, value) in [("province", &self.province), ("city", &self.city), ("district", &self.district)]
        {
            report.text(key, value.as_deref(), MAX_ID);
        }
        report.text("line", self.line.as_deref(), MAX_TITLE);
        report.text("postcode", self.postcode.as_deref(), 20);
    }
}

impl Validate for LineDocument {
    fn validate(&self, report: &mut Report) {
        for (key, value) in [
            ("external_id", &self.external_id),
            ("sku", &self.sku),
            ("product_external_id", &self.product_external_id),
        ] {
            report.text(key, value.as_deref(), MAX_ID);
        }
        report.text("title", self.title.as_deref(), MAX_TITLE);
        report.text("category", self.category.as_deref(), MAX_TITLE);
        report.within("quantity", Some(self.quantity), 1, MAX_QUANTITY);
        report.within("unit_amount", self.unit_amount, 0, MAX_AMOUNT);
        report.within("total_amount", Some(self.total_amount), 0, MAX_AMOUNT);
        report.under("attributes", |report| check_attributes(&self.attributes, report));
    }
}

impl Validate for RefundDocument {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", Some(&self.external_id), MAX_ID);
        if self.external_id.starts_with(DERIVED_REFUND) {
            let detail =
                format!("ids that begin with `{DERIVED_REFUND}` stand for refunds that a total told");
            report.add("external_id", "reserved", detail);
        }
        report.within("amount", Some(self.amount), 0, MAX_AMOUNT);
    }
}

/// Free properties: scalars of bounded number and length.
pub fn check_attributes(attributes: &Attributes, report: &mut Report) {
    if !report.list_length("", attributes.len(), MAX_ATTRIBUTES) {
        return;
    }
    for (name, value) in attributes {
        if name.trim().is_empty() || name.chars().count() > MAX_ID {
            report.add("", "invalid_name", format!("a property's name has 1 to {MAX_ID} characters"));
        }
        match value {
            serde_json::Value::String(text) if text.chars().count() > MAX_ATTRIBUTE => {
                report.under(name, |report| {
                    report.add("", "too_long", format!("must have at most {MAX_ATTRIBUTE} characters"));
                })
            }
            serde_json::Value::Array(_) | serde_json::Value::Object(_) | serde_json::Value::Null => {
                report.under(name, |report| {
                    report.add("", "not_scalar", "must be a text, a number or a truth value")
                });
            }
            _ => {}
        }
    }
}

fn each<T: Validate>(key: &str, items: &[T], most: usize, report: &mut Report) {
    if report.list_length(key, items.len(), most) {
        report.under(key, |report| {
            for (index, item) in items.iter().enumerate() {
                report.under(index, |report| item.validate(report));
            }
        });
    }
}

fn names(key: &str, values: Option<&[String]>, report: &mut Report) {
    let Some(values) = values else { return };
    if report.list_length(key, values.len(), MAX_NAMES) {
        report.under(key, |report| {
            for (index, value) in values.iter().enumerate() {
                report.text(&index.to_string(), Some(value), MAX_ID);
            }
        });
    }
}
