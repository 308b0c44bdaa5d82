//! Text into the syntax tree: recursive descent over the tokens, each looked at once.

mod comparison;
mod operand;
#[cfg(test)]
mod tests;

pub use comparison::name_of;
pub use operand::{text_or_date, too_many};

use super::lexer::{Placed, Token, tokens};
use super::limits::{MOST_DEPTH, MOST_NODES};
use super::measure;
use super::place::Place;
use super::problem::{Problem, nearest};
use super::tree::{AsOf, Kind, Node, Query, Step, Text, Top, TopSize};
use super::value::{DateValue, Decimal, Offset};

/// Parentheses and `NOT`s may lie so deep in each other while a text is read; the tree's own depth is measured after.
const DEEPEST: usize = 4 * MOST_DEPTH;

/// Reads a query. A text that says nothing means everyone.
pub fn parse(text: &str) -> Result<Query, Problem> {
    let tokens = tokens(text)?;
    let mut parser = Parser::over(text, tokens);
    let query = parser.query()?;
    measure::check(&query)?;
    Ok(query)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    /// The token that was taken last.
    last: Place,
    depth: usize,
    nodes: usize,
}

type Parsed<T> = Result<T, Problem>;

impl<'a> Parser<'a> {
    fn over(text: &'a str, tokens: Vec<Placed>) -> Self {
        Self { text, tokens, at: 0, last: Place::span(0, 0), depth: 0, nodes: 0 }
    }

    fn query(&mut self) -> Parsed<Query> {
        let mut query = Query::default();
        let begins_with_end = self.peek_word("TOP") || self.peek_words("AS", "OF");
        if self.peek().is_some() && !begins_with_end {
            query.condition = Some(self.condition()?);
        }
        if self.peek_word("TOP") {
            query.top = Some(self.top()?);
        }
        query.as_of = self.as_of()?;
        match self.peek() {
            None => Ok(query),
            Some(_) => {
                Err(self.expected("`AND`, `OR` or the end of the query", &["AND", "OR", "TOP", "AS OF"]))
            }
        }
    }

    fn condition(&mut self) -> Parsed<Node> {
        self.joined("OR", Kind::Or, |parser| parser.joined("AND", Kind::And, Self::term))
    }

    fn joined(
        &mut self,
        word: &str,
        kind: fn(Vec<Node>) -> Kind,
        mut part: impl FnMut(&mut Self) -> Parsed<Node>,
    ) -> Parsed<Node> {
        let first = part(self)?;
        if !self.peek_word(word) {
            return Ok(first);
        }
        let start = first.place.clone();
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        self.count()?;
        Ok(Node { kind: kind(parts), place: start.to(&self.last) })
    }

    fn term(&mut self) -> Parsed<Node> {
        let start = self.here();
        if self.take_word("NOT") {
            self.count()?;
            let inner = self.deeper(Self::term)?;
            return Ok(Node { kind: Kind::Not(Box::new(inner)), place: start.to(&self.last) });
        }
        if self.take_sign("(") {
            let inner = self.deeper(Self::condition)?;
            self.close()?;
            return Ok(inner);
        }
        self.count()?;
        let kind = if self.take_words("AT", "LEAST") {
            self.at_least()?
        } else if self.take_words("IN", "SEGMENT") {
            let reference = self.text("the id or the name of a segment in quotes")?;
            Kind::InSegment { reference, as_of: self.as_of()? }
        } else if self.peek_call("SAMPLE") {
            self.sample()?
        } else if self.peek_call("SEQUENCE") {
            self.sequence()?
        } else {
            self.comparison_term()?
        };
        Ok(Node { kind, place: start.to(&self.last) })
    }

    fn at_least(&mut self) -> Parsed<Kind> {
        let least = self.whole("how many of the conditions must hold")?;
        self.need_word("OF")?;
        self.open()?;
        let of = self.deeper(|parser| parser.list(Self::condition))?;
        if of.is_empty() || least == 0 || least as usize > of.len() {
            let detail = format!(
                "of {} conditions at least 1 and at most all can be asked for, not {least}",
                of.len()
            );
            return Err(Problem::new(self.last.clone(), "invalid_count", detail));
        }
        Ok(Kind::AtLeast { least, of })
    }

