//! One JSON document a line, with its `external_id` beside its other members.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::lines::{Line, Lines};
use super::{Entry, ImportError, Outcome, Refusal};

pub struct Documents<R> {
    lines: Lines<R>,
}

impl<R: BufRead> Documents<R> {
    pub fn new(input: R) -> Self {
        Self { lines: Lines::new(input) }
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = Result<Outcome, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lines.next() {
                Ok(Some(line)) if line.text.as_ref().is_ok_and(|text| text.trim().is_empty()) => {}
                Ok(Some(line)) => return Some(Ok(entry(line))),
                Ok(None) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

fn entry(line: Line) -> Outcome {
    let refuse = |column: &str, reason: String| Refusal::new(line.number, column, reason);
    let text = line.text.map_err(|reason| refuse("", reason))?;
    let mut document: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| refuse("", format!("is not a JSON object: {error}")))?;
    match document.remove("external_id") {
        Some(Value::String(external_id)) => Ok(Entry { line: line.number, rows: 1, external_id, document }),
        Some(_) => Err(refuse("/external_id", "must be a text".into())),
        None => Err(refuse("/external_id", "is missing".into())),
    }
}
