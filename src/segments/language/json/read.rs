//! JSON as the syntax tree. All that is wrong is told at once.

use serde_json::{Map, Value as Json};

use super::{BETWEEN, IN, IS_NOT_NULL, IS_NULL, NOT_IN, OPERATORS};
use crate::segments::language::limits::{MOST_CHARACTERS, MOST_DEPTH, MOST_NODES, MOST_VALUES};
use crate::segments::language::measure;
use crate::segments::language::parse::{name_of, text_or_date, too_many};
use crate::segments::language::place::Place;
use crate::segments::language::problem::Problem;
use crate::segments::language::registry;
use crate::segments::language::tree::{
    AsOf, Comparison, Kind, Name, Node, Operand, Query, Step, Subject, Test, Text, Top, TopSize, Value,
};
use crate::segments::language::value::{DateValue, Decimal, Offset};

/// Reads a query; its places are pointers below `root`, the pointer to the document itself.
pub fn from_json(document: &Json, root: &str) -> Result<Query, Vec<Problem>> {
    let mut reader = Reader { path: root.to_owned(), problems: Vec::new(), depth: 0 };
    let query = reader.query(document);
    match query.filter(|_| reader.problems.is_empty()) {
        Some(query) => measure::check(&query).map(|()| query).map_err(|problem| vec![problem]),
        None => Err(reader.problems),
    }
}

/// What a condition can begin with.
const CONDITIONS: &[&str] = &[
    "and",
    "or",
    "not",
    "at_least",
    "field",
    "function",
    "in_segment",
    "sample",
    "sequence",
    "anniversary",
    "lunar_anniversary",
];

/// More are not told at once.
const MOST_PROBLEMS: usize = 100;

struct Reader {
    path: String,
    problems: Vec<Problem>,
    depth: usize,
}

type Object = Map<String, Json>;

impl Reader {
    fn query(&mut self, document: &Json) -> Option<Query> {
        let object = self.object(document)?;
        if object.is_empty() {
            return Some(Query::default());
        }
        let whole = ["where", "top", "as_of"].iter().any(|key| object.contains_key(*key));
        if !whole || CONDITIONS.iter().any(|key| object.contains_key(*key)) {
            return Some(Query { condition: Some(self.node(document)?), ..Query::default() });
        }
        self.known(object, &["where", "top", "as_of"]);
        let condition = self.optional(object, "where", Self::node);
        let top = self.optional(object, "top", Self::top);
        let as_of = self.optional(object, "as_of", Self::as_of);
        Some(Query { condition: condition?, top: top?, as_of: as_of? })
    }

    fn node(&mut self, json: &Json) -> Option<Node> {
        self.depth += 1;
        let kind = if self.depth > 2 * MOST_DEPTH {
            self.problems.push(measure::too_deep(self.place()));
            None
        } else {
            self.kind(json)
        };
        self.depth -= 1;
        Some(Node { kind: kind?, place: self.place() })
    }

    fn kind(&mut self, json: &Json) -> Option<Kind> {
        let object = self.object(json)?;
        let named: Vec<&str> = CONDITIONS.iter().copied().filter(|key| object.contains_key(*key)).collect();
        let [key] = named[..] else {
            let detail =
                format!("expected a condition: an object with one of the keys `{}`", CONDITIONS.join("`, `"));
            let unknown = object.keys().next().filter(|_| named.is_empty());
            let problem = Problem::new(self.place(), "invalid_condition", detail);
            self.problems.push(match unknown {
                Some(unknown) => problem.or(unknown, CONDITIONS.iter().copied()),
                None => problem,
            });
            return None;
        };
        match key {
            "and" => self.parts(object, key, Kind::And),
            "or" => self.parts(object, key, Kind::Or),
            "not" => {
                self.known(object, &[key]);
                Some(Kind::Not(Box::new(self.required(object, key, Self::node)?)))
            }
            "at_least" => self.at_least(object),
            "function" => {
                self.known(object, &["function", "where", "matches"]);
                let function = self.required(object, "function", Self::name);
                let matches = self.optional(object, "matches", Self::truth);
                let function = function?;
                let conditions = self.comparisons(object, "where", &function)?;
                Some(Kind::Matches { function, negated: matches? == Some(false), conditions })
            }
            "in_segment" => {
                self.known(object, &["in_segment", "as_of"]);
                let reference = self.required(object, key, Self::text);
                let as_of = self.optional(object, "as_of", Self::as_of);
                Some(Kind::InSegment { reference: reference?, as_of: as_of? })
            }
            "sample" => {
                self.known(object, &["sample", "seed"]);
                let percent = self.required(object, key, Self::number);
                let seed = self.optional(object, "seed", Self::text);
                Some(Kind::Sample { percent: percent?, seed: seed? })
            }
            "sequence" => {
                self.known(object, &[key]);
                let steps =
                    self.required(object, key, |reader, json| reader.array(json, MOST_NODES, Self::step))?;
                Some(Kind::Sequence(steps)).filter(|_| self.not_empty(object, key))
            }
            _ => self.comparison(json, None).map(Kind::Compare),
        }
    }

