//! What a column can be mapped to.

use super::Kind;

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    Moment,
    Amount,
    Whole,
    Truth,
    Status,
    /// A list of names, such as coupon codes.
    Names,
    /// A whole address in one cell.
    Address,
    /// Several properties in one cell.
    Attributes,
}

const ORDERS: &[(&str, Shape)] = &[
    ("version", Shape::Moment),
    ("status", Shape::Status),
    ("ordered_at", Shape::Moment),
    ("paid_at", Shape::Moment),
    ("shipped_at", Shape::Moment),
    ("delivered_at", Shape::Moment),
    ("completed_at", Shape::Moment),
    ("closed_at", Shape::Moment),
    ("currency", Shape::Text),
    ("total_amount", Shape::Amount),
    ("discount_amount", Shape::Amount),
    ("shipping_amount", Shape::Amount),
    ("exchange_rate", Shape::Text),
    ("refunded_amount", Shape::Amount),
    ("source", Shape::Text),
    ("promotions", Shape::Names),
    ("coupon_codes", Shape::Names),
    ("note", Shape::Text),
    ("attributes", Shape::Attributes),
    ("customer.external_id", Shape::Text),
    ("customer.name", Shape::Text),
    ("customer.phone", Shape::Text),
    ("customer.phone_verified", Shape::Truth),
    ("customer.email", Shape::Text),
    ("customer.email_verified", Shape::Truth),
    ("customer.address", Shape::Address),
    ("customer.address.country", Shape::Text),
    ("customer.address.province", Shape::Text),
    ("customer.address.city", Shape::Text),
    ("customer.address.district", Shape::Text),
    ("customer.address.line", Shape::Text),
    ("customer.address.postcode", Shape::Text),
    ("line.external_id", Shape::Text),
    ("line.sku", Shape::Text),
    ("line.product_external_id", Shape::Text),
    ("line.title", Shape::Text),
    ("line.category", Shape::Text),
    ("line.quantity", Shape::Whole),
    ("line.unit_amount", Shape::Amount),
    ("line.total_amount", Shape::Amount),
    ("line.attributes", Shape::Attributes),
];

const CUSTOMERS: &[(&str, Shape)] = &[
    ("version", Shape::Moment),
    ("name", Shape::Text),
    ("nick", Shape::Text),
    ("gender", Shape::Text),
    ("birthday", Shape::Text),
    ("language", Shape::Text),
    ("phone", Shape::Text),
    ("email", Shape::Text),
    ("address", Shape::Address),
    ("address.country", Shape::Text),
    ("address.province", Shape::Text),
    ("address.city", Shape::Text),
    ("address.district", Shape::Text),
    ("address.line", Shape::Text),
    ("address.postcode", Shape::Text),
    ("attributes", Shape::Attributes),
];

const PRODUCTS: &[(&str, Shape)] = &[
    ("title", Shape::Text),
    ("category", Shape::Text),
    ("brand", Shape::Text),
    ("tags", Shape::Names),
    ("currency", Shape::Text),
    ("price_amount", Shape::Amount),
    ("cost_amount", Shape::Amount),
    ("status", Shape::Status),
    ("url", Shape::Text),
    ("image_url", Shape::Text),
    ("attributes", Shape::Attributes),
    ("variant.sku", Shape::Text),
    ("variant.price_amount", Shape::Amount),
    ("variant.cost_amount", Shape::Amount),
    ("variant.attributes", Shape::Attributes),
];

/// The field that every record has: the key in the shop.
pub const KEY: &str = "external_id";

/// How a target is read, if there is such a target. `….attributes.<name>` takes any name.
pub fn shape(kind: Kind, target: &str) -> Option<Shape> {
    let known = targets(kind);
    if target == KEY || is_property(target) && known.iter().any(|(name, _)| target.starts_with(name)) {
        return Some(Shape::Text);
    }
    known.iter().find(|(name, _)| *name == target).map(|(_, shape)| *shape)
}

/// Whether the target is one property by name.
fn is_property(target: &str) -> bool {
    ["attributes.", "line.attributes.", "variant.attributes."]
        .iter()
        .any(|start| target.strip_prefix(start).is_some_and(|name| !name.is_empty()))
}

/// The steps from the document to the value. A property's name may itself have dots in it.
pub fn steps(target: &str) -> Vec<&str> {
    match target.split_once("attributes.") {
        Some((before, name)) => before.split_terminator('.').chain(["attributes", name]).collect(),
        None => target.split('.').collect(),
    }
}

fn targets(kind: Kind) -> &'static [(&'static str, Shape)] {
    match kind {
        Kind::Orders => ORDERS,
        Kind::Customers => CUSTOMERS,
        Kind::Products => PRODUCTS,
    }
}

/// A list of the document of which each record is one member: what it is called in targets and in the document.
pub fn part(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Orders => Some(("line", "lines")),
        Kind::Products => Some(("variant", "variants")),
        Kind::Customers => None,
    }
}
