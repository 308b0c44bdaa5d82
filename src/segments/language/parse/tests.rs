use proptest::prelude::*;

use super::super::arbitrary;
use super::super::{parse, print};
use super::*;

fn canonical(text: &str) -> String {
    print(&parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}")))
}

fn problem(text: &str) -> (&'static str, String) {
    let problem = parse(text).expect_err(text);
    let Place::Span { start, end } = problem.place else { panic!("{text}: no span") };
    (problem.code, text[start as usize..end as usize].to_owned())
}

#[test]
fn keywords_stand_in_any_case_and_comments_say_nothing() {
    assert_eq!(
        canonical(
            "number_of_orders >= 2 -- regulars\n and Not city in ('杭州' , \"上海\") or AMOUNT is null"
        ),
        "number_of_orders >= 2 AND NOT city IN ('杭州', '上海') OR AMOUNT IS NULL"
    );
}

#[test]
fn and_binds_tighter_than_or_and_parentheses_are_kept_where_they_matter() {
    assert_eq!(canonical("(a = 1 AND b = 2) OR c = 3"), "a = 1 AND b = 2 OR c = 3");
    assert_eq!(canonical("a = 1 AND (b = 2 OR c = 3)"), "a = 1 AND (b = 2 OR c = 3)");
    assert_eq!(canonical("NOT (a = 1 OR b = 2)"), "NOT (a = 1 OR b = 2)");
    assert_eq!(canonical("NOT a = 1 AND b = 2"), "NOT a = 1 AND b = 2");
    assert_eq!(canonical("AT LEAST 2 OF (a = 1 OR b = 2, c = 3,)"), "AT LEAST 2 OF (a = 1 OR b = 2, c = 3)");
}

#[test]
fn a_name_that_is_all_suffix_or_leaves_a_keyword_is_a_name_as_a_whole() {
    for (written, read) in [
        ("a(_at_least: 'x') = 1", "a(_at_least = 'x') = 1"),
        ("a(_at_most: 2, not_at_least: 1..2) = 1", "a(_at_most = 2, not_at_least BETWEEN 1 AND 2) = 1"),
        ("a(In_at_most: -90d) = 1", "a(In_at_most >= -90d) = 1"),
        ("a(x.not_at_least: 2, x._at_most: 3) = 1", "a(x.not >= 2, x.'' <= 3) = 1"),
    ] {
        assert_eq!((canonical(written).as_str(), canonical(read).as_str()), (read, read), "{written}");
    }
}

