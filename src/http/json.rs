//! From bytes to a typed document, with the place of what is wrong with it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::error::{Error, FieldError, LONGEST_ECHO, Result, short};

/// Reads one document. Malformed text is 400, a well-formed document of another shape 422.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], most_levels: usize) -> Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Error::bad_request(
            "not_utf8",
            format!("the body is not UTF-8; the first wrong byte is number {}", error.valid_up_to() + 1),
        )
    })?;
    inspect(text, most_levels)?;
    if text.trim_start().starts_with('[') {
        // A list would be read into an object's fields in their order.
        return Err(Error::invalid("", "invalid_type", "must be an object"));
    }
    // Keeping track of the place costs time, so only documents that do not fit pay for it.
    serde_json::from_str(text).or_else(|_| parse_with_place(text))
}

fn parse_with_place<T: DeserializeOwned>(text: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize::<_, T>(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        match error.inner().classify() {
            Category::Data => Error::Invalid(vec![misfit(pointer, error.inner())]),
            Category::Syntax | Category::Eof | Category::Io => malformed(error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(parsed)
}

/// The same for a document that was read already.
pub fn fit<T: DeserializeOwned>(document: Value) -> Result<T> {
    if document.is_array() {
        return Err(Error::invalid("", "invalid_type", "must be an object"));
    }
    serde_path_to_error::deserialize(document)
        .map_err(|error| Error::Invalid(vec![misfit(pointer(error.path()), error.inner())]))
}

fn malformed(error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        Category::Eof => "the body ends too early",
        _ => "the body is not JSON",
    };
    Error::bad_request("malformed_json", format!("{what}: line {}, column {}", error.line(), error.column()))
}

/// What does not fit, from the deserializer's message.
pub fn misfit(pointer: String, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    // What was found may have any length and any letters; what would be right comes last and is the service's own.
    let (found, expected) = match message.rsplit_once(", expected ") {
        Some((found, expected)) => (found, Some(expected)),
        None => (message, None),
    };
    let quoted = || found.split_once('`').map_or("", |(_, name)| name.strip_suffix('`').unwrap_or(name));
    if message.starts_with("missing field") {
        let place = format!("{pointer}/{}", escape(quoted()));
        return FieldError::pointer(place, "required", "is needed");
    }
    if message.starts_with("unknown field") {
        // The path already ends with the name, except at the top of some containers.
        let name = quoted();
        let step = format!("/{}", escape(name));
        let place = if pointer.ends_with(&step) { pointer } else { pointer + &step };
        return FieldError::pointer(
            place,
            "unknown_field",
            unknown_field(name, expected.unwrap_or_default()),
        );
    }
    let code = match message {
        m if m.starts_with("invalid type") => "invalid_type",
        m if m.starts_with("duplicate field") => "duplicate_field",
        _ => "invalid_value",
    };
    let mut detail = short(found.into(), LONGEST_ECHO + LONGEST_PREFACE);
    if let Some(expected) = expected {
        detail = format!("{detail}, expected {}", short(expected.into(), LONGEST_EXPECTATION));
    }
    FieldError::pointer(pointer, code, detail)
}

/// What stands before a value in a message, such as "invalid type: string".
const LONGEST_PREFACE: usize = 30;
/// All values of the longest enumeration.
const LONGEST_EXPECTATION: usize = 1_000;

fn unknown_field(name: &str, expected: &str) -> String {
    let known = expected.split('`').skip(1).step_by(2);
    match nearest(name, known) {
        Some(candidate) => format!("there is no such field; did you mean `{candidate}`?"),
        None => "there is no such field".into(),
    }
}

/// Longer names resemble nothing, and comparing them takes its time.
const LONGEST_TYPO: usize = 64;

/// The candidate that `name` was probably meant to be.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST_TYPO {
        return None;
    }
    candidates
        .map(|candidate| (edits(name, candidate), candidate))
        .filter(|(edits, candidate)| edits * 3 <= candidate.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or changed to come from one name to the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// The RFC 6901 pointer of a path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// A name as a step of a pointer.
pub fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Refuses what the databases cannot hold and what only attackers send, in one pass over the text.
fn inspect(text: &str, most_levels: usize) -> Result<()> {
    let bytes = text.as_bytes();
    let (mut level, mut at, mut in_string) = (0usize, 0usize, false);
    while let Some(byte) = bytes.get(at) {
        match (in_string, byte) {
            (true, b'\\') => {
                if bytes[at..].starts_with(br"\u0000") {
                    return Err(nul_character(text));
                }
                at += 1;
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                level += 1;
                if level > most_levels {
                    return Err(Error::bad_request(
                        "too_deep",
                        format!("lists and objects are nested more than {most_levels} levels"),
                    ));
                }
            }
            (false, b'}' | b']') => level = level.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// How many places of the same mistake are told.
const MOST_PLACES: usize = 100;

fn nul_character(text: &str) -> Error {
    let mut found = Vec::new();
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        find_nul(&document, &mut String::new(), &mut found);
    }
    Error::BadRequest {
        code: "nul_character",
        detail: "text must not contain the character U+0000".into(),
        errors: found,
    }
}

fn find_nul(value: &Value, place: &mut String, found: &mut Vec<FieldError>) {
    if found.len() == MOST_PLACES {
        return;
    }
    let length = place.len();
    match value {
        Value::String(text) if text.contains('\0') => found.push(nul_at(place)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("/{index}"));
                find_nul(item, place, found);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.contains('\0') {
                    found.push(nul_at(place));
                }
                place.push_str(&format!("/{}", escape(name)));
                find_nul(field, place, found);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

fn nul_at(place: &str) -> FieldError {
    FieldError::pointer(place, "nul_character", "must not contain the character U+0000")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Line {
        quantity: i64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Order {
        currency: String,
        #[serde(default)]
        lines: Vec<Line>,
    }

    fn problem(text: &str) -> (&'static str, String, &'static str) {
        let error = parse::<Order>(text.as_bytes(), 8).unwrap_err();
        let item = error.field_errors().first().cloned();
        let place = match item.as_ref().map(|item| item.place.clone()) {
            Some(crate::error::Place::Pointer(pointer)) => pointer,
            _ => String::new(),
        };
        (error.code(), place, item.map_or("", |item| item.code))
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let line = r#"{"currency":"CNY","lines":[{"quantity":1},{"quantity":"two"}]}"#;
        assert_eq!(problem(line), ("invalid_input", "/lines/1/quantity".into(), "invalid_type"));
        assert_eq!(problem("{}"), ("invalid_input", "/currency".into(), "required"));
        let typo = r#"{"currency":"CNY","lines":[{"quantty":1}]}"#;
        assert_eq!(problem(typo), ("invalid_input", "/lines/0/quantty".into(), "unknown_field"));
        let error = parse::<Order>(typo.as_bytes(), 8).unwrap_err();
        assert!(error.field_errors()[0].detail.contains("`quantity`"));
    }

    #[test]
    fn a_misspelt_name_is_understood_and_another_one_is_not() {
        let nearest = |name| nearest(name, ["currency", "lines", "total_amount"].into_iter());
        assert_eq!(nearest("curency"), Some("currency"));
        assert_eq!(nearest("total_amonut"), Some("total_amount"));
        assert_eq!(nearest("kitten"), None);
    }

    #[test]
    fn long_names_and_values_are_told_by_their_beginning() {
        let long = "x".repeat(1_000_000);
        for text in [
            format!(r#"{{"currency":"CNY","{long}":1}}"#),
            format!(r#"{{"currency":"CNY","lines":[{{"quantity":"{long}"}}]}}"#),
            format!(r#"{{"currency":"CNY","lines":[{{"quantity":1,"a`, expected `{long}":1}}]}}"#),
        ] {
            let error = parse::<Order>(text.as_bytes(), 8).unwrap_err();
            let told = format!("{:?}", error.field_errors());
            assert!(told.contains("xxxx") && told.len() < 1_000, "{}", told.len());
        }
    }

    #[test]
    fn a_name_with_any_letters_is_unknown_under_its_own_place() {
        let text = r#"{"currency":"CNY","a`b`, expected `c/~":1}"#;
        assert_eq!(problem(text), ("invalid_input", "/a`b`, expected `c~1~0".into(), "unknown_field"));
    }

    #[test]
    fn what_is_not_json_is_told_with_line_and_column() {
        assert_eq!(problem(r#"["CNY"]"#), ("invalid_input", String::new(), "invalid_type"));
        for text in ["", "{", r#"{"currency":"#, "{]", r#"{"currency":"CNY"} x"#] {
            assert_eq!(problem(text).0, "malformed_json", "{text}");
        }
    }

    #[test]
    fn deep_documents_nul_characters_and_other_encodings_are_refused() {
        assert_eq!(problem(&"[".repeat(100_000)).0, "too_deep");
        assert_eq!(
            problem(r#"{"currency":"C\u0000","lines":[]}"#),
            ("nul_character", "/currency".into(), "nul_character")
        );
        assert_eq!(problem(r#"{"currency":"C\\u0000","x":[]}"#).2, "unknown_field");
        assert_eq!(parse::<Order>(b"{\"currency\":\"\xff\"}", 8).unwrap_err().code(), "not_utf8");
        assert_eq!(problem("{\"currency\":\"\0\"}").0, "malformed_json");
    }
}
