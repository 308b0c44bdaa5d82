//! What narrows facts down.

use jiff::tz::TimeZone;

use super::shops::{By, both};
use super::{Checker, Found};
use crate::ids::ShopId;
use crate::segments::language::checked::{MomentTest, Scope, Window};
use crate::segments::language::problem::Problem;
use crate::segments::language::registry::{self, Row};
use crate::segments::language::tree::{Comparison, Subject};

/// A scope, and the zone whose days count in it.
pub struct Scoped {
    pub scope: Scope,
    pub zone: TimeZone,
}

impl Checker<'_> {
    /// The scope of a fact.
    pub(super) fn scope(&mut self, name: &str, comparisons: &[Comparison]) -> Found<Scoped> {
        let found: Vec<_> =
            comparisons.iter().map(|comparison| self.parameter(name, registry::SCOPE, comparison)).collect();
        let found: Vec<_> = found.into_iter().collect::<Option<_>>()?;
        let mut shops: Option<Vec<ShopId>> = None;
        let mut named: Option<Vec<ShopId>> = None;
        for (row, comparison) in &found {
            let by = match row {
                Row::Shop => By::Shop,
                Row::Platform => By::Platform,
                _ => continue,
            };
            let these = self.named_shops(by, &comparison.test, &comparison.place)?;
            if these.negated {
                let others =
                    self.context.shops.iter().map(|shop| shop.id).filter(|id| !these.shops.contains(id));
                shops = Some(both(shops, others.collect()));
            } else {
                shops = Some(both(shops, these.shops.clone()));
                named = Some(both(named, these.shops));
            }
        }
        let zone = self.zone_of(named.as_deref());
        let mut paid: Option<Window> = None;
        for (row, comparison) in &found {
            if *row != Row::Date {
                continue;
            }
            let test = self.moment("date", &comparison.test, &zone, &comparison.place)?;
            let MomentTest::Within(windows) = test else {
                return self.wrong(
                    &comparison.place,
                    "invalid_operator",
                    "a fact is narrowed down to one span of time",
                );
            };
            // Nothing lies in a window that ends where it begins.
            let never = Window { from: Some(self.context.now), until: Some(self.context.now) };
            let window = match windows[..] {
                [] => never,
                [window] => window,
                _ => {
                    return self.wrong(
                        &comparison.place,
                        "invalid_operator",
                        "a fact is narrowed down to one span of time",
                    );
                }
            };
            let (from, until) = paid.map_or((None, None), |paid| (paid.from, paid.until));
            let until = [until, window.until].into_iter().flatten().min();
            paid = Some(Window { from: from.max(window.from), until });
        }
        Some(Scoped { scope: Scope { shops, paid }, zone })
    }

    /// The one shop to which a stage or score is narrowed down.
    pub(super) fn shop_scope(&mut self, name: &str, comparisons: &[Comparison]) -> Found<Option<ShopId>> {
        let mut shop = None;
        for comparison in comparisons {
            self.parameter(name, registry::SHOP_SCOPE, comparison)?;
            let named = self.named_shops(By::Shop, &comparison.test, &comparison.place)?;
            match named.shops[..] {
                [one] if !named.negated && shop.is_none_or(|shop| shop == one) => shop = Some(one),
                _ => return self.wrong(&comparison.place, "invalid_value", "expected one shop"),
            }
        }
        Some(shop)
    }

    /// Refuses a scope where there is none.
    pub(super) fn no_scope(&mut self, name: &str, comparisons: &[Comparison]) -> Found<()> {
        match comparisons.first() {
            None => Some(()),
            Some(first) => {
                self.wrong(&first.place, "invalid_scope", format!("`{name}` cannot be narrowed down"))
            }
        }
    }

    /// Looks a parameter up.
    pub(super) fn parameter<'a>(
        &mut self,
        of: &str,
        known: &'static [registry::Parameter],
        comparison: &'a Comparison,
    ) -> Found<(Row, &'a Comparison)> {
        let Subject::Field { name, scope } = &comparison.subject else {
            return self.wrong(&comparison.place, "unknown_name", "an anniversary cannot be asked for here");
        };
        if let Some(first) = scope.first() {
            return self.wrong(&first.place, "invalid_scope", format!("`{name}` cannot be narrowed down"));
        }
        let Some((parameter, _)) = registry::parameter(known, &name.parts) else {
            let written = name.parts.join(".");
            let names: Vec<_> = known.iter().map(|parameter| parameter.name).collect();
            let shown = crate::error::short(written.clone(), crate::error::LONGEST_ECHO);
            let detail = format!("`{of}` knows no `{shown}`; known are `{}`", names.join("`, `"));
            let aliases = known.iter().flat_map(|parameter| parameter.aliases).copied();
            let problem = Problem::new(name.place.clone(), "unknown_name", detail);
            self.problems.push(problem.or(&written, names.into_iter().chain(aliases)));
            return None;
        };
        if let Row::Unavailable(why) = parameter.what {
            return self.unavailable(&name.place, parameter.name, why);
        }
        Some((parameter.what, comparison))
    }
}
