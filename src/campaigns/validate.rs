//! What a campaign must hold beyond its types.

use std::collections::HashSet;

use super::document::{Audience, CampaignDocument, Group, Variant};
use super::model::HOLDOUT;
use super::text::Template;
use crate::orders::validate::MAX_AMOUNT;
use crate::validation::{Report, Validate};

const LONGEST_NAME: usize = 200;
const LONGEST_KEY: usize = 50;
const LONGEST_TEXT: usize = 2_000;
const LONGEST_QUERY: usize = 20_000;
const LONGEST_CODE: usize = 100;
const MOST_CELL_SEGMENTS: usize = 8;
const MOST_VARIANTS: usize = 20;
const MOST_COSTS: usize = 50;
const MOST_CODES: usize = 50;
const MOST_PRODUCTS: usize = 200;
/// Customers that an audience may name one by one.
pub const MOST_CUSTOMERS: usize = 10_000;
const LONGEST_WINDOW: i64 = 90;

impl Validate for CampaignDocument {
    fn validate(&self, report: &mut Report) {
        report.text("name", Some(&self.name), LONGEST_NAME);
        report.text("subject", self.subject.as_deref(), LONGEST_CODE);
        report.text("seed", self.seed.as_deref(), LONGEST_CODE);
        report.within("window_days", Some(self.window_days), 1, LONGEST_WINDOW);
        report.within("budget_amount", self.budget_amount, 0, MAX_AMOUNT);
        report.within("conversion/minimum_amount", self.conversion.minimum_amount, 0, MAX_AMOUNT);
        if let Some(audience) = &self.audience {
            report.under("audience", |report| check_audience(audience, report));
        }
        check_channels(self, report);
        check_variants(&self.variants, report);
        check_holdout(self.holdout_percent, report);
        if report.list_length("cell_segments", self.cell_segments.len(), MOST_CELL_SEGMENTS)
            && self.cell_segments.iter().collect::<HashSet<_>>().len() < self.cell_segments.len()
        {
            report.add("cell_segments", "duplicate", "must name each segment once");
        }
        let codes = [("coupon_codes", &self.coupon_codes, MOST_CODES)];
        check_codes(&codes, report);
        report.under("conversion", |report| {
            let conversion = &self.conversion;
            check_codes(&[("products", &conversion.products, MOST_PRODUCTS)], report);
            check_codes(&[("coupon_codes", &conversion.coupon_codes, MOST_CODES)], report);
        });
        if report.list_length("costs", self.costs.len(), MOST_COSTS) {
            for (index, cost) in self.costs.iter().enumerate() {
                report.under("costs", |report| report.under(index, |report| cost.validate(report)));
            }
        }
    }
}

fn check_audience(audience: &Audience, report: &mut Report) {
    check_group(&audience.who(), report);
    if let Some(exclude) = &audience.exclude {
        report.under("exclude", |report| check_group(exclude, report));
    }
}

fn check_group(group: &Group, report: &mut Report) {
    let given = [group.query.is_some(), group.segment_id.is_some(), group.customer_ids.is_some()];
    if given.into_iter().filter(|given| *given).count() != 1 {
        report.add("", "one_of", "must have exactly one of query, segment_id and customer_ids");
    }
    report.text("query", group.query.as_deref(), LONGEST_QUERY);
    let customers = group.customer_ids.as_deref();
    report.list_length("customer_ids", customers.map_or(0, <[_]>::len), MOST_CUSTOMERS);
}

fn check_channels(document: &CampaignDocument, report: &mut Report) {
    if document.channels.is_empty() {
        report.add("channels", "empty", "must name at least one channel");
    }
    if document.channels.iter().collect::<HashSet<_>>().len() < document.channels.len() {
        report.add("channels", "duplicate", "must name each channel once");
    }
}

fn check_variants(variants: &[Variant], report: &mut Report) {
    if variants.is_empty() {
        report.add("variants", "empty", "must have at least one variant");
        return;
    }
    if !report.list_length("variants", variants.len(), MOST_VARIANTS) {
        return;
    }
    let mut keys = HashSet::new();
    for (index, variant) in variants.iter().enumerate() {
        report.under("variants", |report| {
            report.under(index, |report| {
                report.text("key", Some(&variant.key), LONGEST_KEY);
                if variant.key == HOLDOUT {
                    report.add("key", "reserved", "`holdout` is the arm of those who are left out");
                }
                if !keys.insert(&variant.key) {
                    report.add("key", "duplicate", "must be the only variant of this name");
                }
                if !(variant.weight > 0.0 && variant.weight <= 100.0) {
                    report.add("weight", "out_of_range", "must be above 0 and at most 100");
                }
                check_text(variant.text.as_deref(), report);
            });
        });
    }
    let sum: f64 = variants.iter().map(|variant| variant.weight).sum();
    // Thirds do not add up to the last digit.
    if (sum - 100.0).abs() > 0.1 && (sum - 1.0).abs() > 0.001 {
        report.add(
            "variants",
            "weights_do_not_add_up",
            format!("the weights must add up to 100 (or to 1); they come to {sum}"),
        );
    }
}

fn check_text(text: Option<&str>, report: &mut Report) {
    report.text("text", text, LONGEST_TEXT);
    if let Some(Err(error)) = text.map(str::parse::<Template>) {
        report.add("text", error.code(), error.to_string());
    }
}

fn check_holdout(percent: Option<f64>, report: &mut Report) {
    if percent.is_some_and(|percent| !(percent > 0.0 && percent < 100.0)) {
        report.add(
            "holdout_percent",
            "out_of_range",
            "must be above 0 and below 100; leave it out for a campaign without a holdout",
        );
    }
}

fn check_codes(lists: &[(&str, &Vec<String>, usize)], report: &mut Report) {
    for (key, codes, most) in lists {
        if report.list_length(key, codes.len(), *most) {
            for (index, code) in codes.iter().enumerate() {
                report.under(key, |report| report.text(&index.to_string(), Some(code), LONGEST_CODE));
            }
        }
    }
}
