//! Files of orders and other nouns: read record by record, without ever holding the file.
//!
//! A reader turns a file into [`Entry`]s, canonical documents that still are JSON, and [`Refusal`]s, which tell the line,
//! the column and the reason. A bad record never stops the good ones. What is done with the entries is not known here.

mod cells;
pub mod csv;
mod group;
mod lines;
pub mod mapping;
pub mod ndjson;
mod records;
pub mod report;
mod targets;
#[cfg(test)]
mod tests;

use std::io;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::orders::validate::MAX_ID;
use crate::validation::{Report, Validate};

/// What the records of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Orders,
    Customers,
    Products,
}

/// One document of the file and the key under which the shop knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// How many records of the file it was made of.
    pub rows: u64,
    pub external_id: String,
    document: Map<String, Value>,
}

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// The column, or the JSON pointer of the value; empty for the record as a whole.
    pub column: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// What a reader comes across, nearly in the order of the file: an order is told when its last row is read.
pub type Outcome = Result<Entry, Refusal>;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    Unreadable(String),
    #[error("reading the file failed: {0}")]
    Io(#[from] io::Error),
}

impl Refusal {
    pub fn new(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line, column: column.into(), reason: reason.into() }
    }
}

impl Entry {
    /// The document in its own type, or the first thing that is wrong with it.
    pub fn document<T: DeserializeOwned + Validate>(self) -> Result<T, Refusal> {
        let line = self.line;
        let key = self.external_id.as_str();
        if key.trim().is_empty() || key.chars().count() > MAX_ID {
            let reason = format!("must have 1 to {MAX_ID} characters");
            return Err(Refusal::new(line, "external_id", reason));
        }
        if let Some(pointer) = nul(&Value::Object(self.document.clone()), key) {
            return Err(Refusal::new(line, pointer, "holds a NUL character, which no database keeps"));
        }
        let document: T = serde_path_to_error::deserialize(Value::Object(self.document))
            .map_err(|error| Refusal::new(line, pointer_of(error.path()), error.inner().to_string()))?;
        match Report::of(&document).into_iter().next() {
            Some(violation) => Err(Refusal::new(line, violation.pointer, violation.detail)),
            None => Ok(document),
        }
    }
}

/// The place of the first text with a NUL character in it.
fn nul(document: &Value, key: &str) -> Option<String> {
    fn place(value: &Value, path: &str) -> Option<String> {
        match value {
            Value::String(text) => text.contains('\0').then(|| path.to_owned()),
            Value::Array(items) => {
                items.iter().enumerate().find_map(|(index, item)| place(item, &format!("{path}/{index}")))
            }
            Value::Object(members) => members.iter().find_map(|(name, member)| {
                let path = format!("{path}/{name}");
                place(member, &path).or_else(|| name.contains('\0').then_some(path))
            }),
            _ => None,
        }
    }
    if key.contains('\0') {
        return Some("external_id".into());
    }
    place(document, "")
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}
