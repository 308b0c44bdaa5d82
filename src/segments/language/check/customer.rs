//! Questions about the customer.

use jiff::ToSpan;
use jiff::civil::Date;

use super::dates::{self, DaysTest};
use super::shops::By;
use super::{Checker, Found, Place};
use crate::customers::keys;
use crate::segments::language::checked::{Choice, DateMetric, DayTest, Leaf, ListTest, TextField, TextTest};
use crate::segments::language::registry::{self, Type, What};
use crate::segments::language::tree::{Comparison, Name, Operator, Subject, Test, Value};

/// The states of a consent, in Shopify's words. The others are states that are not told apart here: nobody is in them.
const GRANTED: &str = "SUBSCRIBED";
const REFUSED: &str = "UNSUBSCRIBED";
const SILENT: &str = "NOT_SUBSCRIBED";

impl Checker<'_> {
    pub(super) fn comparison(&mut self, comparison: &Comparison) -> Found<Leaf> {
        let Comparison { subject, test, place } = comparison;
        let (name, scope) = match subject {
            Subject::Field { name, scope } => (name, scope.as_slice()),
            Subject::Anniversary { lunar, of } => return self.anniversary(*lunar, of, test, place),
        };
        if registry::function(&name.parts).is_some() {
            return self.wrong(
                &name.place,
                "invalid_operator",
                format!("`{name}` is asked by `MATCHES (…)`"),
            );
        }
        let (field, key) = self.field(name)?;
        let kind = field.what.kind();
        let shown = name.to_string();
        if field.what.scope().is_empty() && field.what != What::Reachable {
            self.no_scope(&shown, scope)?;
        }
        Some(match field.what {
            What::Text(text) => {
                let key = text_key(text, test);
                Leaf::Text { field: text, test: self.texts(&shown, test, kind, place, key)? }
            }
            What::Countries | What::Regions | What::Cities => {
                self.located(field.what, &shown, test, place)?
            }
            What::Phone => self.phone(&shown, test, place)?,
            What::Gender => Leaf::Gender(self.choices(&shown, test, kind, place)?),
            What::Birthday => Leaf::Birthday(self.day(&shown, test, place)?),
            What::Age => {
                let test = self.numbers(&shown, test, kind, place)?;
                Leaf::Birthday(self.age(&DaysTest::of(&test)))
            }
            What::Attributes => Leaf::Attribute { key, test: self.property(&shown, test, place)? },
            What::Added => {
                let zone = self.context.zone.clone();
                Leaf::CreatedAt(self.moment(&shown, test, &zone, place)?)
            }
            What::LastSeen => {
                let zone = self.context.zone.clone();
                Leaf::LastSeen(self.moment(&shown, test, &zone, place)?)
            }
            What::DaysSinceTouch => {
                let zone = self.context.zone.clone();
                let test = DaysTest::of(&self.numbers(&shown, test, kind, place)?);
                Leaf::LastTouch(self.days_since(&test, &zone))
            }
            What::TouchesWithoutOrder => Leaf::TouchesWithoutOrder(self.numbers(&shown, test, kind, place)?),
            What::GivenUp => Leaf::GivenUp(self.truth(&shown, test, place)?),
            What::Shop => Leaf::KnownAt(self.known_at(By::Shop, test, place)?),
            What::Platform => Leaf::KnownAt(self.known_at(By::Platform, test, place)?),
            What::Identities => Leaf::IdentityCount(self.numbers(&shown, test, kind, place)?),
            What::Tags => {
                Leaf::Tags(self.list(&shown, test, place, |tag| keys::name_key(tag).unwrap_or_default())?)
            }
            What::Reachable => self.reachable(name, scope, test, place)?,
            What::Subscription(channel) => {
                let choice = self.choices(&shown, test, kind, place)?;
                Leaf::Consent { channel, state: consent(test, &choice) }
            }
            What::Metric(metric, _) => {
                let scope = self.scope(&shown, scope)?.scope;
                Leaf::Metric { metric, scope, test: self.numbers(&shown, test, kind, place)? }
            }
            What::Date(metric) => {
                let scoped = self.scope(&shown, scope)?;
                let test = self.moment(&shown, test, &scoped.zone, place)?;
                Leaf::Date { metric, scope: scoped.scope, test }
            }
            What::DaysSince(metric) => {
                let scoped = self.scope(&shown, scope)?;
                let test = DaysTest::of(&self.numbers(&shown, test, kind, place)?);
                Leaf::Date { metric, scope: scoped.scope, test: self.days_since(&test, &scoped.zone) }
            }
            What::DaysUntilDormant => {
                let shop = self.shop_scope(&shown, scope)?;
                let test = DaysTest::of(&self.numbers(&shown, test, kind, place)?);
                let known = self.context.shops.iter().find(|known| Some(known.id) == shop);
                let after = known.map_or(self.context.dormant_after_days, |known| known.dormant_after_days);
                let shops = shop.map(|shop| vec![shop]);
                let zone = self.zone_of(shops.as_deref());
                let scope = crate::segments::language::checked::Scope { shops, paid: None };
                let test = self.days_since(&test.counted_down_from(after), &zone);
                Leaf::Date { metric: DateMetric::LastOrder, scope, test }
            }
            What::Stage => {
                let shop = self.shop_scope(&shown, scope)?;
                Leaf::Stage { shop, stage: self.choices(&shown, test, kind, place)? }
            }
            What::RfmGroup => {
                let shop = self.shop_scope(&shown, scope)?;
                Leaf::RfmGroup { shop, group: self.choices(&shown, test, kind, place)? }
            }
            What::Score(score) => {
                let shop = self.shop_scope(&shown, scope)?;
                Leaf::RfmScore { score, shop, test: self.numbers(&shown, test, kind, place)? }
            }
            What::Unavailable(_) => return None,
        })
    }

    fn choices(&mut self, name: &str, test: &Test, kind: Type, place: &Place) -> Found<Choice> {
        match kind {
            Type::Choice(choices) => self.choice(name, test, choices, place),
            _ => self.not_with(name, test, kind, place),
        }
    }

    fn phone(&mut self, name: &str, test: &Test, place: &Place) -> Found<Leaf> {
        let test = self.texts(name, test, Type::Key, place, str::to_owned)?;
        let country = self.context.country.as_deref();
        let forms =
            |phones: &[String]| phones.iter().flat_map(|phone| keys::phone_forms(phone, country)).collect();
        Some(match test {
            TextTest::IsNull => Leaf::HasPhone(false),
            TextTest::IsNotNull => Leaf::HasPhone(true),
            TextTest::Equals(phone) => Leaf::Phone { forms: forms(&[phone]), negated: false },
            TextTest::Differs(phone) => Leaf::Phone { forms: forms(&[phone]), negated: true },
            TextTest::OneOf(phones) => Leaf::Phone { forms: forms(&phones), negated: false },
            TextTest::NoneOf(phones) => Leaf::Phone { forms: forms(&phones), negated: true },
            _ => return None,
        })
    }

    /// Whole years, as days of birth: at least n if born on or before the day n years ago. Who was born on 29 February
    /// is there from 1 March on.
    fn age(&self, test: &DaysTest) -> DayTest {
        let today = dates::today(self.context.now, &self.context.zone);
        let born = |years: i64| -> Date { today.saturating_sub(years.clamp(-1_000, 1_000).years()) };
        let range = |(least, most): (Option<i64>, Option<i64>)| {
            (most.map(|most| dates::next(born(most.saturating_add(1)))), least.map(born))
        };
        let full = |(from, until): &(Option<Date>, Option<Date>)| {
            from.zip(*until).is_none_or(|(from, until)| from <= until)
        };
        let ranges =
            |ranges: &[(Option<i64>, Option<i64>)]| ranges.iter().copied().map(range).filter(full).collect();
        match test {
            DaysTest::Within(of) => DayTest::Within(ranges(of)),
            DaysTest::Outside(of) => DayTest::Outside(ranges(of)),
            DaysTest::IsNull => DayTest::IsNull,
            DaysTest::IsNotNull => DayTest::IsNotNull,
        }
    }

    fn known_at(&mut self, by: By, test: &Test, place: &Place) -> Found<ListTest<crate::ids::ShopId>> {
        match test {
            Test::IsNull => Some(ListTest::IsNull),
            Test::IsNotNull => Some(ListTest::IsNotNull),
            _ => {
                let named = self.named_shops(by, test, place)?;
                Some(if named.negated { ListTest::NoneOf(named.shops) } else { ListTest::AnyOf(named.shops) })
            }
        }
    }

    fn reachable(&mut self, name: &Name, scope: &[Comparison], test: &Test, place: &Place) -> Found<Leaf> {
        let expected = "expected one channel: `reachable_by('sms')`";
        let [Comparison { subject: Subject::Field { name: parameter, .. }, test: channel, .. }] = scope
        else {
            return self.wrong(&name.place, "missing_channel", expected);
        };
        if parameter.parts != [registry::CHANNEL] {
            return self.wrong(&parameter.place, "unknown_name", expected);
        }
        let Test::Compare(Operator::Equals, operand) = channel else {
            return self.wrong(&parameter.place, "invalid_operator", expected);
        };
        let chosen = self.choice(registry::CHANNEL, channel, registry::CHANNELS, &operand.place)?;
        let wanted = self.truth("reachable_by", test, place)?;
        chosen.of.first().map(|channel| Leaf::Reachable { channel, wanted })
    }

    /// Whether the answer must be yes.
    fn truth(&mut self, name: &str, test: &Test, place: &Place) -> Found<bool> {
        match test {
            Test::Compare(operator @ (Operator::Equals | Operator::Differs), operand) => {
                match operand.value {
                    Value::Truth(truth) => Some(truth == (*operator == Operator::Equals)),
                    _ => self.unexpected(operand, Type::Truth),
                }
            }
            _ => self.not_with(name, test, Type::Truth, place),
        }
    }

    /// Places as Shopify writes them: `US`, `US-NY`, `US-NY-NewYorkCity`.
    fn located(&mut self, what: What, name: &str, test: &Test, place: &Place) -> Found<Leaf> {
        let field = match what {
            What::Countries => TextField::Country,
            What::Regions => TextField::Province,
            _ => TextField::City,
        };
        let (test, operand) = match test {
            Test::IsNull => return Some(Leaf::Text { field, test: TextTest::IsNull }),
            Test::IsNotNull => return Some(Leaf::Text { field, test: TextTest::IsNotNull }),
            Test::Compare(_, operand) => (self.list(name, test, place, str::to_owned)?, operand),
            _ => return self.not_with(name, test, Type::List, place),
        };
        let (written, negated) = match &test {
            ListTest::AnyOf(of) => (of.first()?, false),
            ListTest::NoneOf(of) => (of.first()?, true),
            _ => return None,
        };
        let plain = |part: &str| part.replace(' ', "");
        let mut parts = written.splitn(3, '-');
        let country = parts.next().unwrap_or_default().to_owned();
        let (second, third) = (parts.next(), parts.next());
        let (province, city) = match (what, second, third) {
            (What::Countries, None, None) => (None, None),
            (What::Regions, Some(region), None) => (Some(plain(region)), None),
            (What::Regions, Some(region), Some(rest)) => (Some(plain(&format!("{region}-{rest}"))), None),
            // Regions are kept by name here, not by code; the city and its country say enough.
            (What::Cities, Some(_), Some(city)) => (None, Some(plain(city))),
            _ => {
                let example = match what {
                    What::Countries => "a country such as 'US'",
                    What::Regions => "a country and region such as 'US-NY'",
                    _ => "a country, region and city such as 'US-NY-NewYorkCity'",
                };
                return self.wrong(&operand.place, "invalid_value", format!("expected {example}"));
            }
        };
        Some(Leaf::Located { country, province, city, negated })
    }
}