    fn sample(&mut self) -> Parsed<Kind> {
        self.take();
        self.open()?;
        let percent = match self.take() {
            Some(Placed { token: Token::Percent(percent), .. }) => percent,
            other => return Err(self.expected_at(other, "a share such as `10%`", &[])),
        };
        let mut seed = None;
        if self.take_sign(",") {
            self.need_word("seed")?;
            if !self.take_sign(":") && !self.take_sign("=") {
                return Err(self.expected("`:`", &[]));
            }
            seed = Some(self.text("a text in quotes")?);
        }
        self.close()?;
        Ok(Kind::Sample { percent, seed })
    }

    fn sequence(&mut self) -> Parsed<Kind> {
        self.take();
        self.open()?;
        let mut steps = vec![self.step()?];
        while self.take_word("THEN") {
            steps.push(self.step()?);
        }
        self.close()?;
        Ok(Kind::Sequence(steps))
    }

    fn step(&mut self) -> Parsed<Step> {
        self.count()?;
        let negated = self.take_word("NOT");
        let function = self.name()?;
        let mut conditions = Vec::new();
        if self.take_word("MATCHES") || self.peek_sign("(") {
            conditions = self.conditions(&function)?;
        }
        let mut within = None;
        if self.take_word("WITHIN") {
            within = Some(match self.take() {
                Some(Placed { token: Token::Span(span), .. }) => span,
                other => return Err(self.expected_at(other, "a length of time such as `60d`", &[])),
            });
        }
        Ok(Step { negated, function, conditions, within })
    }

    fn top(&mut self) -> Parsed<Top> {
        let start = self.here();
        self.take();
        let size = match self.take() {
            Some(Placed { token: Token::Percent(percent), .. }) => TopSize::Percent(percent),
            Some(Placed { token: Token::Number(number), .. })
                if count(number).is_some_and(|count| count > 0) =>
            {
                TopSize::Count(count(number).unwrap_or_default())
            }
            other => return Err(self.expected_at(other, "how many, such as `1000` or `10%`", &[])),
        };
        self.need_word("BY")?;
        self.count()?;
        let by = self.name()?;
        let scope = if self.peek_sign("(") { self.scope(&by)? } else { Vec::new() };
        let ascending = self.take_word("ASC");
        if !ascending {
            self.take_word("DESC");
        }
        Ok(Top { size, by, scope, ascending, place: start.to(&self.last) })
    }

    fn as_of(&mut self) -> Parsed<Option<AsOf>> {
        let start = self.here();
        if !self.take_words("AS", "OF") {
            return Ok(None);
        }
        let date = self.date()?;
        Ok(Some(AsOf { date, place: start.to(&self.last) }))
    }

    fn date(&mut self) -> Parsed<DateValue> {
        let taken = self.take();
        let date = match taken.as_ref().map(|placed| &placed.token) {
            Some(Token::Date(date)) => Some(date.clone()),
            Some(Token::Word(word)) => DateValue::parse_word(word),
            Some(Token::Text(text)) => DateValue::parse(text),
            _ => None,
        };
        date.ok_or_else(|| {
            self.expected_at(taken, "a date such as `2026-11-11`, `-90d` or `today`", &["today", "yesterday"])
        })
    }

    // What all of the above is made of.

