//! Tests of free properties, which lie in a JSON document.

use super::values::{self, negated, one_of};
use crate::db::types::Json;
use crate::db::{Backend, Sql};
use crate::segments::language::checked::{AttributeTest, TextTest};
use crate::sql;

/// A test of the property `key` of the document in `column`.
pub fn attribute(backend: Backend, column: &'static str, key: &str, test: &AttributeTest) -> Sql<'static> {
    let property = Property { backend, column, key };
    match test {
        AttributeTest::Text(TextTest::Equals(text)) => property.equals(text),
        AttributeTest::Text(TextTest::Differs(text)) => negated(property.equals(text)),
        AttributeTest::Text(TextTest::OneOf(texts)) => property.one_of(texts),
        AttributeTest::Text(TextTest::NoneOf(texts)) => negated(property.one_of(texts)),
        AttributeTest::Text(test) => values::text(backend, &property.of_kind(&["string", "text"]), test),
        AttributeTest::Number(test) => {
            let number = match backend {
                Backend::Postgres => sql!("CAST({} AS numeric)", property.of_kind(&["number"])),
                Backend::Sqlite => property.of_kind(&["integer", "real"]),
            };
            values::number(&number, test)
        }
        AttributeTest::Truth(truth) => property.is(*truth),
        AttributeTest::NotTruth(truth) => negated(property.is(*truth)),
        AttributeTest::Day(test) => values::day(backend, &day_of_attribute(backend, column, key), test),
        AttributeTest::Id(test) => values::text(backend, &property.id(), test),
        AttributeTest::IsNull => sql!("{} IS NULL", property.value()),
        AttributeTest::IsNotNull => sql!("{} IS NOT NULL", property.value()),
    }
}

/// The property where it is a day, else nothing.
pub fn day_of_attribute(backend: Backend, column: &'static str, key: &str) -> Sql<'static> {
    let text = Property { backend, column, key }.of_kind(&["string", "text"]);
    sql!("({})", looks_like_a_day(backend, text))
}

/// The text if it has the form of a day, else nothing.
fn looks_like_a_day(backend: Backend, text: Sql<'static>) -> Sql<'static> {
    match backend {
        Backend::Postgres => {
            let form = String::from("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
            sql!("CASE WHEN {} ~ {} THEN {} END", text.clone(), form, text)
        }
        Backend::Sqlite => {
            let form = String::from("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]");
            sql!("CASE WHEN {} GLOB {} THEN {} END", text.clone(), form, text)
        }
    }
}

struct Property<'p> {
    backend: Backend,
    column: &'static str,
    key: &'p str,
}

impl Property<'_> {
    fn column(&self) -> Sql<'static> {
        Sql::text(self.column)
    }

    /// The value as text on PostgreSQL, as it is on SQLite.
    fn value(&self) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => sql!("{} ->> {}", self.column(), self.key.to_owned()),
            Backend::Sqlite => match self.path() {
                Some(path) => sql!("json_extract({}, {})", self.column(), path),
                None => self.searched("value"),
            },
        }
    }

    fn kind(&self) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => sql!("jsonb_typeof({} -> {})", self.column(), self.key.to_owned()),
            Backend::Sqlite => match self.path() {
                Some(path) => sql!("json_type({}, {})", self.column(), path),
                None => self.searched("type"),
            },
        }
    }

    /// SQLite's path to the key, if its syntax can name it.
    fn path(&self) -> Option<String> {
        let plain = !self.key.contains(['"', '\\']) && !self.key.chars().any(char::is_control);
        plain.then(|| format!("$.\"{}\"", self.key))
    }

    fn searched(&self, what: &'static str) -> Sql<'static> {
        sql!(
            "(SELECT j.{} FROM json_each({}) j WHERE j.key = {})",
            Sql::text(what),
            self.column(),
            self.key.to_owned()
        )
    }

    fn of_kind(&self, kinds: &'static [&'static str]) -> Sql<'static> {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned());
        sql!("CASE WHEN {} THEN {} END", one_of(self.backend, self.kind(), kinds), self.value())
    }

    /// A text, or a whole number as its digits.
    fn id(&self) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => sql!(
                "(CASE WHEN {} = 'string' OR {} = 'number' AND {} ~ '^-?[0-9]+$' THEN {} END)",
                self.kind(),
                self.kind(),
                self.value(),
                self.value()
            ),
            Backend::Sqlite => {
                sql!(
                    "CASE WHEN {} IN ('text', 'integer') THEN CAST({} AS TEXT) END",
                    self.kind(),
                    self.value()
                )
            }
        }
    }

    fn equals(&self, text: &str) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => {
                let document = serde_json::json!({ self.key: text });
                sql!("{} @> {}", self.column(), Json(document))
            }
            // A number is never equal to a text there.
            Backend::Sqlite => sql!("{} = {}", self.value(), text.to_owned()),
        }
    }

    fn one_of(&self, texts: &[String]) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => {
                let value = self.of_kind(&["string"]);
                one_of(self.backend, sql!("({})", value), texts.iter().cloned())
            }
            Backend::Sqlite => one_of(self.backend, self.value(), texts.iter().cloned()),
        }
    }

    fn is(&self, truth: bool) -> Sql<'static> {
        match self.backend {
            Backend::Postgres => {
                sql!("{} @> {}", self.column(), Json(serde_json::json!({ self.key: truth })))
            }
            Backend::Sqlite => sql!("{} = {}", self.kind(), truth.to_string()),
        }
    }
}
