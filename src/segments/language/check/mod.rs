//! The syntax tree into the checked tree: names, types, dates. All that is wrong is told at once.

mod calendar;
mod customer;
mod dates;
mod facts;
mod function;
mod lunar;
mod sample;
mod shops;
#[cfg(test)]
mod tests;
mod values;

use super::checked::{self, Checked, Personal, ResolvedDate, Top, TopBy, TopSize};
use super::place::Place;
use super::problem::Problem;
use super::registry::{self, What};
use super::tree::{AsOf, Kind, Name, Node, Query};
use super::value::Decimal;
use crate::ids::ShopId;
use crate::time::Timestamp;

/// What a query means depends on when it is asked, and on the tenant and its shops.
#[derive(Debug, Clone)]
pub struct Context {
    /// The moment of asking.
    pub now: Timestamp,
    /// The tenant's time zone.
    pub zone: jiff::tz::TimeZone,
    /// The tenant's currency, and how many decimals its amounts have.
    pub currency: String,
    pub decimals: u32,
    /// The tenant's country, for phone numbers without a country code.
    pub country: Option<String>,
    /// After so many days without an order a customer is dormant.
    pub dormant_after_days: i64,
    pub shops: Vec<ShopContext>,
}

/// What is to be known of a shop.
#[derive(Debug, Clone)]
pub struct ShopContext {
    pub id: ShopId,
    pub external_id: String,
    pub name: String,
    /// Such as `tmall`.
    pub platform: &'static str,
    pub zone: jiff::tz::TimeZone,
    pub dormant_after_days: i64,
}

/// Looks up every name, gives every value its type and every date its moment.
pub fn check(query: &Query, context: &Context) -> Result<Checked, Vec<Problem>> {
    let mut checker = Checker { context, problems: Vec::new(), personal: Vec::new(), dates: Vec::new() };
    let condition = match &query.condition {
        Some(node) => checker.node(node),
        None => Some(checked::Node { kind: checked::Kind::All(Vec::new()), place: Place::Nowhere }),
    };
    let top = query.top.as_ref().map(|top| checker.top(top));
    if let Some(as_of) = &query.as_of {
        checker.as_of(as_of);
    }
    match (condition, checker.problems.is_empty()) {
        (Some(condition), true) => {
            Ok(Checked { condition, top: top.flatten(), personal: checker.personal, dates: checker.dates })
        }
        _ => Err(checker.problems),
    }
}

struct Checker<'a> {
    context: &'a Context,
    problems: Vec<Problem>,
    personal: Vec<Personal>,
    dates: Vec<ResolvedDate>,
}

/// Nothing where a problem was noted.
type Found<T> = Option<T>;

