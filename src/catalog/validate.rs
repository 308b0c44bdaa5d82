//! What a product must keep to beyond its types.

use super::model::{ProductDocument, VariantDocument};
use crate::currency;
use crate::orders::validate::{MAX_AMOUNT, MAX_ID, MAX_NAMES, check_attributes};
use crate::validation::{Report, Validate};

const MAX_TITLE: usize = 500;
const MAX_URL: usize = 2_000;
const MAX_VARIANTS: usize = 1_000;

impl Validate for ProductDocument {
    fn validate(&self, report: &mut Report) {
        report.text("title", Some(&self.title), MAX_TITLE);
        report.text("category", self.category.as_deref(), MAX_TITLE);
        report.text("brand", self.brand.as_deref(), MAX_ID);
        if report.list_length("tags", self.tags.len(), MAX_NAMES) {
            for (index, tag) in self.tags.iter().enumerate() {
                report.under("tags", |report| report.text(&index.to_string(), Some(tag), MAX_ID));
            }
        }
        if self.currency.as_deref().is_some_and(|code| !currency::is_known(code)) {
            report.add("currency", "unknown_currency", "must be an ISO 4217 code such as `CNY`");
        }
        report.within("price_amount", self.price_amount, 0, MAX_AMOUNT);
        report.within("cost_amount", self.cost_amount, 0, MAX_AMOUNT);
        report.under("attributes", |report| check_attributes(&self.attributes, report));
        check_url("url", self.url.as_deref(), report);
        check_url("image_url", self.image_url.as_deref(), report);
        if report.list_length("variants", self.variants.len(), MAX_VARIANTS) {
            for (index, variant) in self.variants.iter().enumerate() {
                report.under("variants", |report| report.under(index, |report| variant.validate(report)));
            }
            let mut skus: Vec<&str> = self.variants.iter().map(|variant| variant.sku.as_str()).collect();
            skus.sort_unstable();
            if skus.windows(2).any(|pair| pair[0] == pair[1]) {
                report.add("variants", "duplicate", "a `sku` may stand only once in the list");
            }
        }
    }
}

impl Validate for VariantDocument {
    fn validate(&self, report: &mut Report) {
        report.text("sku", Some(&self.sku), MAX_ID);
        report.within("price_amount", self.price_amount, 0, MAX_AMOUNT);
        report.within("cost_amount", self.cost_amount, 0, MAX_AMOUNT);
        report.under("attributes", |report| check_attributes(&self.attributes, report));
    }
}

/// Only addresses of the web: a frontend will make links of them.
fn check_url(key: &str, url: Option<&str>, report: &mut Report) {
    report.text(key, url, MAX_URL);
    if url.is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        report.add(key, "invalid_url", "must begin with `https://` or `http://`");
    }
}
