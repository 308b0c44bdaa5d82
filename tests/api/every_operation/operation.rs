//! An operation as the description tells it, with examples for all that it takes.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use crate::support::TestApp;

pub struct Operation {
    /// Its method and path, as the description has them.
    pub name: String,
    pub method: Method,
    path: String,
    /// The parameters of its path, in their order.
    pub parameters: Vec<Parameter>,
    /// The query that it cannot do without.
    query: Vec<(String, String)>,
    /// The scope that it needs; none where it is open to all.
    pub scope: Option<String>,
    /// The format of its body.
    pub takes: Option<String>,
    /// A body that it takes, as it stands in the description.
    pub body: Value,
}

/// A parameter of a path.
#[derive(Debug, Clone)]
pub struct Parameter {
    name: String,
    /// The kind of object that it names, such as `CustomerId`, or `CustomerId 2` for a second one of its kind; none where
    /// it is a plain value.
    pub kind: Option<String>,
    pub example: String,
}

/// Ids by their kind, such as `CustomerId`.
pub type Ids = BTreeMap<String, String>;

impl Operation {
    pub fn all() -> Vec<Self> {
        let text = huitou::routes::as_json(&huitou::routes::document());
        let document: Value = serde_json::from_str(&text).expect("the description is JSON");
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("there are paths") {
            for (verb, operation) in item.as_object().expect("a path has operations") {
                operations.push(Self::new(&document, path, verb, operation));
            }
        }
        assert!(operations.len() > 10);
        operations
    }

    fn new(document: &Value, path: &str, verb: &str, operation: &Value) -> Self {
        let name = format!("{verb} {path}");
        let told = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut parameters: Vec<Parameter> =
            told.iter().filter(|one| one["in"] == "path").map(|one| Parameter::new(document, one)).collect();
        parameters.sort_by_key(|one| path.find(&format!("{{{}}}", one.name)));
        for place in 1..parameters.len() {
            let (before, rest) = parameters.split_at_mut(place);
            let same = before.iter().filter(|one| one.kind.is_some() && one.kind == rest[0].kind).count();
            if let Some(kind) = rest[0].kind.as_mut().filter(|_| same > 0) {
                kind.push_str(&format!(" {}", same + 1));
            }
        }
        let query = told.iter().filter(|one| one["in"] == "query" && one["required"] == true);
        let query = query.map(|one| {
            let name = one["name"].as_str().expect("a parameter has a name").to_string();
            let value = text(&parameter_example(document, one).unwrap_or_default());
            (name, value)
        });
        let content = operation["requestBody"]["content"].as_object();
        let content = content
            .and_then(|content| content.get_key_value("application/json").or_else(|| content.iter().next()));
        Self {
            method: verb.to_uppercase().parse().expect("a verb is a method"),
            path: path.into(),
            parameters,
            query: query.collect(),
            scope: operation["security"][0]["bearer"][0].as_str().map(String::from),
            takes: content.map(|(format, _)| format.clone()),
            body: content.and_then(|(_, body)| body_example(document, body)).unwrap_or_else(|| json!({})),
            name,
        }
    }

    /// The kinds of objects that its path names.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter_map(|parameter| parameter.kind.as_deref())
    }

    /// Its path and query, with these ids and for all else the description's examples.
    pub fn address(&self, ids: &Ids) -> String {
        let path = self.parameters.iter().fold(self.path.clone(), |path, parameter| {
            let id = parameter.kind.as_ref().and_then(|kind| ids.get(kind));
            path.replace(&format!("{{{}}}", parameter.name), id.unwrap_or(&parameter.example))
        });
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// The request with a body that is an empty object, where it takes one.
    pub fn request(&self, app: &TestApp) -> RequestBuilder {
        self.request_with(app, "{}")
    }

    pub fn request_with(&self, app: &TestApp, body: &'static str) -> RequestBuilder {
        self.request_to(app, &Ids::new(), body)
    }

    /// The request for these objects.
    pub fn request_to(&self, app: &TestApp, ids: &Ids, body: impl Into<String>) -> RequestBuilder {
        let request = app.request(self.method.clone(), &self.address(ids));
        match &self.takes {
            Some(format) => request.header("content-type", format).body(body.into()),
            None => request,
        }
    }
}

impl Parameter {
    fn new(document: &Value, told: &Value) -> Self {
        let schema = told["schema"]["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        Self {
            name: told["name"].as_str().expect("a parameter has a name").into(),
            kind: schema.filter(|name| name.ends_with("Id")).map(String::from),
            example: text(&parameter_example(document, told).unwrap_or_else(|| "something".into())),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn parameter_example(document: &Value, told: &Value) -> Option<Value> {
    own_example(told).or_else(|| example(document, &told["schema"]))
}

fn body_example(document: &Value, body: &Value) -> Option<Value> {
    own_example(body).or_else(|| example(document, &body["schema"]))
}

/// The example that stands with a thing itself.
fn own_example(told: &Value) -> Option<Value> {
    let first = match &told["examples"] {
        Value::Array(examples) => examples.first().cloned(),
        Value::Object(examples) => examples.values().next().map(|example| example["value"].clone()),
        _ => None,
    };
    told.get("example").cloned().or(first)
}

/// The example of a schema, put together from those of its parts where it has none of its own.
fn example(document: &Value, schema: &Value) -> Option<Value> {
    if let Some(example) = own_example(schema) {
        return Some(example);
    }
    if let Some(path) = schema["$ref"].as_str() {
        return example(document, document.pointer(path.trim_start_matches('#'))?);
    }
    if let Some(one) = schema["enum"].as_array().and_then(|values| values.first()) {
        return Some(one.clone());
    }
    if let Some(variants) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return variants.iter().find_map(|variant| example(document, variant));
    }
    if schema["items"].is_object() {
        return Some(json!([example(document, &schema["items"])?]));
    }
    let properties = schema["properties"].as_object()?;
    let told: Map<String, Value> = properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), example(document, property)?)))
        .collect();
    (!told.is_empty()).then(|| told.into())
}
