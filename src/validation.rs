//! Checks of input beyond its types, all of them at once, each with the place in the document.

use std::fmt::Display;

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// RFC 6901 pointer to the value, `""` for the document itself.
    pub pointer: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// What was wrong and what would be right.
    pub detail: String,
}

/// A document that can tell all that is wrong with it.
pub trait Validate {
    fn validate(&self, report: &mut Report);
}

/// Collects violations while a check walks through a document.
#[derive(Debug, Default)]
pub struct Report {
    path: Vec<String>,
    violations: Vec<Violation>,
}

impl Report {
    /// Everything wrong with `document`.
    pub fn of(document: &impl Validate) -> Vec<Violation> {
        let mut report = Self::default();
        document.validate(&mut report);
        report.violations
    }

    /// What was found so far.
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Checks what lies under `key`.
    pub fn under(&mut self, key: impl Display, check: impl FnOnce(&mut Self)) {
        self.path.push(key.to_string().replace('~', "~0").replace('/', "~1"));
        check(self);
        self.path.pop();
    }

    /// Reports the value under `key` (`""` for the current place).
    pub fn add(&mut self, key: &str, code: &'static str, detail: impl Into<String>) {
        let mut pointer: String = self.path.iter().map(|step| format!("/{step}")).collect();
        if !key.is_empty() {
            pointer.push('/');
            pointer.push_str(key);
        }
        self.violations.push(Violation { pointer, code, detail: detail.into() });
    }

    /// A text of `1..=most` characters; absent is fine.
    pub fn text(&mut self, key: &str, value: Option<&str>, most: usize) {
        let Some(value) = value else { return };
        if value.trim().is_empty() {
            self.add(key, "empty", "must not be empty; leave it out instead");
        } else if value.chars().count() > most {
            self.add(key, "too_long", format!("must have at most {most} characters"));
        }
    }

    /// A number within bounds; absent is fine.
    pub fn within(&mut self, key: &str, value: Option<i64>, least: i64, most: i64) {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            self.add(key, "out_of_range", format!("must lie between {least} and {most}"));
        }
    }

    /// A list of at most so many entries; tells whether it is worth looking at them.
    pub fn list_length(&mut self, key: &str, length: usize, most: usize) -> bool {
        if length > most {
            self.add(key, "too_many", format!("must have at most {most} entries, has {length}"));
        }
        length <= most
    }
}
