//! Comparisons and functions.

use super::{Parsed, Parser, is_relative, is_word};
use crate::segments::language::lexer::Token;
use crate::segments::language::limits::MOST_PARTS;
use crate::segments::language::place::Place;
use crate::segments::language::problem::Problem;
use crate::segments::language::registry::{self, What};
use crate::segments::language::tree::{Comparison, Kind, Name, Operand, Operator, Subject, Test, Value};

/// Words that are no name of a field.
const RESERVED: &[&str] =
    &["AND", "OR", "NOT", "IN", "BETWEEN", "CONTAINS", "MATCHES", "IS", "AS", "TRUE", "FALSE"];

const OPERATORS: &str = "an operator such as `=`, `>=`, `BETWEEN`, `IN`, `CONTAINS`, `IS NULL` or `MATCHES`";
const OPERATOR_WORDS: &[&str] =
    &["BETWEEN", "IN", "NOT", "CONTAINS", "STARTS WITH", "ENDS WITH", "IS NULL", "IS NOT NULL", "MATCHES"];

impl Parser<'_> {
    /// A comparison of the customer or a function.
    pub(super) fn comparison_term(&mut self) -> Parsed<Kind> {
        let start = self.here();
        let name = self.name()?;
        if let Some(lunar) = anniversary(&name).filter(|_| self.peek_sign("(")) {
            let of = self.anniversary_of()?;
            let test = self.test(true)?;
            let subject = Subject::Anniversary { lunar, of };
            return Ok(Kind::Compare(Comparison { subject, test, place: start.to(&self.last) }));
        }
        if registry::function(&name.parts).is_some() {
            return self.function(name);
        }
        let parentheses = self.peek_sign("(");
        let scope = if parentheses { self.scope(&name)? } else { Vec::new() };
        if scope.is_empty()
            && let Some(negated) = self.take_matches()
        {
            let conditions = self.conditions(&name)?;
            return Ok(Kind::Matches { function: name, negated, conditions });
        }
        let test = if parentheses && self.is_over() {
            let value = Value::Truth(true);
            Test::Compare(Operator::Equals, Operand { value, place: self.last.clone() })
        } else {
            self.test(registry::is_dated(None, &name.parts))?
        };
        let subject = Subject::Field { name, scope };
        Ok(Kind::Compare(Comparison { subject, test, place: start.to(&self.last) }))
    }

    /// `MATCHES (…)`, or the older form `(…) = true`, which also says so without `= true`.
    fn function(&mut self, function: Name) -> Parsed<Kind> {
        let parentheses = self.peek_sign("(");
        let conditions = if parentheses { self.conditions(&function)? } else { Vec::new() };
        if conditions.is_empty()
            && let Some(negated) = self.take_matches()
        {
            let conditions = self.conditions(&function)?;
            return Ok(Kind::Matches { function, negated, conditions });
        }
        if conditions.is_empty() && self.take_word("IS") {
            let negated = !self.take_word("NOT");
            self.need_word("NULL")?;
            return Ok(Kind::Matches { function, negated, conditions });
        }
        if parentheses && self.is_over() {
            return Ok(Kind::Matches { function, negated: false, conditions });
        }
        let differs = self.peek_sign("!=");
        if !parentheses || !(self.take_sign("=") || self.take_sign("!=")) {
            return Err(self.expected("`MATCHES (…)` or `NOT MATCHES (…)`", &["MATCHES", "NOT MATCHES"]));
        }
        let wanted = self.take_word("TRUE");
        if !wanted && !self.take_word("FALSE") {
            return Err(self.expected("`true` or `false`", &["true", "false"]));
        }
        Ok(Kind::Matches { function, negated: wanted == differs, conditions })
    }

    /// Takes `MATCHES` or its negation, and tells whether it was negated.
    fn take_matches(&mut self) -> Option<bool> {
        if self.take_word("MATCHES") {
            Some(false)
        } else if self.take_word("NOT_MATCHES") || self.take_words("NOT", "MATCHES") {
            Some(true)
        } else {
            None
        }
    }

    /// Whether a condition ends here.
    fn is_over(&mut self) -> bool {
        let words = ["AND", "OR", "TOP", "AS"];
        self.peek().is_none_or(|placed| words.iter().any(|word| is_word(&placed.token, word)))
            || self.peek_sign(")")
            || self.peek_sign(",")
    }

    /// What is asked of one line, order or event: in parentheses, between commas.
    pub(super) fn conditions(&mut self, function: &Name) -> Parsed<Vec<Comparison>> {
        self.open()?;
        self.list(|parser| {
            parser.count()?;
            let start = parser.here();
            let name = parser.name()?;
            parser.narrowing(function, name, &start)
        })
    }

    /// What narrows a fact down: the same, or the one value that the field takes.
    pub(super) fn scope(&mut self, of: &Name) -> Parsed<Vec<Comparison>> {
        let takes = registry::field(&of.parts).is_some_and(|(field, _)| field.what == What::Reachable);
        self.open()?;
        self.list(|parser| {
            parser.count()?;
            let start = parser.here();
            let text = match parser.peek().map(|placed| &placed.token) {
                Some(Token::Text(text)) => Some(text.clone()),
                Some(Token::Word(word))
                    if parser.peek_second(|token| matches!(token, Token::Sign(")" | ","))) =>
                {
                    Some(word.clone())
                }
                _ => None,
            };
            match text.filter(|_| takes) {
                Some(text) => {
                    parser.take();
                    let operand = Operand { value: Value::Text(text), place: start.clone() };
                    let name = Name { parts: vec![registry::CHANNEL.to_owned()], place: start.clone() };
                    let subject = Subject::Field { name, scope: Vec::new() };
                    Ok(Comparison { subject, test: Test::Compare(Operator::Equals, operand), place: start })
                }
                None => {
                    let name = parser.name()?;
                    parser.narrowing(of, name, &start)
                }
            }
        })
    }

    /// The rest of a comparison inside of parentheses: `name: value` or `name operator value`.
    fn narrowing(&mut self, owner: &Name, mut name: Name, start: &Place) -> Parsed<Comparison> {
        let test = if self.take_sign(":") {
            // What is left must be a name by itself: `_at_least` and `not_at_most` are names as a whole.
            let alone = name.parts.len() == 1;
            let is_name = |bare: &&str| !(alone && (bare.is_empty() || is_reserved(bare)));
            let suffixed = |parts: &[String], suffix: &str| {
                let bare = parts.last().and_then(|last| last.strip_suffix(suffix));
                bare.filter(is_name).map(str::to_owned)
            };
            let (least, most) = (suffixed(&name.parts, "_at_least"), suffixed(&name.parts, "_at_most"));
            let operator = match (&least, &most) {
                (Some(_), _) => Operator::AtLeast,
                (_, Some(_)) => Operator::AtMost,
                _ => Operator::Equals,
            };
            if let (Some(bare), Some(last)) = (least.or(most), name.parts.last_mut()) {
                *last = bare;
            }
            let dated = registry::is_dated(Some(&owner.parts), &name.parts);
            let operand = self.operand(dated)?;
            match operand.value {
                _ if self.take_sign("..") => Test::Between(operand, self.operand(dated)?),
                Value::List(values) if operator == Operator::Equals => Test::In(values),
                Value::Date(ref date) if is_relative(date) => Test::Compare(Operator::AtLeast, operand),
                _ => Test::Compare(operator, operand),
            }
        } else {
            self.test(registry::is_dated(Some(&owner.parts), &name.parts))?
        };
        let subject = Subject::Field { name, scope: Vec::new() };
        Ok(Comparison { subject, test, place: start.to(&self.last) })
    }

    /// `(birthday)`, `('metafields.facts.birth_date')`, `(date: 'metafields.facts.birth_date')`
    fn anniversary_of(&mut self) -> Parsed<Name> {
        self.open()?;
        if self.peek_word("date") && self.peek_second(|token| matches!(token, Token::Sign(":" | "="))) {
            self.take();
            self.take();
        }
        let of = match self.peek().map(|placed| (&placed.token, placed.place())) {
            Some((Token::Text(text), place)) => {
                let name = name_of(text, &place)?;
                self.take();
                name
            }
            _ => self.name()?,
        };
        self.close()?;
        Ok(of)
    }

    /// A name in parts.
    pub(super) fn name(&mut self) -> Parsed<Name> {
        let start = self.here();
        let first = match self.peek().map(|placed| &placed.token) {
            Some(Token::Word(word)) if !is_reserved(word) => word.clone(),
            _ => return Err(self.expected("the name of a field or function", &[])),
        };
        self.take();
        let mut parts = vec![first];
        while self.take_sign(".") {
            match self.peek().map(|placed| &placed.token) {
                Some(Token::Word(part) | Token::Text(part)) => parts.push(part.clone()),
                _ => return Err(self.expected("a key, in quotes if it is no word", &[])),
            }
            self.take();
        }
        let place = start.to(&self.last);
        if parts.len() > MOST_PARTS {
            return Err(Problem::new(
                place,
                "name_too_long",
                format!("a name has at most {MOST_PARTS} parts"),
            ));
        }
        Ok(Name { parts, place })
    }

    /// An operator and its operands.
    fn test(&mut self, dated: bool) -> Parsed<Test> {
        const SIGNS: &[(&str, Operator)] = &[
            ("=", Operator::Equals),
            ("!=", Operator::Differs),
            ("<", Operator::Below),
            ("<=", Operator::AtMost),
            (">", Operator::Above),
            (">=", Operator::AtLeast),
        ];
        for (sign, operator) in SIGNS {
            if self.take_sign(sign) {
                return Ok(Test::Compare(*operator, self.operand(dated)?));
            }
        }
        const WORDS: &[(&str, &str, Operator)] = &[
            ("NOT", "CONTAINS", Operator::NotContains),
            ("STARTS", "WITH", Operator::StartsWith),
            ("ENDS", "WITH", Operator::EndsWith),
        ];
        for (first, second, operator) in WORDS {
            if self.take_words(first, second) {
                return Ok(Test::Compare(*operator, self.operand(dated)?));
            }
        }
        if self.take_word("CONTAINS") {
            return Ok(Test::Compare(Operator::Contains, self.operand(dated)?));
        }
        if self.take_word("BETWEEN") {
            let low = self.operand(dated)?;
            self.need_word("AND")?;
            return Ok(Test::Between(low, self.operand(dated)?));
        }
        if self.take_words("NOT", "IN") {
            return Ok(Test::NotIn(self.values(dated)?));
        }
        if self.take_word("IN") {
            return Ok(Test::In(self.values(dated)?));
        }
        if self.take_word("IS") {
            let not = self.take_word("NOT");
            self.need_word("NULL")?;
            return Ok(if not { Test::IsNotNull } else { Test::IsNull });
        }
        Err(self.expected(OPERATORS, OPERATOR_WORDS))
    }
}

fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}

/// Whether the name is that of an anniversary, and then whether it is the lunar one.
fn anniversary(name: &Name) -> Option<bool> {
    match name.parts.as_slice() {
        [part] if part == "anniversary" => Some(false),
        [part] if part == "lunar_anniversary" => Some(true),
        _ => None,
    }
}

/// Reads a name on its own.
pub fn name_of(text: &str, place: &Place) -> Parsed<Name> {
    let wrong = || {
        let shown = crate::error::short(text.to_owned(), 40);
        Problem::new(
            place.clone(),
            "invalid_name",
            format!("expected the name of a field or function, not `{shown}`"),
        )
    };
    let tokens = crate::segments::language::lexer::tokens(text).map_err(|_| wrong())?;
    let mut parser = Parser::over(text, tokens);
    let mut name = parser.name().map_err(|_| wrong())?;
    if parser.peek().is_some() {
        return Err(wrong());
    }
    name.place = place.clone();
    Ok(name)
}
