//! The description of the API, looked at as a whole.

use serde_json::Value;

fn document() -> Value {
    let text = huitou::routes::as_json(&huitou::routes::document());
    serde_json::from_str(&text).expect("the description is JSON")
}

/// Every operation as (path, verb, operation).
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("there are paths");
    let each = |(path, item): (&String, &Value)| {
        let verbs = item.as_object().expect("a path has operations").clone();
        let path = path.clone();
        verbs.into_iter().map(move |(verb, operation)| (path.clone(), verb, operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(each).collect()
}

#[test]
fn the_checked_in_description_is_the_one_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let made = huitou::routes::as_json(&huitou::routes::document());
    assert!(
        checked_in == made,
        "openapi/openapi.json is stale; write it anew: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut ids = std::collections::BTreeSet::new();
    for (path, verb, operation) in operations(&document) {
        let name = format!("{verb} {path}");
        for field in ["summary", "operationId"] {
            assert!(operation[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert!(ids.insert(operation["operationId"].to_string()), "{name} shares its operationId");
        let tag = &operation["tags"][0];
        let tags = document["tags"].as_array().expect("there are tags");
        assert!(tags.iter().any(|known| &known["name"] == tag), "{name} has the unknown tag {tag}");
        assert!(operation["security"].is_array(), "{name} does not say whether it needs a token");
    }
}

#[test]
fn every_error_is_a_problem_document() {
    let document = document();
    for (path, verb, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("an operation has answers");
        let guarded = operation["security"].to_string().contains("bearer");
        for status in ["401", "403", "429", "500", "503"] {
            assert!(!guarded || answers.contains_key(status), "{verb} {path} does not tell {status}");
        }
        for (status, answer) in answers.iter().filter(|(status, _)| status.as_str() >= "400") {
            let target = answer["$ref"].as_str().unwrap_or_default().trim_start_matches('#');
            let content = &document.pointer(target).unwrap_or(answer)["content"];
            let own = path == "/readyz" && status == "503";
            assert!(own || content["application/problem+json"].is_object(), "{verb} {path}: {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    let there = document.pointer(target.trim_start_matches('#'));
                    assert!(there.is_some(), "{target} leads nowhere");
                }
                fields.values().for_each(|field| check(field, document));
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}
