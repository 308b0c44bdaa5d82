//! Reading JSON of which no field's type can be relied on.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::delivery::ParseError;
use super::{moment, money};
use crate::time::Timestamp;

static NULL: Value = Value::Null;

/// Parses a body. Depth is bounded by the parser, size by the caller. The character NUL, which no database holds and
/// nobody means, is left out.
pub fn parse(body: &[u8]) -> Result<Value, ParseError> {
    let mut value = serde_json::from_slice(body)
        .map_err(|error| ParseError::NotJson { line: error.line(), column: error.column() })?;
    if body.windows(NUL.len()).any(|window| window == NUL) {
        drop_nul(&mut value);
    }
    Ok(value)
}

/// The only way in which JSON can write it.
const NUL: &[u8] = br"\u0000";

fn drop_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|character| character != '\0'),
        Value::Array(items) => items.iter_mut().for_each(drop_nul),
        Value::Object(fields) => {
            for (mut key, mut field) in std::mem::take(fields) {
                drop_nul(&mut field);
                key.retain(|character| character != '\0');
                fields.insert(key, field);
            }
        }
        _ => {}
    }
}

/// A place in a document; also one that is not there.
#[derive(Clone, Copy)]
pub struct Node<'a>(&'a Value);

impl<'a> Node<'a> {
    pub fn new(value: &'a Value) -> Self {
        Self(value)
    }

    pub fn at(self, key: &str) -> Self {
        Self(self.0.get(key).unwrap_or(&NULL))
    }

    pub fn value(self) -> &'a Value {
        self.0
    }

    /// Whether there is anything but `null`.
    pub fn exists(self) -> bool {
        !self.0.is_null()
    }

    /// Whether the document has the field, `null` or not.
    pub fn has(self, key: &str) -> bool {
        self.0.get(key).is_some()
    }

    /// The entries of a list; none where there is no list.
    pub fn list(self, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let entries = self.at(key).0.as_array().map_or(&[][..], Vec::as_slice);
        entries.iter().map(Node)
    }

    /// A text that says something; a number is taken as it was written.
    pub fn text(self, key: &str) -> Option<String> {
        self.at(key).as_text()
    }

    /// This place as a text that says something.
    pub fn as_text(self) -> Option<String> {
        match self.0 {
            Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// JSON that is there as such, or written as a text.
    pub fn embedded(self) -> Option<Value> {
        match self.0 {
            Value::String(text) => parse(text.as_bytes()).ok(),
            Value::Null => None,
            other => Some(other.clone()),
        }
    }

    /// An id: a text, or a whole number of up to 64 bits. `0` and nothing are how platforms write "none".
    pub fn id(self, key: &str) -> Option<String> {
        let place = self.at(key);
        // Beyond 64 bits the parser has made a double of it and the id is lost; better none than a wrong one.
        if place.0.is_f64() {
            return None;
        }
        place.as_text().filter(|id| id != "0")
    }

    /// An id that the message is worthless without.
    pub fn required_id(self, key: &'static str) -> Result<String, ParseError> {
        self.id(key).ok_or(ParseError::Missing(key))
    }

    /// A whole number, perhaps written as a text.
    pub fn integer(self, key: &str) -> Option<i64> {
        match self.at(key).0 {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether it says "true", perhaps as a text.
    pub fn truth(self, key: &str) -> bool {
        match self.at(key).0 {
            Value::Bool(truth) => *truth,
            Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// An amount in major units, in minor ones; text or number.
    pub fn money(self, key: &'static str, decimals: u32) -> Result<Option<i64>, ParseError> {
        match self.at(key).0 {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            Value::String(text) => {
                money::from_decimal(text.trim(), decimals).map(Some).ok_or(ParseError::Malformed(key))
            }
            Value::Number(number) => {
                money::from_number(number, decimals).map(Some).ok_or(ParseError::Malformed(key))
            }
            _ => Err(ParseError::Malformed(key)),
        }
    }

    /// An amount that is in minor units already; text or number.
    pub fn minor_units(self, key: &'static str) -> Result<Option<i64>, ParseError> {
        match self.at(key).0 {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            _ => self.integer(key).map(Some).ok_or(ParseError::Malformed(key)),
        }
    }

    /// An RFC 3339 moment.
    pub fn rfc3339(self, key: &'static str) -> Result<Option<Timestamp>, ParseError> {
        self.moment(key, |text| text.parse().ok())
    }

    /// A wall-clock time in `zone`.
    pub fn local(self, key: &'static str, zone: &TimeZone) -> Result<Option<Timestamp>, ParseError> {
        self.moment(key, |text| moment::from_local(text, zone))
    }

    /// Seconds since 1970; `0` is how platforms write "not yet".
    pub fn unix(self, key: &'static str) -> Result<Option<Timestamp>, ParseError> {
        if self.integer(key) == Some(0) {
            return Ok(None);
        }
        self.moment(key, |text| moment::from_unix(text.parse().ok()?))
    }

    fn moment(
        self,
        key: &'static str,
        read: impl Fn(&str) -> Option<Timestamp>,
    ) -> Result<Option<Timestamp>, ParseError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        // How PHP and MySQL write "never".
        if text.starts_with("0000-") {
            return Ok(None);
        }
        read(&text).map(Some).ok_or(ParseError::Malformed(key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_the_same_text_whether_it_comes_as_number_or_text() {
        let value: Value = serde_json::from_str(
            r#"{"a": 820982911946154508, "b": "820982911946154508", "c": 18446744073709551615,
                "d": 123456789012345678901234567890, "e": 0, "f": "", "g": null}"#,
        )
        .unwrap();
        let node = Node::new(&value);
        assert_eq!(node.id("a").as_deref(), Some("820982911946154508"));
        assert_eq!(node.id("a"), node.id("b"));
        assert_eq!(node.id("c").as_deref(), Some("18446744073709551615"));
        for none in ["d", "e", "f", "g", "h"] {
            assert_eq!(node.id(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_and_truths_are_read_from_texts_too() {
        let value = json!({"n": "4", "m": 4, "t": "true", "u": true, "x": "yes", "f": 1.5});
        let node = Node::new(&value);
        assert_eq!((node.integer("n"), node.integer("m")), (Some(4), Some(4)));
        assert_eq!(node.integer("f"), None);
        assert!(node.truth("t") && node.truth("u") && !node.truth("x"));
    }

    #[test]
    fn a_moment_that_is_not_there_is_none_and_a_broken_one_an_error() {
        let value =
            json!({"a": "", "b": null, "c": "0000-00-00 00:00:00", "d": "soon", "e": 0, "f": "1618990587"});
        let node = Node::new(&value);
        for none in ["a", "b", "c"] {
            assert_eq!(node.local(none, &TimeZone::UTC), Ok(None));
        }
        assert_eq!(node.local("d", &TimeZone::UTC), Err(ParseError::Malformed("d")));
        assert_eq!(node.unix("e"), Ok(None));
        assert!(node.unix("f").unwrap().is_some());
        assert!(node.unix("d").is_err());
    }
}
