//! Bodies with many objects, each read, checked and answered on its own.

use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{ExtractFuture, collect, media_type, state};
use super::json;
use super::mask::PersonalData;
use super::problem::ProblemItem;
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::validation::{Report, Validate};

/// An object that comes in bulk.
pub trait BulkItem: DeserializeOwned + Validate + Send + 'static {
    /// The field of the body that holds the list, such as `orders`.
    const LIST: &'static str;
    /// How many may come in one list, where that is not what the configuration says.
    const MOST: Option<usize> = None;
}

/// A body with many objects: `{"<list>": […]}`, or NDJSON with an object a line.
pub struct Bulk<T> {
    /// Each object, or what is wrong with it, in the order of the body.
    pub items: Vec<Result<T>>,
    /// The bytes as they came, for the idempotency key.
    pub raw: Bytes,
}

/// What became of the objects of a bulk request, in their order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkResponse {
    /// A result for each object.
    pub results: Vec<BulkItemResult>,
}

/// What became of one object.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkItemResult {
    /// The object's place in the body, from 0.
    pub index: usize,
    pub status: BulkStatus,
    /// The object's id, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ord_01jd7zk3v8e4qbm2n5r9x6t0wy")]
    pub id: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<BulkItemError>,
}

/// What became of an object: `applied` if it is new or told something new, `unchanged` if all of it was known,
/// `refused` with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkStatus {
    Applied,
    Unchanged,
    Refused,
}

/// Why one object was refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BulkItemError {
    /// Stable and `snake_case`, for programs.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
    /// Each thing that is wrong with the object; pointers begin at the object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
}

impl PersonalData for BulkResponse {}

impl BulkResponse {
    /// Adds to a counter what became of the objects, by its label `outcome`.
    pub fn count(&self, metric: &'static str) {
        let label = |status| match status {
            BulkStatus::Applied => "applied",
            BulkStatus::Unchanged => "unchanged",
            BulkStatus::Refused => "refused",
        };
        for result in &self.results {
            metrics::counter!(metric, "outcome" => label(result.status)).increment(1);
        }
    }
}

impl BulkItemResult {
    /// An object that was taken, whether or not it `changed` anything.
    pub fn taken(index: usize, changed: bool, id: impl std::fmt::Display) -> Self {
        let status = if changed { BulkStatus::Applied } else { BulkStatus::Unchanged };
        Self { index, status, id: Some(id.to_string()), error: None }
    }

    pub fn refused(index: usize, error: &Error) -> Self {
        let error = BulkItemError {
            code: error.code().into(),
            detail: error.to_string(),
            errors: error.field_errors().iter().map(ProblemItem::from).collect(),
        };
        Self { index, status: BulkStatus::Refused, id: None, error: Some(error) }
    }
}

/// Answers for each object in its place: what could not be read is refused, the others are handed on together and come
/// back each with its own outcome, in their order.
pub fn apply_each<T, E>(
    items: Vec<Result<T>>,
    apply: impl FnOnce(Vec<T>) -> Result<Vec<Result<E>>>,
    taken: impl Fn(usize, E) -> BulkItemResult,
) -> Result<BulkResponse> {
    let (mut readable, mut places) = (Vec::new(), Vec::new());
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => {
                places.push(index);
                readable.push(item);
            }
            Err(error) => results.push(BulkItemResult::refused(index, &error)),
        }
    }
    results.extend(places.into_iter().zip(apply(readable)?).map(|(index, outcome)| match outcome {
        Ok(outcome) => taken(index, outcome),
        Err(error) => BulkItemResult::refused(index, &error),
    }));
    results.sort_by_key(|result| result.index);
    Ok(BulkResponse { results })
}

const NDJSON: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

impl<T: BulkItem> FromRequest for Bulk<T> {
    type Error = Error;
    type Future = ExtractFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (lines, raw, limits) = receive(&request, payload).await?;
            let bytes = raw.clone();
            // Reading much takes long, and the other requests of this worker would wait.
            let read = move || read(&bytes, lines, &limits);
            Ok(Self { items: web::block(read).await.map_err(Error::internal)??, raw })
        })
    }
}

/// The bytes of a body, and whether they are NDJSON.
pub(super) async fn receive(request: &HttpRequest, payload: Payload) -> Result<(bool, Bytes, Limits)> {
    let limits = state(request)?.config.limits.clone();
    let media_type = media_type(request);
    let lines = NDJSON.contains(&media_type.as_str());
    if !lines && media_type != "application/json" {
        return Err(Error::UnsupportedMediaType { expected: "application/json or application/x-ndjson" });
    }
    Ok((lines, collect(request, payload, limits.bulk_body_bytes).await?, limits))
}

pub(super) fn read<T: BulkItem>(bytes: &[u8], lines: bool, limits: &Limits) -> Result<Vec<Result<T>>> {
    if lines { read_lines(bytes, limits) } else { read_list(bytes, limits) }
}

fn read_lines<T: BulkItem>(bytes: &[u8], limits: &Limits) -> Result<Vec<Result<T>>> {
    let lines = || {
        let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.is_empty())
    };
    // Counted first: a body of many tiny lines would otherwise come to results many times its size.
    let count = lines().count();
    if count > limits.bulk_lines {
        let detail = format!("must have at most {} lines, has {count}", limits.bulk_lines);
        return Err(Error::invalid("", "too_many", detail));
    }
    Ok(lines().map(|line| checked(json::parse(line, limits.body_depth)?)).collect())
}