    /// Counts a condition, so that a text with far too many is given up at once.
    fn count(&mut self) -> Parsed<()> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(measure::too_many(self.here_or_last()));
        }
        Ok(())
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(measure::too_deep(self.here_or_last()));
        }
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    /// Parts between commas up to the closing parenthesis; a comma may follow the last.
    fn list<T>(&mut self, mut part: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut parts = Vec::new();
        while !self.take_sign(")") {
            parts.push(part(self)?);
            if !self.take_sign(",") && !self.peek_sign(")") {
                return Err(self.expected("`,` or `)`", &[]));
            }
        }
        Ok(parts)
    }

    fn open(&mut self) -> Parsed<()> {
        if self.take_sign("(") { Ok(()) } else { Err(self.expected("`(`", &[])) }
    }

    fn close(&mut self) -> Parsed<()> {
        if self.take_sign(")") { Ok(()) } else { Err(self.expected("`AND`, `OR` or `)`", &["AND", "OR"])) }
    }

    fn whole(&mut self, what: &str) -> Parsed<u32> {
        match self.take() {
            Some(Placed { token: Token::Number(number), .. }) if count(number).is_some() => {
                Ok(count(number).unwrap_or_default())
            }
            other => Err(self.expected_at(other, &format!("a whole number: {what}"), &[])),
        }
    }

    fn text(&mut self, what: &str) -> Parsed<Text> {
        match self.take() {
            Some(Placed { token: Token::Text(text), start, end }) => {
                Ok(Text { text, place: Place::span(start, end) })
            }
            other => Err(self.expected_at(other, what, &[])),
        }
    }

    fn need_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"), &[word])) }
    }

    fn take(&mut self) -> Option<Placed> {
        let taken = self.peek()?.clone();
        self.at += 1;
        self.last = taken.place();
        Some(taken)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let there = self.peek_word(word);
        if there {
            self.take();
        }
        there
    }

    fn take_words(&mut self, first: &str, second: &str) -> bool {
        let there = self.peek_words(first, second);
        if there {
            self.take();
            self.take();
        }
        there
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let there = self.peek_sign(sign);
        if there {
            self.take();
        }
        there
    }

    fn peek_word(&mut self, word: &str) -> bool {
        self.peek().is_some_and(|placed| is_word(&placed.token, word))
    }

    fn peek_sign(&mut self, sign: &str) -> bool {
        self.peek().is_some_and(|placed| is_sign(&placed.token, sign))
    }

    fn peek_words(&mut self, first: &str, second: &str) -> bool {
        self.peek_word(first) && self.peek_second(|token| is_word(token, second))
    }

    /// Whether a keyword and a parenthesis follow.
    fn peek_call(&mut self, word: &str) -> bool {
        self.peek_word(word) && self.peek_second(|token| is_sign(token, "("))
    }

    fn peek_second(&self, holds: impl FnOnce(&Token) -> bool) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|placed| holds(&placed.token))
    }

    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.at)
    }

    fn here(&mut self) -> Place {
        let end = self.text.len();
        self.peek().map_or_else(|| Place::span(end, end), Placed::place)
    }

    fn here_or_last(&mut self) -> Place {
        self.peek().map_or_else(|| self.last.clone(), Placed::place)
    }

    /// What was expected instead of the next token.
    fn expected(&mut self, what: &str, words: &[&str]) -> Problem {
        let next = self.peek().cloned();
        self.expected_at(next, what, words)
    }

    /// What was expected instead of a token.
    fn expected_at(&self, found: Option<Placed>, what: &str, words: &[&str]) -> Problem {
        let Some(found) = found else {
            let end = self.text.len();
            return Problem::new(
                Place::span(end, end),
                "unexpected_end",
                format!("expected {what}, not the end of the query"),
            );
        };
        let written = &self.text[found.start..found.end];
        let shown = crate::error::short(written.to_owned(), 40);
        let problem =
            Problem::new(found.place(), "unexpected_token", format!("expected {what}, not `{shown}`"));
        match &found.token {
            Token::Word(word) if nearest(word, words.iter().copied()).is_some() => {
                problem.or(word, words.iter().copied())
            }
            _ => problem,
        }
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(written) if written.eq_ignore_ascii_case(word))
}

fn is_sign(token: &Token, sign: &str) -> bool {
    matches!(token, Token::Sign(written) if *written == sign)
}

/// A decimal as a count.
fn count(number: Decimal) -> Option<u32> {
    (number.scale() == 0).then(|| u32::try_from(number.units()).ok())?
}

/// The value of a date that is an offset or so many days ago: "since then" where it stands alone behind a colon.
fn is_relative(date: &DateValue) -> bool {
    matches!(date, DateValue::Offset(Offset { .. }) | DateValue::Ago(_))
}
