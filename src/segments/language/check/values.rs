//! Values and tests of each type.

use std::collections::HashSet;
use std::hash::Hash;

use super::{Checker, Found, Place};
use crate::segments::language::checked::{AttributeTest, Choice, ListTest, NumberTest, TextTest};
use crate::segments::language::problem::Problem;
use crate::segments::language::registry::Type;
use crate::segments::language::tree::{Operand, Operator, Test, Value};
use crate::segments::language::value::Decimal;

/// The operands of a test, whatever it does with them.
pub fn operands(test: &Test) -> &[Operand] {
    match test {
        Test::Compare(_, operand) => std::slice::from_ref(operand),
        Test::Between(low, _) => std::slice::from_ref(low),
        Test::In(values) | Test::NotIn(values) => values,
        Test::IsNull | Test::IsNotNull => &[],
    }
}

impl Checker<'_> {
    /// A value is not of the type.
    pub(super) fn unexpected<T>(&mut self, operand: &Operand, kind: Type) -> Found<T> {
        let shown = crate::error::short(operand.to_string(), crate::error::LONGEST_ECHO);
        let problem = Problem::new(
            operand.place.clone(),
            "invalid_value",
            format!("expected {}, not `{shown}`", kind.expected()),
        );
        self.problems.push(match (kind, &operand.value) {
            (Type::Choice(choices), Value::Text(text)) => problem.or(text, choices.iter().copied()),
            (Type::Date | Type::Day, Value::Text(text)) => problem.or(text, ["today", "yesterday"]),
            _ => problem,
        });
        None
    }

    /// An operator does not go with the type.
    pub(super) fn not_with<T>(&mut self, name: &str, test: &Test, kind: Type, place: &Place) -> Found<T> {
        let detail = format!(
            "`{}` does not go with `{name}` ({}); expected one of `{}`",
            test.operator(),
            kind.name(),
            kind.operators().join("`, `")
        );
        self.wrong(place, "invalid_operator", detail)
    }

    /// All values, each read; none twice.
    fn each<T: Clone + Eq + Hash>(
        &mut self,
        values: &[Operand],
        place: &Place,
        mut read: impl FnMut(&mut Self, &Operand) -> Found<T>,
    ) -> Found<Vec<T>> {
        if values.is_empty() {
            return self.wrong(place, "empty", "expected at least one value in the list");
        }
        let read: Vec<_> = values.iter().map(|value| read(self, value)).collect();
        let read: Vec<T> = read.into_iter().collect::<Option<_>>()?;
        let mut seen = HashSet::new();
        Some(read.into_iter().filter(|value| seen.insert(value.clone())).collect())
    }

    /// A number in the unit in which it is kept.
    pub(super) fn number(&mut self, operand: &Operand, kind: Type) -> Found<Decimal> {
        match (kind, &operand.value) {
            (Type::Count, Value::Number(number)) if number.scale() == 0 => Some(*number),
            (Type::Money, Value::Number(number)) => {
                let Some(minor) = number.scaled(self.context.decimals) else {
                    let (currency, decimals) = (&self.context.currency, self.context.decimals);
                    let detail =
                        format!("an amount in {currency} has at most {decimals} decimals and 18 digits");
                    return self.wrong(&operand.place, "invalid_value", detail);
                };
                Some(Decimal::whole(minor))
            }
            (Type::Decimal | Type::Share | Type::Property, Value::Number(number)) => Some(*number),
            (Type::Share, Value::Percent(percent)) => {
                Some(Decimal::new(percent.units(), percent.scale() + 2))
            }
            _ => self.unexpected(operand, kind),
        }
    }

    pub(super) fn numbers(
        &mut self,
        name: &str,
        test: &Test,
        kind: Type,
        place: &Place,
    ) -> Found<NumberTest> {
        Some(match test {
            Test::IsNull => NumberTest::IsNull,
            Test::IsNotNull => NumberTest::IsNotNull,
            Test::Between(low, high) => {
                let (low, high) = (self.number(low, kind), self.number(high, kind));
                NumberTest::Between(low?, high?)
            }
            Test::In(values) => {
                NumberTest::OneOf(self.each(values, place, |it, value| it.number(value, kind))?)
            }
            Test::NotIn(values) => {
                NumberTest::NoneOf(self.each(values, place, |it, value| it.number(value, kind))?)
            }
            Test::Compare(operator, operand) => {
                let make = match operator {
                    Operator::Equals => NumberTest::Equals,
                    Operator::Differs => NumberTest::Differs,
                    Operator::Below => NumberTest::Below,
                    Operator::AtMost => NumberTest::AtMost,
                    Operator::Above => NumberTest::Above,
                    Operator::AtLeast => NumberTest::AtLeast,
                    _ => return self.not_with(name, test, kind, place),
                };
                make(self.number(operand, kind)?)
            }
        })
    }

    /// A text; where ids are compared, a whole number as its digits.
    pub(super) fn text(&mut self, operand: &Operand, kind: Type) -> Found<String> {
        match &operand.value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) if kind == Type::Key && number.scale() == 0 => Some(number.to_string()),
            _ => self.unexpected(operand, kind),
        }
    }

    /// A test of a text; `key` makes of each value the form that it is compared in.
    pub(super) fn texts(
        &mut self,
        name: &str,
        test: &Test,
        kind: Type,
        place: &Place,
        key: fn(&str) -> String,
    ) -> Found<TextTest> {
        let read = |it: &mut Self, value: &Operand| it.text(value, kind).map(|text| key(&text));
        Some(match test {
            Test::IsNull => TextTest::IsNull,
            Test::IsNotNull => TextTest::IsNotNull,
            Test::In(values) => TextTest::OneOf(self.each(values, place, read)?),
            Test::NotIn(values) => TextTest::NoneOf(self.each(values, place, read)?),
            Test::Compare(operator, operand) => {
                let make = match (operator, kind) {
                    (Operator::Equals, _) => TextTest::Equals,
                    (Operator::Differs, _) => TextTest::Differs,
                    (_, Type::Key) => return self.not_with(name, test, kind, place),
                    (Operator::Contains, _) => TextTest::Contains,
                    (Operator::NotContains, _) => TextTest::NotContains,
                    (Operator::StartsWith, _) => TextTest::StartsWith,
                    (Operator::EndsWith, _) => TextTest::EndsWith,
                    _ => return self.not_with(name, test, kind, place),
                };
                make(read(self, operand)?)
            }
            Test::Between(..) => return self.not_with(name, test, kind, place),
        })
    }

    /// A test of one of few values.
    pub(super) fn choice(
        &mut self,
        name: &str,
        test: &Test,
        choices: &'static [&'static str],
        place: &Place,
    ) -> Found<Choice> {
        let kind = Type::Choice(choices);
        let read = |it: &mut Self, operand: &Operand| {
            let text = it.text(operand, kind)?;
            let known = choices.iter().copied().find(|choice| *choice == text);
            known.or_else(|| it.unexpected(operand, kind))
        };
        let chosen = match test {
            Test::IsNull => return Some(Choice { of: Vec::new(), missing: true }),
            Test::IsNotNull => return Some(Choice { of: choices.to_vec(), missing: false }),
            Test::In(values) | Test::NotIn(values) => self.each(values, place, read)?,
            Test::Compare(Operator::Equals | Operator::Differs, operand) => vec![read(self, operand)?],
            _ => return self.not_with(name, test, kind, place),
        };
        let negated = matches!(test, Test::NotIn(_) | Test::Compare(Operator::Differs, _));
        let of = choices.iter().copied().filter(|choice| chosen.contains(choice) != negated).collect();
        Some(Choice { of, missing: negated })
    }

    /// A test of a set of texts.
    pub(super) fn list(
        &mut self,
        name: &str,
        test: &Test,
        place: &Place,
        key: fn(&str) -> String,
    ) -> Found<ListTest<String>> {
        let read = |it: &mut Self, value: &Operand| it.text(value, Type::List).map(|text| key(&text));
        Some(match test {
            Test::IsNull => ListTest::IsNull,
            Test::IsNotNull => ListTest::IsNotNull,
            Test::In(values) => ListTest::AnyOf(self.each(values, place, read)?),
            Test::NotIn(values) => ListTest::NoneOf(self.each(values, place, read)?),
            Test::Compare(Operator::Equals | Operator::Contains, value) => {
                ListTest::AnyOf(vec![read(self, value)?])
            }
            Test::Compare(Operator::Differs | Operator::NotContains, value) => {
                ListTest::NoneOf(vec![read(self, value)?])
            }
            _ => return self.not_with(name, test, Type::List, place),
        })
    }

    /// A test of a free property; its first value tells which kind of property is meant.
    pub(super) fn property(&mut self, name: &str, test: &Test, place: &Place) -> Found<AttributeTest> {
        let kind = Type::Property;
        match (test, operands(test).first().map(|operand| &operand.value)) {
            (Test::IsNull, _) => Some(AttributeTest::IsNull),
            (Test::IsNotNull, _) => Some(AttributeTest::IsNotNull),
            (_, Some(Value::Text(_))) => {
                self.texts(name, test, Type::Text, place, str::to_owned).map(AttributeTest::Text)
            }
            (_, Some(Value::Number(_))) => self.numbers(name, test, kind, place).map(AttributeTest::Number),
            (_, Some(Value::Date(_))) => self.day(name, test, place).map(AttributeTest::Day),
            (Test::Compare(Operator::Equals, _), Some(Value::Truth(truth))) => {
                Some(AttributeTest::Truth(*truth))
            }
            (Test::Compare(Operator::Differs, _), Some(Value::Truth(truth))) => {
                Some(AttributeTest::NotTruth(*truth))
            }
            (Test::In(_) | Test::NotIn(_), None) => {
                self.wrong(place, "empty", "expected at least one value in the list")
            }
            (_, Some(Value::Truth(_))) => self.not_with(name, test, Type::Truth, place),
            _ => match operands(test).first() {
                Some(operand) => self.unexpected(operand, kind),
                None => self.not_with(name, test, kind, place),
            },
        }
    }
}