/// An object's fields with their names as they came, so that none is lost where a name comes twice.
pub(super) struct Fields<V>(pub Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Fields<V> {
    fn deserialize<R: Deserializer<'de>>(reader: R) -> Result<Self, R::Error> {
        reader.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for FieldsVisitor<V> {
    type Value = Fields<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

fn read_list<T: BulkItem>(bytes: &[u8], limits: &Limits) -> Result<Vec<Result<T>>> {
    let most = T::MOST.unwrap_or(limits.bulk_items);
    // The list and its object are two levels more than an object of its own.
    let levels = limits.body_depth + 2;
    // Most bodies are sound and are read in one go; only others are taken apart.
    if let Ok(Fields(fields)) = json::parse::<Fields<Vec<T>>>(bytes, levels)
        && let Ok([(name, items)]) = <[_; 1]>::try_from(fields)
        && name == T::LIST
        && (1..=most).contains(&items.len())
    {
        return Ok(items.into_iter().map(checked).collect());
    }
    let pointer = format!("/{}", T::LIST);
    match only_list(json::parse(bytes, levels)?, T::LIST)? {
        Some(Value::Array(items)) if (1..=most).contains(&items.len()) => {
            Ok(items.into_iter().map(|item| checked(json::fit(item)?)).collect())
        }
        Some(Value::Array(items)) => Err(Error::invalid(
            pointer,
            if items.is_empty() { "empty" } else { "too_many" },
            format!("must have 1 to {most} entries, has {}; NDJSON takes more", items.len()),
        )),
        Some(_) => Err(Error::invalid(pointer, "invalid_type", "must be a list")),
        None => Err(Error::invalid(pointer, "required", "is needed")),
    }
}

/// The list out of the body, which has nothing else.
fn only_list(Fields(fields): Fields<Value>, list: &str) -> Result<Option<Value>> {
    let mut found = None;
    for (name, value) in fields {
        let pointer = format!("/{}", json::escape(&name));
        if name != list {
            let detail = format!("there is no such field; the list is `{list}`");
            return Err(Error::invalid(pointer, "unknown_field", detail));
        }
        if found.replace(value).is_some() {
            return Err(Error::invalid(pointer, "duplicate_field", "may be given only once"));
        }
    }
    Ok(found)
}

pub(super) fn checked<T: Validate>(item: T) -> Result<T> {
    let violations = Report::of(&item);
    if violations.is_empty() { Ok(item) } else { Err(violations.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        size: i64,
    }
    impl Validate for Thing {
        fn validate(&self, report: &mut Report) {
            report.within("size", Some(self.size), 0, 9);
        }
    }
    impl BulkItem for Thing {
        const LIST: &'static str = "things";
    }

    fn limits() -> Limits {
        Limits {
            body_bytes: 1_000,
            bulk_body_bytes: 1_000,
            bulk_items: 3,
            bulk_lines: 4,
            body_depth: 4,
            query_time: std::time::Duration::ZERO,
            rate_per_second: None,
            rate_burst: None,
        }
    }

    fn outcomes(items: Vec<Result<Thing>>) -> Vec<Result<i64, &'static str>> {
        let outcome = |item: Result<Thing>| item.map(|thing| thing.size).map_err(|error| error.code());
        items.into_iter().map(outcome).collect()
    }

    #[test]
    fn a_bad_object_fails_alone() {
        let body = br#"{"things":[{"size":1},{"size":"x"},{"size":99}]}"#;
        let expected = vec![Ok(1), Err("invalid_input"), Err("invalid_input")];
        assert_eq!(outcomes(read_list(body, &limits()).unwrap()), expected);
        let lines = b"{\"size\":1}\n\n{\"size\r\n{\"size\":3}";
        let expected = vec![Ok(1), Err("malformed_json"), Ok(3)];
        assert_eq!(outcomes(read_lines(lines, &limits()).unwrap()), expected);
    }

    #[test]
    fn more_lines_than_are_taken_are_refused_as_a_whole() {
        let lines = |count: usize| read_lines::<Thing>("x\n \n".repeat(count).as_bytes(), &limits());
        assert_eq!(lines(4).unwrap().len(), 4);
        assert_eq!(lines(5).unwrap_err().field_errors()[0].code, "too_many");
    }

    #[test]
    fn a_list_that_comes_twice_is_refused_with_its_place() {
        for (body, place, code) in [
            (r#"{"things":[{"size":1}],"things":[{"size":2}]}"#, "/things", "duplicate_field"),
            (r#"{"things":[{"size":"x"}],"things":[{"size":2}]}"#, "/things", "duplicate_field"),
            (r#"{"things":[{"size":1}],"a/~b":1}"#, "/a~1~0b", "unknown_field"),
        ] {
            let error = read_list::<Thing>(body.as_bytes(), &limits()).unwrap_err();
            assert_eq!(error.field_errors()[0].place, Place::Pointer(place.into()), "{body}");
            assert_eq!(error.field_errors()[0].code, code, "{body}");
        }
    }

    #[test]
    fn a_list_that_is_missing_misnamed_or_too_long_is_refused_as_a_whole() {
        for body in ["{}", r#"{"thing":[]}"#, r#"{"things":[]}"#, r#"{"things":[1,2,3,4]}"#, "[]"] {
            assert!(read_list::<Thing>(body.as_bytes(), &limits()).is_err(), "{body}");
        }
    }
}