/// In what form a text is compared: names, nicks and addresses by their keys.
fn text_key(field: TextField, test: &Test) -> fn(&str) -> String {
    let part = matches!(
        test,
        Test::Compare(
            Operator::Contains | Operator::NotContains | Operator::StartsWith | Operator::EndsWith,
            _
        )
    );
    match field {
        TextField::Name | TextField::Nick | TextField::Email | TextField::EmailDomain if part => {
            |text| text.to_lowercase()
        }
        TextField::Name | TextField::Nick | TextField::Email | TextField::EmailDomain => {
            |text| keys::name_key(text).unwrap_or_default()
        }
        _ => str::to_owned,
    }
}

/// Shopify's states as those of a consent. Who said nothing has the state `NOT_SUBSCRIBED`; it is missing as well.
fn consent(test: &Test, choice: &Choice) -> Choice {
    if matches!(test, Test::IsNull | Test::IsNotNull) {
        return Choice {
            of: if choice.missing { Vec::new() } else { vec!["granted", "refused"] },
            missing: choice.missing,
        };
    }
    let has = |state: &str| choice.of.contains(&state);
    let states = [(GRANTED, "granted"), (REFUSED, "refused")];
    let of = states.into_iter().filter(|(shopify, _)| has(shopify)).map(|(_, state)| state).collect();
    Choice { of, missing: has(SILENT) }
}