#[test]
fn quotes_are_doubled_or_stand_behind_a_backslash() {
    assert_eq!(canonical(r#"a = 'it''s'"#), "a = 'it''s'");
    assert_eq!(canonical(r#"a = '\'VIP\''"#), "a = '''VIP'''");
    assert_eq!(canonical(r#"a = "say ""hi"" 'now'""#), r#"a = 'say "hi" ''now'''"#);
    assert_eq!(canonical(r"a = 'C:\temp'"), r"a = 'C:\\temp'");
}

#[test]
fn the_older_form_of_functions_is_read_as_the_newer_one() {
    for (older, newer) in [
        ("products_purchased() = true", "products_purchased MATCHES ()"),
        (
            "products_purchased(id: 2012162031638) = false",
            "products_purchased NOT MATCHES (id = 2012162031638)",
        ),
        (
            "products_purchased(id: (1, 2), date: -12m) = true",
            "products_purchased MATCHES (id IN (1, 2), date >= -12m)",
        ),
        (
            "products_purchased(date: 2022-01-01..today) != true",
            "products_purchased NOT MATCHES (date BETWEEN 2022-01-01 AND today)",
        ),
        ("shopify_email.opened(count_at_least: 5) = true", "shopify_email.opened MATCHES (count >= 5)"),
        (
            "products_purchased(tag: 'x', date: 2022-01-01)",
            "products_purchased MATCHES (tag = 'x', date = 2022-01-01)",
        ),
        ("orders_placed IS NULL", "orders_placed NOT MATCHES ()"),
        ("orders_placed NOT_MATCHES (date > -3m)", "orders_placed NOT MATCHES (date > -3m)"),
    ] {
        assert_eq!(canonical(older), newer);
    }
}

#[test]
fn facts_are_narrowed_down_behind_their_name() {
    for (text, expected) in [
        ("number_of_orders(shop: 'x', platform: 'y', date: -1y..today) >= 1", None),
        ("amount_spent(date: -30d) > 5", None),
        ("amount_spent(date >= -30d) > 5", Some("amount_spent(date: -30d) > 5")),
        (
            "amount_spent(shop IN ('a', 'b'), date = -30d) > 5",
            Some("amount_spent(shop: ('a', 'b'), date = -30d) > 5"),
        ),
        ("reachable_by('sms')", Some("reachable_by(channel: 'sms') = true")),
        ("reachable_by(sms) = false AND a = 1", Some("reachable_by(channel: 'sms') = false AND a = 1")),
        ("anniversary(birthday) BETWEEN today AND +7d", None),
        (
            "anniversary('metafields.facts.birth_date') = today",
            Some("anniversary(metafields.facts.birth_date) = today"),
        ),
        (
            "anniversary(date: 'metafields.facts.birth_date') = today",
            Some("anniversary(metafields.facts.birth_date) = today"),
        ),
        ("lunar_anniversary(birthday) = today", None),
    ] {
        assert_eq!(canonical(text), expected.unwrap_or(text));
    }
}

#[test]
fn the_rest_of_a_query_says_how_many_and_when() {
    for text in [
        "",
        "TOP 1000 BY amount_spent",
        "a = 1 TOP 10% BY amount_spent(shop: 'x') ASC AS OF 2026-06-18",
        "(IN SEGMENT 's') AS OF -30d",
        "IN SEGMENT 's' AS OF -30d",
        "IN SEGMENT 's' AS OF -30d AS OF today",
        "SAMPLE(10%, seed: 'x')",
        "SEQUENCE (products_purchased(id = 1) THEN NOT products_purchased(id = 2) WITHIN 60d)",
        "entered_segment MATCHES (segment = 's', date >= -30d)",
        "attributes.尺码 = 'XXXXL' AND attributes.'a.b' = 1",
        "last_order_date BETWEEN 2026-11-11T08:00:00 AND yesterday",
        "last_order_date >= 7_days_ago",
        "refund_rate > 20%",
        "customer_within_distance MATCHES (coordinates = (45.3, -75.6), distance_km = 10)",
    ] {
        assert_eq!(canonical(text), text);
    }
    assert_eq!(
        canonical("last_order_date = '2025-01-01' AND city = '2025-01-01'"),
        "last_order_date = 2025-01-01 AND city = '2025-01-01'"
    );
}

#[test]
fn an_error_tells_its_place_and_what_was_expected() {
    for (text, code, place) in [
        ("number_of_orders", "unexpected_end", ""),
        ("number_of_orders >= 2 city = 'x'", "unexpected_token", "city"),
        ("city = Hangzhou", "unexpected_token", "Hangzhou"),
        ("city = 'x", "unclosed_text", "'x"),
        ("city = 'a\0b'", "unexpected_character", "\0"),
        ("a = 1 & b = 2", "unexpected_character", "&"),
        ("last_order_date = 2026-02-30", "invalid_date", "2026-02-30"),
        ("last_order_date > 90d", "unexpected_token", "90d"),
        ("a = 12x", "invalid_number", "12x"),
        ("a = 1234567890123456789", "number_too_long", "1234567890123456789"),
        ("AT LEAST 3 OF (a = 1, b = 2)", "invalid_count", ")"),
        ("(a = 1", "unexpected_end", ""),
        ("a = 1)", "unexpected_token", ")"),
        ("a IN ()", "", ""),
    ] {
        if code.is_empty() {
            assert!(parse(text).is_ok(), "{text}");
        } else {
            assert_eq!(problem(text), (code, place.to_owned()), "{text}");
        }
    }
    assert_eq!(parse("a = 1 ADN b = 2").unwrap_err().nearest.as_deref(), Some("AND"));
    assert_eq!(parse("last_order_date = todya").unwrap_err().nearest.as_deref(), Some("today"));
    assert_eq!(parse("a CONTAIN 'x'").unwrap_err().nearest.as_deref(), Some("CONTAINS"));
}

#[test]
fn a_query_past_a_limit_is_told_which() {
    let many = vec!["a = 1"; 201].join(" AND ");
    assert_eq!(parse(&many).unwrap_err().code, "too_many_conditions");
    assert!(parse(&vec!["a = 1"; 199].join(" AND ")).is_ok());
    assert_eq!(parse(&format!("{}a = 1", "NOT ".repeat(16))).unwrap_err().code, "too_deep");
    assert!(parse(&format!("{}a = 1", "NOT ".repeat(15))).is_ok());
    assert_eq!(parse(&"(".repeat(100_000)).unwrap_err().code, "too_deep");
    let list = |length| format!("id IN ({})", vec!["1"; length].join(","));
    assert_eq!(parse(&list(10_001)).unwrap_err().code, "too_many_values");
    assert!(parse(&list(10_000)).is_ok());
    assert_eq!(parse(&" ".repeat(500_001)).unwrap_err().code, "text_too_long");
    assert_eq!(parse(&format!("a = '{}'", "x".repeat(1_001))).unwrap_err().code, "text_too_long");
}

/// Parts of queries in any order: near enough to the language to get far into the parser.
fn scraps() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        ",",
        "IN",
        "BETWEEN",
        "SEGMENT",
        "AT LEAST",
        "2",
        "OF",
        "TOP",
        "10%",
        "BY",
        "AS OF",
        "SAMPLE",
        "SEQUENCE",
        "THEN",
        "WITHIN",
        "60d",
        "MATCHES",
        "IS",
        "NULL",
        "CONTAINS",
        "=",
        "!=",
        ">=",
        "..",
        ":",
        ".",
        "'x'",
        "\"",
        "'",
        "\\",
        "--",
        "\n",
        "-1y",
        "today",
        "2026-11-11",
        "2026-13-01",
        "2026-11-11T",
        "7_days_ago",
        "products_purchased",
        "attributes",
        "尺码",
        "anniversary",
        "reachable_by",
        "\0",
        "😀",
        "1.5",
        "-",
        "+",
        "%",
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..40).prop_map(|words| words.join(" "))
}

fn mutated() -> impl Strategy<Value = String> {
    (arbitrary::query(), any::<prop::sample::Index>(), any::<char>(), any::<bool>()).prop_map(
        |(query, at, c, put)| {
            let mut characters: Vec<char> = print(&query).chars().collect();
            let at = at.index(characters.len() + 1);
            if put {
                characters.insert(at, c);
            } else if at < characters.len() {
                characters.remove(at);
            }
            characters.into_iter().collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_as_the_same_tree(query in arbitrary::query()) {
        let text = print(&query);
        let read = parse(&text).map_err(|problem| TestCaseError::fail(format!("{text}\n{problem:?}")))?;
        prop_assert_eq!(&read, &query, "{}", text);
        prop_assert_eq!(print(&read), text);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_span_within_it(text in prop_oneof![".{0,200}", scraps(), mutated()]) {
        match parse(&text) {
            Ok(query) => prop_assert_eq!(parse(&print(&query)).ok(), Some(query)),
            Err(problem) => {
                let Place::Span { start, end } = problem.place else { panic!("no span: {text}") };
                prop_assert!(start <= end && text.get(start as usize..end as usize).is_some(), "{text:?} {start}..{end}");
            }
        }
    }
}

#[test]
fn a_large_text_takes_time_in_proportion_to_its_length() {
    // A quadratic pass over half a million signs would take minutes.
    let started = std::time::Instant::now();
    for scrap in
        ["(", "NOT ", "a.", "'' ", "-", "--\n", "1..", "a = 1 AND ", "a IN (", "((", "\\", "\"", "(1,", ": "]
    {
        let _ = parse(&scrap.repeat(499_000 / scrap.len()));
        let _ = parse(&format!("id IN ({}", scrap.repeat(490_000 / scrap.len())));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(parse(&"x".repeat(1_000_000)).unwrap_err().code, "text_too_long");
}