    /// One part alone is that part.
    fn parts(&mut self, object: &Object, key: &str, kind: fn(Vec<Node>) -> Kind) -> Option<Kind> {
        self.known(object, &[key]);
        let mut parts =
            self.required(object, key, |reader, json| reader.array(json, MOST_NODES, Self::node))?;
        if parts.len() == 1 {
            return parts.pop().map(|part| part.kind);
        }
        Some(kind(parts)).filter(|_| self.not_empty(object, key))
    }

    fn not_empty(&mut self, object: &Object, key: &str) -> bool {
        let empty = object.get(key).and_then(Json::as_array).is_some_and(Vec::is_empty);
        if empty {
            self.under(key, |reader| reader.wrong::<()>("empty", "expected at least one"));
        }
        !empty
    }

    fn at_least(&mut self, object: &Object) -> Option<Kind> {
        self.known(object, &["at_least", "of"]);
        let least = self.required(object, "at_least", Self::count);
        let of = self.required(object, "of", |reader, json| reader.array(json, MOST_NODES, Self::node));
        let (least, of) = (least?, of?);
        if least == 0 || least as usize > of.len() {
            let detail = format!("of {} conditions at least 1 and at most all can be asked for", of.len());
            self.under("at_least", |reader| reader.wrong::<()>("invalid_count", detail));
            return None;
        }
        Some(Kind::AtLeast { least, of })
    }

    fn step(&mut self, json: &Json) -> Option<Step> {
        let object = self.object(json)?;
        self.known(object, &["function", "where", "matches", "within"]);
        let function = self.required(object, "function", Self::name);
        let matches = self.optional(object, "matches", Self::truth);
        let within = self.optional(object, "within", |reader, json| {
            let span = json.as_str().filter(|text| !text.starts_with(['-', '+'])).and_then(Offset::parse);
            span.or_else(|| reader.wrong("invalid_value", "expected a length of time such as `60d`"))
        });
        let function = function?;
        let conditions = self.comparisons(object, "where", &function)?;
        Some(Step { negated: matches? == Some(false), function, conditions, within: within? })
    }

    fn top(&mut self, json: &Json) -> Option<Top> {
        let object = self.object(json)?;
        self.known(object, &["count", "percent", "by", "scope", "order"]);
        let count = self.optional(object, "count", Self::count);
        let percent = self.optional(object, "percent", Self::number);
        let by = self.required(object, "by", Self::name);
        let ascending = self.optional(object, "order", |reader, json| match json.as_str() {
            Some("asc") => Some(true),
            Some("desc") => Some(false),
            _ => reader.wrong("invalid_value", "expected `asc` or `desc`"),
        });
        let size = match (count?, percent?) {
            (Some(count), None) if count > 0 => TopSize::Count(count),
            (None, Some(percent)) => TopSize::Percent(percent),
            _ => {
                return self.wrong("invalid_count", "expected either a `count` of at least 1 or a `percent`");
            }
        };
        let by = by?;
        let scope = self.comparisons(object, "scope", &by)?;
        Some(Top { size, by, scope, ascending: ascending? == Some(true), place: self.place() })
    }

    fn comparisons(&mut self, object: &Object, key: &str, owner: &Name) -> Option<Vec<Comparison>> {
        let read = |reader: &mut Self, json: &Json| {
            reader.array(json, MOST_NODES, |reader, json| reader.comparison(json, Some(owner)))
        };
        self.optional(object, key, read).map(Option::unwrap_or_default)
    }

