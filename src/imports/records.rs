//! The records of a CSV file (RFC 4180), so read that one broken record costs only itself.
//!
//! A general reader takes all that follows an open quote for one field, to the end of the file. Here a record that goes
//! over several lines counts only when it is whole and as wide as the header; otherwise its first line is refused and
//! reading goes on with the second.

use std::io::{self, BufRead};

use super::Refusal;
use super::lines::Lines;

/// The most lines that one record (a remark with line breaks in it) may take.
const MOST_LINES: usize = 100;

pub struct Record {
    pub line: u64,
    pub fields: Vec<String>,
}

pub struct Records<R> {
    lines: Lines<R>,
    delimiter: char,
    /// How wide the header is, once it is read.
    width: Option<usize>,
}

enum Split {
    Whole(Vec<String>),
    /// A quote is still open.
    Open,
    /// Something follows a closing quote.
    Stray,
}

impl<R: BufRead> Records<R> {
    pub fn new(input: R, delimiter: char) -> Self {
        Self { lines: Lines::new(input), delimiter, width: None }
    }

    /// The next record that is not blank. The first one is the header.
    pub fn next(&mut self) -> io::Result<Option<Result<Record, Refusal>>> {
        loop {
            let Some(first) = self.lines.next()? else {
                return Ok(None);
            };
            let text = match first.text {
                Ok(text) => text,
                Err(reason) => return Ok(Some(Err(Refusal::new(first.number, "", reason)))),
            };
            if !text.trim().is_empty() {
                return self.complete(first.number, text).map(Some);
            }
        }
    }

    fn complete(&mut self, line: u64, mut text: String) -> io::Result<Result<Record, Refusal>> {
        let mut further = Vec::new();
        let reason = loop {
            match split(&text, self.delimiter) {
                Split::Whole(fields) => match self.fit(fields) {
                    Ok(fields) => return Ok(Ok(Record { line, fields })),
                    Err(reason) => break reason,
                },
                Split::Stray => break "has text after a closing quote".to_owned(),
                Split::Open if further.len() + 1 == MOST_LINES => break open_quote(),
                Split::Open => {}
            }
            let Some(next) = self.lines.next()? else {
                break open_quote();
            };
            if let Ok(more) = &next.text {
                text.push('\n');
                text.push_str(more);
            }
            let readable = next.text.is_ok();
            further.push(next);
            if !readable {
                break open_quote();
            }
        };
        self.lines.give_back(further);
        Ok(Err(Refusal::new(line, "", reason)))
    }

    /// As many fields as the header has; blank ones at the end are forgiven.
    fn fit(&mut self, mut fields: Vec<String>) -> Result<Vec<String>, String> {
        let width = *self.width.get_or_insert(fields.len());
        while fields.len() > width && fields.last().is_some_and(|field| field.trim().is_empty()) {
            fields.pop();
        }
        if fields.len() == width {
            Ok(fields)
        } else {
            Err(format!("has {} columns where the header has {width}", fields.len()))
        }
    }
}

fn open_quote() -> String {
    "has a quote that is opened and never closed".to_owned()
}

fn split(record: &str, delimiter: char) -> Split {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let Some((field, after)) = unquote(quoted) else {
                return Split::Open;
            };
            fields.push(field);
            after
        } else {
            let end = rest.find(delimiter).unwrap_or(rest.len());
            fields.push(rest[..end].to_owned());
            &rest[end..]
        };
        if after.is_empty() {
            return Split::Whole(fields);
        }
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Split::Stray,
        }
    }
}

/// The text up to the closing quote, and what follows that.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"')?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Some((field, rest)),
        }
    }
}
