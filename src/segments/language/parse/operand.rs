//! Values.

use super::{Parsed, Parser};
use crate::segments::language::lexer::{Placed, Token};
use crate::segments::language::limits::MOST_VALUES;
use crate::segments::language::problem::Problem;
use crate::segments::language::tree::{Operand, Value};
use crate::segments::language::value::DateValue;

const WORDS: &[&str] = &["true", "false", "today", "yesterday"];

impl Parser<'_> {
    /// A value, or values in parentheses. A text that is compared with a date is read as one, if it can be.
    pub(super) fn operand(&mut self, dated: bool) -> Parsed<Operand> {
        if self.peek_sign("(") {
            let start = self.here();
            let value = Value::List(self.values(dated)?);
            return Ok(Operand { value, place: start.to(&self.last) });
        }
        let taken = self.take();
        let value = match taken.as_ref().map(|placed| &placed.token) {
            Some(Token::Text(text)) => Some(text_or_date(text, dated)),
            Some(Token::Number(number)) => Some(Value::Number(*number)),
            Some(Token::Percent(percent)) => Some(Value::Percent(*percent)),
            Some(Token::Date(date)) => Some(Value::Date(date.clone())),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Some(Value::Truth(true)),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Some(Value::Truth(false)),
            Some(Token::Word(word)) => DateValue::parse_word(word).map(Value::Date),
            _ => None,
        };
        match (value, taken) {
            (Some(value), Some(Placed { start, end, .. })) => {
                Ok(Operand { value, place: crate::segments::language::place::Place::span(start, end) })
            }
            (_, taken) => Err(self.expected_at(taken, "a value; a text stands in quotes", WORDS)),
        }
    }

    /// Values in parentheses.
    pub(super) fn values(&mut self, dated: bool) -> Parsed<Vec<Operand>> {
        let start = self.here();
        self.open()?;
        let mut seen = 0;
        self.list(|parser| {
            seen += 1;
            if seen > MOST_VALUES {
                return Err(too_many(start.to(&parser.last)));
            }
            if parser.peek_sign("(") {
                return Err(parser.expected("a value", &[]));
            }
            parser.operand(dated)
        })
    }
}

pub fn too_many(place: crate::segments::language::Place) -> Problem {
    Problem::new(place, "too_many_values", format!("a list has at most {MOST_VALUES} values"))
}

/// A text; where a date is expected, the date that it says.
pub fn text_or_date(text: &str, dated: bool) -> Value {
    let date = dated.then(|| DateValue::parse(text)).flatten();
    date.map_or_else(|| Value::Text(text.to_owned()), Value::Date)
}