    fn comparison(&mut self, json: &Json, owner: Option<&Name>) -> Option<Comparison> {
        let object = self.object(json)?;
        let anniversary = [("anniversary", false), ("lunar_anniversary", true)]
            .into_iter()
            .find(|(key, _)| owner.is_none() && object.contains_key(*key));
        let (subject, dated) = if let Some((key, lunar)) = anniversary {
            self.known(object, &[key, "op", "value"]);
            (Subject::Anniversary { lunar, of: self.required(object, key, Self::name)? }, true)
        } else {
            let keys: &[&str] =
                if owner.is_none() { &["field", "scope", "op", "value"] } else { &["field", "op", "value"] };
            self.known(object, keys);
            let name = self.required(object, "field", Self::name)?;
            let dated = registry::is_dated(owner.map(|owner| owner.parts.as_slice()), &name.parts);
            let scope = if owner.is_none() { self.comparisons(object, "scope", &name)? } else { Vec::new() };
            (Subject::Field { name, scope }, dated)
        };
        let test = self.test(object, dated)?;
        Some(Comparison { subject, test, place: self.place() })
    }

    fn test(&mut self, object: &Object, dated: bool) -> Option<Test> {
        let operator = self.required(object, "op", |reader, json| {
            let text = json.as_str();
            text.map(|text| text.to_ascii_lowercase().replace(' ', "_"))
                .or_else(|| reader.wrong("invalid_operator", "expected the name of an operator as a text"))
        })?;
        if let IS_NULL | IS_NOT_NULL = operator.as_str() {
            if object.contains_key("value") {
                self.under("value", |reader| {
                    reader.wrong::<()>("unknown_key", "this operator takes no value")
                });
            }
            return Some(if operator == IS_NULL { Test::IsNull } else { Test::IsNotNull });
        }
        let values = |reader: &mut Self| {
            reader.required(object, "value", |reader, json| {
                reader.array(json, MOST_VALUES, |reader, json| reader.operand(json, dated, false))
            })
        };
        match operator.as_str() {
            BETWEEN => match <[Operand; 2]>::try_from(values(self)?) {
                Ok([low, high]) => Some(Test::Between(low, high)),
                Err(_) => self
                    .under("value", |reader| reader.wrong("invalid_value", "expected a list of two values")),
            },
            IN => values(self).map(Test::In),
            NOT_IN => values(self).map(Test::NotIn),
            _ => {
                let Some((_, known)) = OPERATORS.iter().find(|(name, _)| *name == operator) else {
                    let names = OPERATORS.iter().map(|(name, _)| *name);
                    let names: Vec<_> = names.chain([BETWEEN, IN, NOT_IN, IS_NULL, IS_NOT_NULL]).collect();
                    let detail = format!("expected one of the operators `{}`", names.join("`, `"));
                    return self.under("op", |reader| {
                        let problem = Problem::new(reader.place(), "unknown_operator", detail);
                        reader.problems.push(problem.or(&operator, names));
                        None
                    });
                };
                let operand =
                    self.required(object, "value", |reader, json| reader.operand(json, dated, true))?;
                Some(Test::Compare(*known, operand))
            }
        }
    }

    fn operand(&mut self, json: &Json, dated: bool, lists: bool) -> Option<Operand> {
        let value = match json {
            Json::String(_) => text_or_date(&self.text(json)?.text, dated),
            Json::Bool(truth) => Value::Truth(*truth),
            Json::Number(_) => Value::Number(self.number(json)?),
            Json::Array(_) if lists => {
                Value::List(self.array(json, MOST_VALUES, |reader, json| reader.operand(json, dated, false))?)
            }
            Json::Object(object) if object.contains_key("percent") => {
                self.known(object, &["percent"]);
                Value::Percent(self.required(object, "percent", Self::number)?)
            }
            Json::Object(object) if object.contains_key("date") => {
                self.known(object, &["date"]);
                Value::Date(self.required(object, "date", Self::date)?)
            }
            _ => {
                return self.wrong(
                    "invalid_value",
                    "expected a text, a number, a truth, `{\"percent\": …}` or `{\"date\": …}`",
                );
            }
        };
        Some(Operand { value, place: self.place() })
    }

