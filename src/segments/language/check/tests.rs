use jiff::civil::date;

use super::super::checked::Kind;
use super::super::checked::*;
use super::super::{parse, registry};
use super::*;
use crate::time::time_zone;

fn context() -> Context {
    let shop = |number: u128, external_id: &str, platform, zone: &str, dormant_after_days| ShopContext {
        id: ShopId::from_uuid(uuid::Uuid::from_u128(number)),
        external_id: external_id.to_owned(),
        name: format!("Shop {external_id}"),
        platform,
        zone: time_zone(zone).unwrap(),
        dormant_after_days,
    };
    Context {
        now: "2026-11-24T02:30:00Z".parse().unwrap(),
        zone: time_zone("Asia/Shanghai").unwrap(),
        currency: "CNY".to_owned(),
        decimals: 2,
        country: Some("CN".to_owned()),
        dormant_after_days: 90,
        shops: vec![
            shop(1, "tmall-01", "tmall", "Asia/Shanghai", 90),
            shop(2, "ny-01", "shopify", "America/New_York", 60),
            shop(3, "ny-02", "shopify", "America/New_York", 90),
        ],
    }
}

fn checked(text: &str) -> Checked {
    check(&parse(text).unwrap(), &context()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn leaf(text: &str) -> Leaf {
    match checked(text).condition.kind {
        Kind::Leaf(leaf) => *leaf,
        kind => panic!("{text}: {kind:?}"),
    }
}

fn rows(text: &str) -> Rows {
    match leaf(text) {
        Leaf::Rows(rows) => rows,
        leaf => panic!("{text}: {leaf:?}"),
    }
}

fn problems(text: &str) -> Vec<Problem> {
    check(&parse(text).unwrap(), &context()).expect_err(text)
}

fn codes(text: &str) -> Vec<&'static str> {
    problems(text).iter().map(|problem| problem.code).collect()
}

/// Of a test of a moment, its only window.
fn window(text: &str) -> (String, String) {
    let (Leaf::Date { test, .. } | Leaf::CreatedAt(test)) = leaf(text) else { panic!("{text}") };
    let MomentTest::Within(windows) = test else { panic!("{text}: {test:?}") };
    let told =
        |moment: Option<Timestamp>| moment.map(|moment| moment.to_jiff().to_string()).unwrap_or_default();
    (told(windows[0].from), told(windows[0].until))
}

fn between(from: &str, until: &str) -> (String, String) {
    (from.to_owned(), until.to_owned())
}

#[test]
fn every_example_of_the_registry_is_a_query() {
    let fields = registry::FIELDS.iter().map(|field| field.example);
    for example in fields.chain(registry::FUNCTIONS.iter().map(|function| function.example)) {
        if example.is_empty() {
            continue;
        }
        let text = example.replace("'taobao'", "'tmall'").replace("'jd-01'", "'ny-01'");
        checked(&text);
    }
}

#[test]
fn days_begin_at_midnight_of_the_tenant_or_of_the_one_zone_of_the_named_shops() {
    assert_eq!(
        window("last_order_date = 2026-11-11"),
        between("2026-11-10T16:00:00Z", "2026-11-11T16:00:00Z")
    );
    let in_new_york = between("2026-11-11T05:00:00Z", "2026-11-12T05:00:00Z");
    assert_eq!(window("last_order_date(shop: 'ny-01') = 2026-11-11"), in_new_york);
    assert_eq!(window("last_order_date(platform: 'shopify') = 2026-11-11"), in_new_york);
    // Two zones: the tenant's decides.
    let everywhere = between("2026-11-10T16:00:00Z", "2026-11-11T16:00:00Z");
    assert_eq!(window("last_order_date(shop: ('ny-01', 'tmall-01')) = 2026-11-11"), everywhere);
    // In New York it is still the 23rd, and the clock goes back on 1 November.
    assert_eq!(window("last_order_date(shop: 'ny-01') = today").0, "2026-11-23T05:00:00Z");
    assert_eq!(
        window("last_order_date(shop: 'ny-01') = 2026-11-01"),
        between("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")
    );
}

#[test]
fn offsets_go_by_whole_days_and_hours_by_the_moment() {
    let ends = |text: &str| window(&format!("last_order_date {text}"));
    assert_eq!(ends("< -90d"), between("", "2026-08-25T16:00:00Z"));
    assert_eq!(ends("<= 90_days_ago"), between("", "2026-08-26T16:00:00Z"));
    assert_eq!(ends("> yesterday"), between("2026-11-23T16:00:00Z", ""));
    assert_eq!(ends(">= -1y"), between("2025-11-23T16:00:00Z", ""));
    assert_eq!(ends(">= -9m"), between("2026-02-23T16:00:00Z", ""));
    assert_eq!(ends(">= -12h"), between("2026-11-23T14:30:00Z", ""));
    assert_eq!(ends("BETWEEN -2w AND today"), between("2026-11-09T16:00:00Z", "2026-11-24T16:00:00Z"));
    assert_eq!(ends("<= 2026-11-11T08:00:00"), between("", "2026-11-11T00:00:00.000001Z"));
    assert_eq!(ends("> 2026-11-11T08:00:00+01:00"), between("2026-11-11T07:00:00.000001Z", ""));
    assert_eq!(ends("> '2026-11-11'"), between("2026-11-11T16:00:00Z", ""));
    let dates = checked("last_order_date BETWEEN -2w AND today").dates;
    assert_eq!(dates.len(), 2);
    assert_eq!((dates[0].written.as_str(), dates[0].zone.as_str()), ("-2w", "Asia/Shanghai"));
    assert_eq!(dates[0].from.to_jiff().to_string(), "2026-11-09T16:00:00Z");
    assert_eq!(dates[0].until.to_jiff().to_string(), "2026-11-10T16:00:00Z");
}

#[test]
fn ninety_days_since_the_last_order_is_the_day_before_shopifys_ninety_days_ago() {
    // 26 August is 90 days before 24 November.
    assert_eq!(window("days_since_last_order >= 90"), between("", "2026-08-26T16:00:00Z"));
    assert_eq!(window("last_order_date < -90d"), between("", "2026-08-25T16:00:00Z"));
    assert_eq!(window("days_since_last_order = 90"), between("2026-08-25T16:00:00Z", "2026-08-26T16:00:00Z"));
    assert_eq!(window("days_since_last_order < 90"), between("2026-08-26T16:00:00Z", ""));
    assert_eq!(
        window("days_since_last_order BETWEEN 80 AND 89"),
        between("2026-08-26T16:00:00Z", "2026-09-05T16:00:00Z")
    );
    // Dormant after 90 days, so 10 days before that 80 have gone by; the shop in New York has 60 days, its own clock
    // and today the 23rd.
    assert_eq!(window("days_until_dormant <= 10"), between("", "2026-09-05T16:00:00Z"));
    assert_eq!(window("days_until_dormant(shop: 'ny-01') <= 10"), between("", "2026-10-05T04:00:00Z"));
    assert_eq!(
        window("days_until_dormant BETWEEN 1 AND 10"),
        between("2026-08-26T16:00:00Z", "2026-09-05T16:00:00Z")
    );
}

#[test]
fn age_is_told_in_days_of_birth() {
    let born = |text: &str| match leaf(text) {
        Leaf::Birthday(DayTest::Within(ranges)) => ranges,
        leaf => panic!("{leaf:?}"),
    };
    assert_eq!(born("age >= 18"), [(None, Some(date(2008, 11, 24)))]);
    assert_eq!(born("age = 18"), [(Some(date(2007, 11, 25)), Some(date(2008, 11, 24)))]);
    assert_eq!(born("age < 18"), [(Some(date(2008, 11, 25)), None)]);
    assert_eq!(born("age BETWEEN 18 AND 25"), [(Some(date(2000, 11, 25)), Some(date(2008, 11, 24)))]);
    let on = |now: &str| {
        let mut context = context();
        context.now = now.parse().unwrap();
        let checked = check(&parse("age >= 18").unwrap(), &context).unwrap();
        match checked.condition.kind {
            Kind::Leaf(leaf) => *leaf,
            kind => panic!("{kind:?}"),
        }
    };
    // Born on 29 February 2008: not yet 18 on 28 February 2026, on 1 March they are.
    let until = |day| Leaf::Birthday(DayTest::Within(vec![(None, Some(day))]));
    assert_eq!(on("2026-02-28T02:00:00Z"), until(date(2008, 2, 28)));
    assert_eq!(on("2026-03-01T02:00:00Z"), until(date(2008, 3, 1)));
}

#[test]
fn amounts_are_in_major_units_and_kept_in_minor_ones() {
    let test = |text: &str| match leaf(text) {
        Leaf::Metric { test, .. } => test,
        leaf => panic!("{leaf:?}"),
    };
    assert_eq!(test("amount_spent >= 99.5"), NumberTest::AtLeast(Decimal::whole(9_950)));
    assert_eq!(test("refund_rate > 20%"), NumberTest::Above(Decimal::new(2, 1)));
    assert_eq!(test("average_items <= 1.25"), NumberTest::AtMost(Decimal::new(125, 2)));
    assert_eq!(codes("amount_spent >= 99.555"), ["invalid_value"]);
    assert_eq!(codes("number_of_orders >= 1.5"), ["invalid_value"]);
    assert_eq!(codes("amount_spent >= '99'"), ["invalid_value"]);
}

#[test]
fn facts_are_narrowed_down_to_shops_and_a_span_of_time() {
    let scope = |text: &str| match leaf(text) {
        Leaf::Metric { scope, .. } => scope,
        leaf => panic!("{leaf:?}"),
    };
    let shop = |number| ShopId::from_uuid(uuid::Uuid::from_u128(number));
    assert_eq!(scope("number_of_orders >= 1"), Scope::default());
    assert_eq!(scope("number_of_orders(shop: 'tmall-01') >= 1").shops, Some(vec![shop(1)]));
    assert_eq!(scope("number_of_orders(shop: 'Shop ny-01') >= 1").shops, Some(vec![shop(2)]));
    assert_eq!(scope("number_of_orders(shop != 'ny-01') >= 1").shops, Some(vec![shop(1), shop(3)]));
    assert_eq!(
        scope("number_of_orders(platform: 'shopify', shop != 'ny-01') >= 1").shops,
        Some(vec![shop(3)])
    );
    assert_eq!(scope("number_of_orders(platform: 'pos') >= 1").shops, Some(vec![]));
    let paid = scope("number_of_orders(date: -30d, date <= yesterday) >= 1").paid.unwrap();
    assert_eq!(paid.from.unwrap().to_jiff().to_string(), "2026-10-24T16:00:00Z");
    assert_eq!(paid.until.unwrap().to_jiff().to_string(), "2026-11-23T16:00:00Z");
    assert_eq!(codes("number_of_orders(shop: 'tmal-01') >= 1"), ["unknown_shop"]);
    assert_eq!(codes("number_of_orders(city: 'x') >= 1"), ["unknown_name"]);
    assert_eq!(codes("city(shop: 'tmall-01') = 'x'"), ["invalid_scope"]);
    assert_eq!(
        problems("number_of_orders(platform: 'shoppify') >= 1")[0].nearest.as_deref(),
        Some("shopify")
    );
}

#[test]
fn functions_filter_rows_and_sum_them_up() {
    let bought =
        rows("products_purchased MATCHES (id = 2012162031638, tag = 'Red', price > 9.99, sum_quantity >= 3)");
    assert_eq!(bought.of, Source::Lines);
    assert_eq!(
        bought.filters,
        [
            Filter::Text { field: RowText::Product, test: TextTest::Equals("2012162031638".to_owned()) },
            Filter::ProductTags(ListTest::AnyOf(vec!["Red".to_owned()])),
            Filter::Number { field: RowNumber::Price, test: NumberTest::Above(Decimal::whole(999)) },
        ]
    );
    assert_eq!(bought.sums, [(Sum::Quantity, NumberTest::AtLeast(Decimal::whole(3)))]);
    assert_eq!(rows("orders_placed MATCHES (amount > 80)").of, Source::PaidOrders);
    assert_eq!(rows("orders_placed MATCHES (status = 'created')").of, Source::AllOrders);
    assert!(rows("orders_placed NOT MATCHES ()").negated);
    let Filter::Weekday { clock, .. } =
        &rows("orders_placed MATCHES (weekday IN (6, 7), shop = 'ny-01')").filters[1]
    else {
        panic!("no weekday")
    };
    assert_eq!(clock[0], ClockSpan { from: None, seconds: -5 * 3_600 });
    assert_eq!(clock[1].seconds, -4 * 3_600);
    assert!(clock.len() > 50);
    let viewed = rows("storefront_event.product_viewed MATCHES (id IN (12, 'x'))");
    let id = AttributeTest::Id(TextTest::OneOf(vec!["12".to_owned(), "x".to_owned()]));
    assert_eq!(viewed.filters[1], Filter::Attribute { key: "product_id".to_owned(), test: id });
    let named = rows("event MATCHES (type = 'login', properties.page = 'home')");
    let text = AttributeTest::Text(TextTest::Equals("home".to_owned()));
    assert_eq!(named.filters[1], Filter::Attribute { key: "page".to_owned(), test: text });
}

#[test]
fn negations_include_what_is_missing() {
    assert_eq!(leaf("gender != 'female'"), Leaf::Gender(Choice { of: vec!["male", "other"], missing: true }));
    assert_eq!(leaf("gender IS NULL"), Leaf::Gender(Choice { of: vec![], missing: true }));
    let consent = |text: &str| match leaf(text) {
        Leaf::Consent { channel: "email", state } => state,
        leaf => panic!("{leaf:?}"),
    };
    assert_eq!(
        consent("email_subscription_status = 'SUBSCRIBED'"),
        Choice { of: vec!["granted"], missing: false }
    );
    assert_eq!(
        consent("email_subscription_status != 'SUBSCRIBED'"),
        Choice { of: vec!["refused"], missing: true }
    );
    assert_eq!(consent("email_subscription_status = 'PENDING'"), Choice { of: vec![], missing: false });
    assert_eq!(
        leaf("customer_tags NOT CONTAINS ' VIP '"),
        Leaf::Tags(ListTest::NoneOf(vec!["vip".to_owned()]))
    );
}

#[test]
fn places_are_read_as_shopify_writes_them() {
    let located = |province: Option<&str>, city: Option<&str>| Leaf::Located {
        country: "US".to_owned(),
        province: province.map(str::to_owned),
        city: city.map(str::to_owned),
        negated: false,
    };
    assert_eq!(leaf("customer_countries CONTAINS 'US'"), located(None, None));
    assert_eq!(leaf("customer_regions CONTAINS 'US-New York'"), located(Some("NewYork"), None));
    assert_eq!(leaf("customer_cities CONTAINS 'US-NY-NewYorkCity'"), located(None, Some("NewYorkCity")));
    assert_eq!(codes("customer_cities CONTAINS 'New York'"), ["invalid_value"]);
}

#[test]
fn personal_fields_are_told() {
    let personal = checked("name = '张' OR age > 3 AND anniversary(birthday) = today OR city = 'x'").personal;
    assert_eq!(
        personal.iter().map(|personal| personal.field).collect::<Vec<_>>(),
        ["name", "age", "birthday"]
    );
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    for (text, code, reason) in [
        ("companies IS NOT NULL", "not_available", "not the companies"),
        ("store_credit_accounts MATCHES (balance > 10)", "not_available", "store credit"),
        ("predicted_spend_tier = 'HIGH'", "not_available_yet", "predictions"),
        ("converted MATCHES (arm = 'a')", "missing_campaign", "campaign"),
        ("converted MATCHES (campaign != 'x')", "invalid_operator", "campaign"),
        ("touched MATCHES (program = 'x')", "not_available_yet", "programs"),
        ("orders_placed MATCHES (app_id = 1)", "not_available", "source"),
        ("number_of_orders > 1 AS OF 2026-06-18", "not_available_yet", "AS OF"),
        ("IN SEGMENT 's' AS OF -30d", "not_available_yet", "AS OF"),
        ("SEQUENCE (products_purchased() THEN products_purchased())", "not_available_yet", "SEQUENCE"),
        ("entered_segment MATCHES (segment = 's')", "not_available_yet", "snapshots"),
    ] {
        let problems = problems(text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!(problems[0].code, code, "{text}");
        assert!(problems[0].detail.contains(reason), "{}", problems[0].detail);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_the_nearest_name() {
    let problems = problems(
        "number_of_order > 1 AND gender = 'femal' AND city > 'a' AND last_order_date = 'soon' \
         AND products_purchased MATCHES (colour = 'red') AND age IN ()",
    );
    let told: Vec<_> = problems.iter().map(|problem| (problem.code, problem.nearest.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("unknown_name", Some("number_of_orders")),
            ("invalid_value", Some("female")),
            ("invalid_operator", None),
            ("invalid_value", None),
            ("unknown_name", None),
            ("empty", None),
        ]
    );
    assert!(matches!(problems[0].place, Place::Span { start: 0, end: 15 }));
    assert_eq!(codes("attributes = 1"), ["unknown_name"]);
    assert_eq!(codes("reachable_by = true"), ["missing_channel"]);
    assert_eq!(codes("reachable_by('fax')"), ["invalid_value"]);
    assert_eq!(codes("anniversary(birthday) > today"), ["invalid_operator"]);
    assert_eq!(codes("TOP 10 BY city"), ["not_sortable"]);
    assert_eq!(codes("SAMPLE(101%)"), ["out_of_range"]);
}

#[test]
fn the_foremost_go_by_a_fact() {
    let top = |text: &str| checked(text).top.unwrap();
    assert_eq!(top("TOP 10 BY amount_spent").by, TopBy::Metric(Metric::AmountSpent));
    assert!(!top("TOP 10 BY amount_spent").ascending);
    // The most days since the last order are the earliest last orders.
    let longest = top("TOP 10% BY days_since_last_order");
    assert_eq!((longest.by, longest.ascending), (TopBy::Date(DateMetric::LastOrder), true));
}

#[test]
fn a_sample_holds_its_share_whatever_the_seed() {
    for seed in ["", "x", "y"] {
        let Leaf::Sample { multiplier, increment, below } = leaf(&format!("SAMPLE(10%, seed: '{seed}')"))
        else {
            panic!()
        };
        let inside = (0..100_000i64)
            .filter(|x| (multiplier * (x * 2_477 % (1 << 28)) + increment) % 2_147_483_647 < below);
        assert!((9_000..11_000).contains(&inside.count()), "{seed}");
    }
}
