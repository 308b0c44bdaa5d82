//! Text into words, values and signs, in one pass.

use super::limits::{MOST_BYTES, MOST_CHARACTERS};
use super::place::Place;
use super::problem::Problem;
use super::value::{DateValue, Decimal, Offset};

/// What stands between blanks and comments.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name or a keyword.
    Word(String),
    Text(String),
    Number(Decimal),
    Percent(Decimal),
    Date(DateValue),
    /// `60d`, without a sign.
    Span(Offset),
    /// One of `= != < <= > >= ( ) , : . ..`
    Sign(&'static str),
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub struct Placed {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

impl Placed {
    pub fn place(&self) -> Place {
        Place::span(self.start, self.end)
    }
}

/// Longer ones first.
const SIGNS: &[(&str, &str)] = &[
    ("!=", "!="),
    ("<>", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("..", ".."),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    (":", ":"),
    (".", "."),
];

/// All tokens of a text.
pub fn tokens(text: &str) -> Result<Vec<Placed>, Problem> {
    if text.len() > MOST_BYTES {
        let detail = format!("a query has at most {MOST_BYTES} bytes, this one has {}", text.len());
        return Err(Problem::new(Place::span(0, text.len()), "text_too_long", detail));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(start) = lexer.next_start() {
        let token = lexer.token()?;
        tokens.push(Placed { token, start, end: lexer.at });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips blanks and comments.
    fn next_start(&mut self) -> Option<usize> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("--") {
                return (!trimmed.is_empty()).then_some(self.at);
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn token(&mut self) -> Result<Token, Problem> {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        if first == '\'' || first == '"' {
            return self.quoted(first);
        }
        let signed = rest.len() > 1 && (first == '-' || first == '+') && rest.as_bytes()[1].is_ascii_digit();
        if signed || first.is_ascii_digit() {
            return self.number();
        }
        if first == '_' || first.is_alphabetic() {
            let word = self.take_while(is_word);
            return if word.chars().nth(MOST_CHARACTERS).is_some() {
                Err(self.wrong(
                    self.at - word.len(),
                    "name_too_long",
                    format!("a name has at most {MOST_CHARACTERS} characters"),
                ))
            } else {
                Ok(Token::Word(word.to_owned()))
            };
        }
        if let Some((written, sign)) = SIGNS.iter().find(|(written, _)| rest.starts_with(written)) {
            self.at += written.len();
            return Ok(Token::Sign(sign));
        }
        let start = self.at;
        self.at += first.len_utf8();
        let shown = first.escape_debug();
        Err(self.wrong(
            start,
            "unexpected_character",
            format!("`{shown}` has no meaning here; text stands in quotes"),
        ))
    }

    /// A text: its quote doubled, or behind a backslash as in Shopify's language, stands for the quote.
    fn quoted(&mut self, quote: char) -> Result<Token, Problem> {
        let start = self.at;
        let mut value = String::new();
        let mut characters = 0;
        let mut rest = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = rest.next() {
            let next = rest.peek().map(|(_, next)| *next);
            match c {
                '\0' => {
                    self.at = start + at + 1;
                    return Err(self.wrong(
                        start + at,
                        "unexpected_character",
                        "a text has no NUL character",
                    ));
                }
                '\\' if matches!(next, Some('\'' | '"' | '\\')) => {
                    value.extend(next);
                    rest.next();
                }
                _ if c == quote && next == Some(quote) => {
                    value.push(quote);
                    rest.next();
                }
                _ if c == quote => {
                    self.at = start + at + 1;
                    return if characters > MOST_CHARACTERS {
                        Err(self.wrong(
                            start,
                            "text_too_long",
                            format!("a text has at most {MOST_CHARACTERS} characters"),
                        ))
                    } else {
                        Ok(Token::Text(value))
                    };
                }
                _ => value.push(c),
            }
            characters += 1;
        }
        self.at = self.text.len();
        Err(self.wrong(start, "unclosed_text", format!("the text that begins here has no closing `{quote}`")))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// What begins with a digit or a sign and a digit: numbers, percents, dates, offsets.
    fn number(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        if is_dated(self.rest()) {
            return self.dated();
        }
        let signed = self.rest().starts_with(['-', '+']);
        self.at += usize::from(signed);
        self.take_while(|c| c.is_ascii_digit());
        let fraction =
            self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if fraction {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        if self.rest().starts_with(is_word) {
            self.take_while(is_word);
            let written = &self.text[start..self.at];
            let date = DateValue::parse_ago(written).filter(|_| !signed);
            let offset = Offset::parse(written);
            return match (date, offset) {
                (Some(date), _) => Ok(Token::Date(date)),
                (None, Some(offset)) if signed => Ok(Token::Date(DateValue::Offset(offset))),
                (None, Some(offset)) => Ok(Token::Span(offset)),
                (None, None) => Err(self.wrong(
                    start,
                    "invalid_number",
                    "expected a number, or a date such as `-90d` (`h d w m y`, at most 100000) or `7_days_ago`",
                )),
            };
        }
        let Some(number) = Decimal::parse(&self.text[start..self.at]) else {
            return Err(self.wrong(
                start,
                "number_too_long",
                "a number has at most 18 digits, with a point at most 15",
            ));
        };
        if self.rest().starts_with('%') {
            self.at += 1;
            return Ok(Token::Percent(number));
        }
        Ok(Token::Number(number))
    }

    /// What begins as `2026-11-11` does.
    fn dated(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        self.at += 10;
        if self.rest().starts_with(['T', 't']) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit() || c == ':');
            if self.rest().starts_with('.') && !self.rest().starts_with("..") {
                self.at += 1;
                self.take_while(|c| c.is_ascii_digit());
            }
            if self.rest().starts_with(['Z', 'z']) {
                self.at += 1;
            } else if self.rest().starts_with(['+', '-']) && !self.rest().starts_with("--") {
                self.at += 1;
                self.take_while(|c| c.is_ascii_digit() || c == ':');
            }
        }
        if self.rest().starts_with(is_word) {
            self.take_while(is_word);
        }
        let date = DateValue::parse(&self.text[start..self.at]);
        date.map(Token::Date).ok_or_else(|| {
            self.wrong(
                start,
                "invalid_date",
                "expected a day of the calendar from 1900 to 2199, such as `2026-11-11`, or a moment, such as \
                 `2026-11-11T08:00:00`",
            )
        })
    }

    fn wrong(&self, start: usize, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(Place::span(start, self.at), code, detail)
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a text begins as a day does: four digits, two, two.
fn is_dated(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}