    fn as_of(&mut self, json: &Json) -> Option<AsOf> {
        Some(AsOf { date: self.date(json)?, place: self.place() })
    }

    fn date(&mut self, json: &Json) -> Option<DateValue> {
        let date = json.as_str().and_then(DateValue::parse);
        date.or_else(|| self.wrong("invalid_date", "expected a date such as `2026-11-11`, `-90d` or `today`"))
    }

    fn name(&mut self, json: &Json) -> Option<Name> {
        let Some(text) = json.as_str() else {
            return self.wrong("invalid_name", "expected the name of a field or function as a text");
        };
        name_of(text, &self.place()).map_err(|problem| self.problems.push(problem)).ok()
    }

    fn text(&mut self, json: &Json) -> Option<Text> {
        let Some(text) = json.as_str() else {
            return self.wrong("invalid_value", "expected a text");
        };
        if text.chars().nth(MOST_CHARACTERS).is_some() {
            return self.wrong("text_too_long", format!("a text has at most {MOST_CHARACTERS} characters"));
        }
        if text.contains('\0') {
            return self.wrong("unexpected_character", "a text has no NUL character");
        }
        Some(Text { text: text.to_owned(), place: self.place() })
    }

    fn number(&mut self, json: &Json) -> Option<Decimal> {
        let number = json.as_number().and_then(Decimal::from_json);
        number.or_else(|| {
            self.wrong("invalid_value", "expected a number of at most 18 digits, with a point at most 15")
        })
    }

    fn count(&mut self, json: &Json) -> Option<u32> {
        let count = json.as_u64().and_then(|count| u32::try_from(count).ok());
        count.or_else(|| self.wrong("invalid_value", "expected a whole number"))
    }

    fn truth(&mut self, json: &Json) -> Option<bool> {
        json.as_bool().or_else(|| self.wrong("invalid_value", "expected `true` or `false`"))
    }

    fn object<'a>(&mut self, json: &'a Json) -> Option<&'a Object> {
        json.as_object().or_else(|| self.wrong("invalid_condition", "expected an object"))
    }

    fn array<T>(
        &mut self,
        json: &Json,
        most: usize,
        mut read: impl FnMut(&mut Self, &Json) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(array) = json.as_array() else {
            return self.wrong("invalid_value", "expected a list");
        };
        if array.len() > most {
            self.problems.push(if most == MOST_NODES {
                measure::too_many(self.place())
            } else {
                too_many(self.place())
            });
            return None;
        }
        let read: Vec<_> = (0..)
            .zip(array)
            .map(|(index, json): (usize, _)| self.under(&index.to_string(), |reader| read(reader, json)))
            .collect();
        read.into_iter().collect()
    }

    fn required<T>(
        &mut self,
        object: &Object,
        key: &str,
        read: impl FnOnce(&mut Self, &Json) -> Option<T>,
    ) -> Option<T> {
        let Some(json) = object.get(key) else {
            return self.wrong("missing_key", format!("expected the key `{key}`"));
        };
        self.under(key, |reader| read(reader, json))
    }

    /// Outer: whether it could be read; inner: whether it is there.
    fn optional<T>(
        &mut self,
        object: &Object,
        key: &str,
        read: impl FnOnce(&mut Self, &Json) -> Option<T>,
    ) -> Option<Option<T>> {
        match object.get(key) {
            None | Some(Json::Null) => Some(None),
            Some(json) => self.under(key, |reader| read(reader, json)).map(Some),
        }
    }

    /// Reports keys that mean nothing here.
    fn known(&mut self, object: &Object, keys: &[&str]) {
        for key in object.keys().filter(|key| !keys.contains(&key.as_str())) {
            let detail = format!("has no meaning here; known are `{}`", keys.join("`, `"));
            self.under(key, |reader| {
                if reader.problems.len() < MOST_PROBLEMS {
                    let problem = Problem::new(reader.place(), "unknown_key", detail);
                    reader.problems.push(problem.or(key, keys.iter().copied()));
                }
            });
        }
    }

    fn under<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let result = read(self);
        self.path.truncate(length);
        result
    }

    fn place(&self) -> Place {
        Place::Pointer(self.path.as_str().into())
    }

    fn wrong<T>(&mut self, code: &'static str, detail: impl Into<String>) -> Option<T> {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::new(self.place(), code, detail));
        }
        None
    }
}
