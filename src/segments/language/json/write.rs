//! The syntax tree as JSON.

use serde_json::{Map, Value as Json, json};

use super::{BETWEEN, IN, IS_NOT_NULL, IS_NULL, NOT_IN, OPERATORS};
use crate::segments::language::print::SpanText;
use crate::segments::language::registry;
use crate::segments::language::tree::{
    Comparison, Kind, Name, Node, Operand, Query, Step, Subject, Test, Top, TopSize, Value,
};

/// The canonical JSON form of a query; for everyone `{}`.
pub fn to_json(query: &Query) -> Json {
    let condition = query.condition.as_ref().map(node);
    if query.top.is_none() && query.as_of.is_none() {
        return condition.unwrap_or_else(|| json!({}));
    }
    let mut object = Map::new();
    put(&mut object, "where", condition);
    put(&mut object, "top", query.top.as_ref().map(top));
    put(&mut object, "as_of", query.as_of.as_ref().map(|as_of| as_of.date.to_string().into()));
    object.into()
}

fn put(object: &mut Map<String, Json>, key: &str, value: Option<Json>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value);
    }
}

fn nodes(nodes: &[Node]) -> Json {
    nodes.iter().map(node).collect()
}

fn node(of: &Node) -> Json {
    match &of.kind {
        Kind::And(parts) => json!({"and": nodes(parts)}),
        Kind::Or(parts) => json!({"or": nodes(parts)}),
        Kind::Not(inner) => json!({"not": node(inner)}),
        Kind::AtLeast { least, of } => json!({"at_least": least, "of": nodes(of)}),
        Kind::Compare(of) => comparison(of, None),
        Kind::Matches { function, negated, conditions } => {
            let mut object =
                json!({"function": function.to_string(), "where": comparisons(conditions, function)});
            if *negated {
                object["matches"] = false.into();
            }
            object
        }
        Kind::InSegment { reference, as_of } => {
            let mut object = json!({"in_segment": reference.text});
            if let Some(as_of) = as_of {
                object["as_of"] = as_of.date.to_string().into();
            }
            object
        }
        Kind::Sample { percent, seed } => {
            let mut object = json!({"sample": percent.to_json()});
            if let Some(seed) = seed {
                object["seed"] = seed.text.clone().into();
            }
            object
        }
        Kind::Sequence(steps) => json!({"sequence": steps.iter().map(step).collect::<Vec<_>>()}),
    }
}

fn step(of: &Step) -> Json {
    let mut object =
        json!({"function": of.function.to_string(), "where": comparisons(&of.conditions, &of.function)});
    if of.negated {
        object["matches"] = false.into();
    }
    if let Some(within) = of.within {
        object["within"] = SpanText(within).to_string().into();
    }
    object
}

fn top(of: &Top) -> Json {
    let mut object = Map::new();
    match of.size {
        TopSize::Count(count) => object.insert("count".to_owned(), count.into()),
        TopSize::Percent(percent) => object.insert("percent".to_owned(), percent.to_json()),
    };
    object.insert("by".to_owned(), of.by.to_string().into());
    if !of.scope.is_empty() {
        object.insert("scope".to_owned(), comparisons(&of.scope, &of.by));
    }
    if of.ascending {
        object.insert("order".to_owned(), "asc".into());
    }
    object.into()
}

fn comparisons(of: &[Comparison], owner: &Name) -> Json {
    of.iter().map(|of| comparison(of, Some(owner))).collect()
}

fn comparison(of: &Comparison, owner: Option<&Name>) -> Json {
    let mut object = Map::new();
    let dated = match &of.subject {
        Subject::Field { name, scope } => {
            object.insert("field".to_owned(), name.to_string().into());
            if !scope.is_empty() {
                object.insert("scope".to_owned(), comparisons(scope, name));
            }
            registry::is_dated(owner.map(|owner| owner.parts.as_slice()), &name.parts)
        }
        Subject::Anniversary { lunar, of } => {
            let key = if *lunar { "lunar_anniversary" } else { "anniversary" };
            object.insert(key.to_owned(), of.to_string().into());
            true
        }
    };
    let (operator, value) = test(&of.test, dated);
    object.insert("op".to_owned(), operator.into());
    put(&mut object, "value", value);
    object.into()
}

fn test(of: &Test, dated: bool) -> (&'static str, Option<Json>) {
    let list = |values: &[Operand]| values.iter().map(|value| operand(value, dated)).collect();
    match of {
        Test::Compare(operator, value) => {
            let name = OPERATORS.iter().find(|(_, known)| known == operator).map_or("=", |(name, _)| name);
            (name, Some(operand(value, dated)))
        }
        Test::Between(low, high) => (BETWEEN, Some(json!([operand(low, dated), operand(high, dated)]))),
        Test::In(values) => (IN, Some(list(values))),
        Test::NotIn(values) => (NOT_IN, Some(list(values))),
        Test::IsNull => (IS_NULL, None),
        Test::IsNotNull => (IS_NOT_NULL, None),
    }
}

/// A date is a plain text where one is expected; elsewhere it says that it is one.
fn operand(of: &Operand, dated: bool) -> Json {
    match &of.value {
        Value::Text(text) => text.clone().into(),
        Value::Number(number) => number.to_json(),
        Value::Percent(percent) => json!({"percent": percent.to_json()}),
        Value::Truth(truth) => (*truth).into(),
        Value::Date(date) if dated => date.to_string().into(),
        Value::Date(date) => json!({"date": date.to_string()}),
        Value::List(values) => values.iter().map(|value| operand(value, dated)).collect(),
    }
}