impl Checker<'_> {
    fn node(&mut self, node: &Node) -> Found<checked::Node> {
        let kind = match &node.kind {
            Kind::And(parts) => checked::Kind::All(self.nodes(parts)?),
            Kind::Or(parts) => checked::Kind::Any(self.nodes(parts)?),
            Kind::Not(inner) => checked::Kind::Not(Box::new(self.node(inner)?)),
            Kind::AtLeast { least, of } => checked::Kind::AtLeast { least: *least, of: self.nodes(of)? },
            Kind::Compare(comparison) => checked::Kind::Leaf(Box::new(self.comparison(comparison)?)),
            Kind::Matches { function, negated, conditions } => {
                let rows = self.function(function, *negated, conditions)?;
                checked::Kind::Leaf(Box::new(checked::Leaf::Rows(rows)))
            }
            Kind::InSegment { reference, as_of } => {
                if let Some(as_of) = as_of {
                    self.as_of(as_of);
                }
                if reference.text.is_empty() {
                    return self.wrong(&reference.place, "empty", "expected the id or the name of a segment");
                }
                checked::Kind::Leaf(Box::new(checked::Leaf::Segment { reference: reference.text.clone() }))
            }
            Kind::Sample { percent, seed } => {
                let Some(leaf) = sample::leaf(*percent, seed.as_ref().map_or("", |seed| &seed.text)) else {
                    return self.wrong(
                        &node.place,
                        "out_of_range",
                        "a sample has more than 0% and at most 100%",
                    );
                };
                checked::Kind::Leaf(Box::new(leaf))
            }
            Kind::Sequence(_) => {
                return self.wrong(
                    &node.place,
                    "not_available_yet",
                    "`SEQUENCE` is not available yet; what was bought and what not can be asked by \
                     `products_purchased MATCHES (…)` and `products_purchased NOT MATCHES (…)`",
                );
            }
        };
        Some(checked::Node { kind, place: node.place.clone() })
    }

    /// All of them are looked at, so that all that is wrong is told.
    fn nodes(&mut self, nodes: &[Node]) -> Found<Vec<checked::Node>> {
        let nodes: Vec<_> = nodes.iter().map(|node| self.node(node)).collect();
        nodes.into_iter().collect()
    }

    fn top(&mut self, top: &super::tree::Top) -> Found<Top> {
        let size = match top.size {
            super::tree::TopSize::Count(count) => TopSize::Count(count),
            super::tree::TopSize::Percent(percent) => {
                if percent <= Decimal::ZERO || percent > Decimal::whole(100) {
                    return self.wrong(&top.place, "out_of_range", "expected more than 0% and at most 100%");
                }
                TopSize::Percent(percent)
            }
        };
        let (field, _) = self.field(&top.by)?;
        // Few days since then is a late date.
        let (by, turned) = match field.what {
            What::Metric(metric, _) => (TopBy::Metric(metric), false),
            What::Date(date) => (TopBy::Date(date), false),
            What::DaysSince(date) => (TopBy::Date(date), true),
            _ => {
                let detail =
                    format!("`{}` gives no order; expected a fact such as `amount_spent`", field.name);
                return self.wrong(&top.by.place, "not_sortable", detail);
            }
        };
        let scope = self.scope(field.name, &top.scope)?.scope;
        Some(Top { size, by, scope, ascending: top.ascending != turned })
    }

    fn as_of(&mut self, as_of: &AsOf) {
        self.wrong::<()>(
            &as_of.place,
            "not_available_yet",
            "`AS OF` is not available yet; leave it out to ask about now",
        );
    }

    /// Looks a field up that can be asked about.
    fn field(&mut self, name: &Name) -> Found<(&'static registry::Field, String)> {
        let Some((field, key)) = registry::field(&name.parts) else {
            return self.unknown(name, "field");
        };
        if let What::Unavailable(why) = field.what {
            return self.unavailable(&name.place, field.name, why);
        }
        if field.personal {
            self.personal.push(Personal { field: field.name, place: name.place.clone() });
        }
        Some((field, key))
    }

    fn unknown<T>(&mut self, name: &Name, what: &str) -> Found<T> {
        let written = name.parts.join(".");
        let shown = crate::error::short(written.clone(), crate::error::LONGEST_ECHO);
        let known = registry::field(&name.parts[..1]).is_some();
        let detail = match name.parts.as_slice() {
            [first] if matches!(first.as_str(), "attributes" | "metafields") => {
                format!("`{first}` needs a key behind it: `{first}.size`")
            }
            _ if known => format!("`{}` has no key behind it", name.parts[0]),
            _ => format!("there is no {what} `{shown}`"),
        };
        let problem = Problem::new(name.place.clone(), "unknown_name", detail);
        self.problems.push(if known { problem } else { problem.or(&written, registry::names()) });
        None
    }

    fn unavailable<T>(&mut self, place: &Place, name: &str, why: registry::Unavailable) -> Found<T> {
        match why {
            registry::Unavailable::Never(why) => {
                self.wrong(place, "not_available", format!("`{name}` cannot be asked: {why}"))
            }
            registry::Unavailable::NotYet(why) => {
                self.wrong(place, "not_available_yet", format!("`{name}` is not available yet: {why}"))
            }
        }
    }

    fn wrong<T>(&mut self, place: &Place, code: &'static str, detail: impl Into<String>) -> Found<T> {
        self.problems.push(Problem::new(place.clone(), code, detail));
        None
    }
}
