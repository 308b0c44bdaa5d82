//! Functions: what is asked of a customer's lines, orders, events and touches.

use super::shops::{By, both};
use super::{Checker, Found, Place, dates};
use crate::ids::ShopId;
use crate::segments::language::checked::{
    AttributeTest, Choice, Contact, Filter, MomentTest, Rows, Source, TextTest,
};
use crate::segments::language::registry::{self, FunctionKind, Row, Type, What};
use crate::segments::language::tree::{Comparison, Name, Operator, Subject, Test};

impl Checker<'_> {
    pub(super) fn function(&mut self, name: &Name, negated: bool, conditions: &[Comparison]) -> Found<Rows> {
        let Some(function) = registry::function(&name.parts) else {
            if let Some((field, _)) = registry::field(&name.parts) {
                if let What::Unavailable(why) = field.what {
                    return self.unavailable(&name.place, field.name, why);
                }
                let detail =
                    format!("`{}` is a field; compare it instead of asking what it matches", field.name);
                return self.wrong(&name.place, "invalid_operator", detail);
            }
            return self.unknown(name, "function");
        };
        let mut rows = Rows { of: Source::Events, filters: Vec::new(), sums: Vec::new(), negated };
        let mut id = "";
        match function.what {
            FunctionKind::Rows(source) => rows.of = source,
            FunctionKind::Events { types, id: key } => {
                id = key;
                let types = types.iter().map(|name| (*name).to_owned()).collect();
                let field = crate::segments::language::checked::RowText::EventType;
                rows.filters.push(Filter::Text { field, test: TextTest::OneOf(types) });
            }
            FunctionKind::Mails(contact) => {
                rows.of = Source::Touches(contact);
                rows.filters.push(Filter::Channel(Choice { of: vec!["email"], missing: false }));
            }
            FunctionKind::Unavailable(why) => return self.unavailable(&name.place, function.name, why),
        }
        let found: Vec<_> = conditions
            .iter()
            .map(|condition| self.parameter(function.name, function.parameters, condition))
            .collect();
        let found: Vec<_> = found.into_iter().collect::<Option<_>>()?;
        if rows.of == Source::PaidOrders && found.iter().any(|(row, _)| *row == Row::Status) {
            rows.of = Source::AllOrders;
        }
        if rows.of == Source::Touches(Contact::Made) && found.iter().any(|(row, _)| *row == Row::Outcome) {
            rows.of = Source::Touches(Contact::Any);
        }
        if rows.of == Source::Conversions {
            self.of_named_campaigns(name, &found)?;
        }
        let zone = self.shop_filters(&found, &mut rows)?;
        let mut whole = true;
        for (row, condition) in found {
            whole &= self.condition(row, condition, id, &zone, &mut rows).is_some();
        }
        whole.then_some(rows)
    }

    /// What counts as a conversion is for each campaign to say, so they are named.
    fn of_named_campaigns(&mut self, name: &Name, found: &[(Row, &Comparison)]) -> Found<()> {
        let expected = "expected the campaign: `converted MATCHES (campaign = 'Winter jackets')`";
        let mut named = found.iter().filter(|(row, _)| *row == Row::Campaign);
        let (Some((_, condition)), None) = (named.next(), named.next()) else {
            return self.wrong(&name.place, "missing_campaign", expected);
        };
        match &condition.test {
            Test::In(_) | Test::Compare(Operator::Equals, _) => Some(()),
            _ => self.wrong(&condition.place, "invalid_operator", expected),
        }
    }

    /// Which shops are meant comes first, because it decides whose days count.
    fn shop_filters(&mut self, found: &[(Row, &Comparison)], rows: &mut Rows) -> Found<jiff::tz::TimeZone> {
        let mut named: Option<Vec<ShopId>> = None;
        for (row, condition) in found {
            let by = match row {
                Row::Shop => By::Shop,
                Row::Platform => By::Platform,
                _ => continue,
            };
            let these = self.named_shops(by, &condition.test, &condition.place)?;
            if !these.negated {
                named = Some(both(named, these.shops.clone()));
            }
            rows.filters.push(Filter::Shops { shops: these.shops, negated: these.negated });
        }
        Some(self.zone_of(named.as_deref()))
    }

    fn condition(
        &mut self,
        row: Row,
        condition: &Comparison,
        id: &str,
        zone: &jiff::tz::TimeZone,
        rows: &mut Rows,
    ) -> Found<()> {
        let Comparison { subject: Subject::Field { name, .. }, test, place } = condition else {
            return None;
        };
        let key = || name.parts[1..].join(".");
        let shown = name.to_string();
        let kind = row.kind();
        let filter = match row {
            Row::Shop | Row::Platform => return Some(()),
            Row::Date => match self.moment(&shown, test, zone, place)? {
                MomentTest::IsNull | MomentTest::IsNotNull => {
                    return self.not_with(&shown, test, kind, place);
                }
                moment => Filter::Moment(moment),
            },
            Row::Text(field) => {
                Filter::Text { field, test: self.texts(&shown, test, kind, place, str::to_owned)? }
            }
            Row::Id => {
                let test = self.texts(&shown, test, kind, place, str::to_owned)?;
                let test = match test {
                    TextTest::IsNull => AttributeTest::IsNull,
                    TextTest::IsNotNull => AttributeTest::IsNotNull,
                    test => AttributeTest::Id(test),
                };
                Filter::Attribute { key: id.to_owned(), test }
            }
            Row::Category => Filter::Category(
                self.list(&shown, test, place, |path| path.trim_end_matches('/').to_owned())?,
            ),
            Row::ProductTags => Filter::ProductTags(self.list(&shown, test, place, str::to_owned)?),
            Row::Coupons => Filter::Coupons(self.list(&shown, test, place, str::to_owned)?),
            Row::Promotions => Filter::Promotions(self.list(&shown, test, place, str::to_owned)?),
            Row::Status => match kind {
                Type::Choice(choices) => Filter::Status(self.choice(&shown, test, choices, place)?),
                _ => return None,
            },
            Row::Number(field, _) => Filter::Number { field, test: self.numbers(&shown, test, kind, place)? },
            Row::Hour => Filter::Hour {
                test: self.numbers(&shown, test, kind, place)?,
                clock: dates::clock(self.context.now, zone),
            },
            Row::Weekday => Filter::Weekday {
                test: self.numbers(&shown, test, kind, place)?,
                clock: dates::clock(self.context.now, zone),
            },
            Row::Campaign => Filter::Campaign(self.texts(&shown, test, kind, place, str::to_owned)?),
            Row::Channel => match kind {
                Type::Choice(choices) => Filter::Channel(self.choice(&shown, test, choices, place)?),
                _ => return None,
            },
            Row::Outcome => self.outcome(&shown, test, kind, place)?,
            Row::Attributes => Filter::Attribute { key: key(), test: self.property(&shown, test, place)? },
            Row::Sum(sum, _) => {
                if matches!(test, Test::IsNull | Test::IsNotNull) {
                    return self.not_with(&shown, test, kind, place);
                }
                let test = self.numbers(&shown, test, kind, place)?;
                rows.sums.push((sum, test));
                return Some(());
            }
            Row::Unavailable(_) => return None,
        };
        rows.filters.push(filter);
        Some(())
    }

    /// A touch has many outcomes: a negation asks for those without any of the named.
    fn outcome(&mut self, name: &str, test: &Test, kind: Type, place: &Place) -> Found<Filter> {
        let Type::Choice(all) = kind else { return None };
        let Choice { of, missing: negated } = self.choice(name, test, all, place)?;
        let of = match negated {
            true => all.iter().copied().filter(|outcome| !of.contains(outcome)).collect(),
            false => of,
        };
        Some(Filter::Outcome { of, negated })
    }
}
