//! Which shops are meant.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::{Checker, Found, Place, ShopContext};
use crate::ids::ShopId;
use crate::segments::language::problem::Problem;
use crate::segments::language::registry::Type;
use crate::segments::language::tree::{Operand, Operator, Test};
use crate::shops::Platform;

/// By what shops are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Shop,
    Platform,
}

/// Shops, or all but those.
pub struct Named {
    pub shops: Vec<ShopId>,
    pub negated: bool,
}

impl Checker<'_> {
    /// The shops that a test names.
    pub(super) fn named_shops(&mut self, by: By, test: &Test, place: &Place) -> Found<Named> {
        let name = if by == By::Shop { "shop" } else { "platform" };
        let (values, negated) = match test {
            Test::In(values) => (values.as_slice(), false),
            Test::NotIn(values) => (values.as_slice(), true),
            Test::Compare(Operator::Equals | Operator::Contains, value) => {
                (std::slice::from_ref(value), false)
            }
            Test::Compare(Operator::Differs | Operator::NotContains, value) => {
                (std::slice::from_ref(value), true)
            }
            _ => return self.not_with(name, test, Type::Key, place),
        };
        if values.is_empty() {
            return self.wrong(place, "empty", "expected at least one value in the list");
        }
        let found: Vec<_> = values.iter().map(|value| self.shops_of(by, value)).collect();
        let shops: BTreeSet<ShopId> =
            found.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        Some(Named { shops: shops.into_iter().collect(), negated })
    }

    fn shops_of(&mut self, by: By, operand: &Operand) -> Found<Vec<ShopId>> {
        let written = self.text(operand, Type::Key)?;
        match by {
            By::Shop => self.shop(&written, &operand.place).map(|shop| vec![shop]),
            By::Platform if Platform::parse(&written).is_some() => {
                let shops = self.context.shops.iter().filter(|shop| shop.platform == written);
                Some(shops.map(|shop| shop.id).collect())
            }
            By::Platform => {
                let names: Vec<_> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
                let detail =
                    format!("there is no platform `{}`; known are `{}`", shown(&written), names.join("`, `"));
                let problem = Problem::new(operand.place.clone(), "unknown_platform", detail);
                self.problems.push(problem.or(&written, names));
                None
            }
        }
    }

    /// A shop by its id, else by the platform's id of it, else by its name.
    fn shop(&mut self, written: &str, place: &Place) -> Found<ShopId> {
        let shops = &self.context.shops;
        if let Ok(id) = written.parse::<ShopId>()
            && shops.iter().any(|shop| shop.id == id)
        {
            return Some(id);
        }
        let by = |named: fn(&ShopContext) -> &str| -> Vec<ShopId> {
            shops.iter().filter(|shop| named(shop) == written).map(|shop| shop.id).collect()
        };
        let mut found = by(|shop| &shop.external_id);
        if found.is_empty() {
            found = by(|shop| &shop.name);
        }
        match found[..] {
            [shop] => Some(shop),
            [] => {
                let known = shops.iter().flat_map(|shop| [shop.external_id.as_str(), shop.name.as_str()]);
                let problem = Problem::new(
                    place.clone(),
                    "unknown_shop",
                    format!("there is no shop `{}`", shown(written)),
                );
                self.problems.push(problem.or(written, known));
                None
            }
            _ => self.wrong(
                place,
                "ambiguous_shop",
                format!("several shops are called `{}`; name its id", shown(written)),
            ),
        }
    }

    /// The zone whose days count: that of the shops if they are named and all in one, else the tenant's.
    pub(super) fn zone_of(&self, shops: Option<&[ShopId]>) -> TimeZone {
        let named =
            self.context.shops.iter().filter(|shop| shops.is_some_and(|shops| shops.contains(&shop.id)));
        let mut zones = named.map(|shop| &shop.zone);
        match zones.next() {
            Some(first) if zones.all(|zone| zone == first) => first.clone(),
            _ => self.context.zone.clone(),
        }
    }
}

fn shown(text: &str) -> String {
    crate::error::short(text.to_owned(), crate::error::LONGEST_ECHO)
}

/// What is in both, if both are told.
pub fn both(one: Option<Vec<ShopId>>, other: Vec<ShopId>) -> Vec<ShopId> {
    match one {
        Some(one) => one.into_iter().filter(|shop| other.contains(shop)).collect(),
        None => other,
    }
}
