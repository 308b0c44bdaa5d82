use proptest::prelude::*;
use serde_json::json;

use super::super::{Place, arbitrary, parse, print};
use super::*;

fn read(document: &serde_json::Value) -> String {
    print(&from_json(document, "").unwrap_or_else(|problems| panic!("{problems:?}")))
}

fn problems(document: &serde_json::Value) -> Vec<(String, &'static str)> {
    let problems = from_json(document, "/filter").expect_err("wrong");
    let place = |place: &Place| match place {
        Place::Pointer(pointer) => pointer.to_string(),
        _ => panic!("no pointer"),
    };
    problems.iter().map(|problem| (place(&problem.place), problem.code)).collect()
}

#[test]
fn json_says_what_the_text_says() {
    let document = json!({"and": [
        {"field": "number_of_orders", "op": ">=", "value": 2},
        {"field": "last_order_date", "op": "<", "value": "-90d"},
        {"not": {"field": "customer_tags", "op": "contains", "value": "do-not-call"}},
        {"function": "products_purchased", "where": [
            {"field": "category", "op": "=", "value": "羽绒服"},
            {"field": "attributes.尺码", "op": "=", "value": "XXXXL"},
            {"field": "date", "op": ">=", "value": "-1y"}]},
        {"at_least": 1, "of": [{"field": "city", "op": "in", "value": ["杭州"]}, {"field": "age", "op": "is_null"}]},
        {"in_segment": "seg_01j"}
    ]});
    assert_eq!(
        read(&document),
        "number_of_orders >= 2 AND last_order_date < -90d AND NOT customer_tags CONTAINS 'do-not-call' AND \
         products_purchased MATCHES (category = '羽绒服', attributes.尺码 = 'XXXXL', date >= -1y) AND \
         AT LEAST 1 OF (city IN ('杭州'), age IS NULL) AND IN SEGMENT 'seg_01j'"
    );
    assert_eq!(to_json(&from_json(&document, "").unwrap()), document);
}

#[test]
fn the_whole_of_a_query_has_its_keys() {
    for text in [
        "",
        "TOP 10 BY amount_spent",
        "a = 1 TOP 10% BY amount_spent(shop: 'x', date: -1y..today) ASC AS OF 2026-06-18",
        "products_purchased NOT MATCHES (date = today) AS OF -1y",
        "IN SEGMENT 's' AS OF -30d",
    ] {
        let document = to_json(&parse(text).unwrap());
        assert_eq!(read(&document), text, "{document}");
    }
    assert_eq!(read(&json!({"and": [{"field": "a", "op": "NOT IN", "value": [1.5]}]})), "a NOT IN (1.5)");
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_place() {
    let document = json!({"and": [
        {"field": "city", "op": "equals", "value": "x"},
        {"field": "city", "op": "=", "value": null},
        {"field": "ci ty", "op": "=", "value": 1},
        {"feild": "city"},
        {"field": "city", "op": "between", "value": [1]},
        {"field": "city", "op": "=", "value": "x", "extra": 1},
        {"not": [], "or": []},
        {"or": []},
        {"in_segment": "a\0b"},
        {"at_least": 3, "of": []}
    ]});
    assert_eq!(
        problems(&document),
        [
            ("/filter/and/0/op".to_owned(), "unknown_operator"),
            ("/filter/and/1/value".to_owned(), "invalid_value"),
            ("/filter/and/2/field".to_owned(), "invalid_name"),
            ("/filter/and/3".to_owned(), "invalid_condition"),
            ("/filter/and/4/value".to_owned(), "invalid_value"),
            ("/filter/and/5/extra".to_owned(), "unknown_key"),
            ("/filter/and/6".to_owned(), "invalid_condition"),
            ("/filter/and/7/or".to_owned(), "empty"),
            ("/filter/and/8/in_segment".to_owned(), "unexpected_character"),
            ("/filter/and/9/at_least".to_owned(), "invalid_count"),
        ]
    );
    assert_eq!(problems(&json!([])), [("/filter".to_owned(), "invalid_condition")]);
}

#[test]
fn deep_and_large_documents_are_refused() {
    let mut deep = json!({"field": "a", "op": "is_null"});
    for _ in 0..100 {
        deep = json!({"not": deep});
    }
    assert_eq!(problems(&deep)[0].1, "too_deep");
    let wide = json!({"or": vec![json!({"field": "a", "op": "is_null"}); 201]});
    assert_eq!(problems(&wide)[0].1, "too_many_conditions");
    let list = json!({"field": "a", "op": "in", "value": vec![1; 10_001]});
    assert_eq!(problems(&list)[0].1, "too_many_values");
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    const KEYS: &[&str] = &[
        "and",
        "or",
        "not",
        "at_least",
        "of",
        "field",
        "op",
        "value",
        "function",
        "where",
        "in_segment",
        "sample",
        "sequence",
        "top",
        "as_of",
        "anniversary",
        "scope",
        "date",
        "percent",
        "matches",
        "count",
        "by",
        "x",
    ];
    const TEXTS: &[&str] =
        &["=", "in", "between", "amount_spent", "date", "-1y", "x", "", "is_null", "products_purchased"];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(TEXTS).prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((prop::sample::select(KEYS), inner), 0..5)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same_tree(query in arbitrary::query()) {
        let document = to_json(&query);
        let bytes = serde_json::to_vec(&document).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let read = from_json(&document, "").map_err(|problems| TestCaseError::fail(format!("{document}\n{problems:?}")))?;
        prop_assert_eq!(&read, &query, "{}", document);
        prop_assert_eq!(to_json(&read), document);
    }

    #[test]
    fn any_document_is_read_or_refused_with_pointers(document in any_json()) {
        match from_json(&document, "") {
            Ok(query) => prop_assert_eq!(parse(&print(&query)).ok(), Some(query)),
            Err(problems) => prop_assert!(problems.iter().all(|problem| matches!(problem.place, Place::Pointer(_)))),
        }
    }
}
