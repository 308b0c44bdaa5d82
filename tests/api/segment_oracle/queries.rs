//! Random queries, as people write them, over all fields and operators.

use super::dice::Dice;
use super::shops::{
    ARMS, CAMPAIGNS, CATEGORIES, CHANNELS, CITIES, DAYS, EVENTS, KEYS, OUTCOMES, PLATFORMS, PRODUCTS,
    PROVINCES, SHOPS, SKUS, SUBJECTS, TAGS, TEXTS,
};

/// A whole query.
pub fn query(dice: &mut Dice) -> String {
    let mut text = condition(dice, 3);
    if dice.once_in(6) {
        let (not, name) = (dice.pick(&["", "NOT "]), quoted(dice.pick(SEGMENTS)));
        text = format!("{text} {} {not}IN SEGMENT {name}", dice.pick(&["AND", "OR"]));
    }
    if dice.once_in(8) {
        let size = dice.pick(&["1", "3", "10", "10%", "50%"]);
        let by = dice.pick(&[
            "amount_spent",
            "last_order_date",
            "number_of_orders",
            "average_order_value",
            "max_order_value",
            "first_order_date",
        ]);
        let (scope, order) = (scope(dice), dice.pick(&["", " ASC", " DESC"]));
        text = format!("{text} TOP {size} BY {by}{scope}{order}");
    }
    text
}

/// What saved segments are called.
pub const SEGMENTS: &[&str] = &["a", "it's"];

/// The condition of a saved segment, which may name another one.
pub fn segment(dice: &mut Dice, other: Option<&str>) -> String {
    let text = condition(dice, 1);
    match other {
        Some(other) if dice.once_in(2) => format!("AT LEAST 1 OF ({text}, IN SEGMENT {})", quoted(other)),
        _ => text,
    }
}

fn condition(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.once_in(3) {
        return leaf(dice);
    }
    let parts = |dice: &mut Dice, by: &str| {
        let count = 2 + dice.below(2);
        let parts: Vec<_> = (0..count).map(|_| condition(dice, depth - 1)).collect();
        (parts.join(by), count)
    };
    match dice.below(4) {
        0 => format!("({})", parts(dice, " AND ").0),
        1 => format!("({})", parts(dice, " OR ").0),
        2 => format!("NOT {}", condition(dice, depth - 1)),
        _ => {
            let (list, count) = parts(dice, ", ");
            format!("AT LEAST {} OF ({list})", 1 + dice.below(count))
        }
    }
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn list(dice: &mut Dice, mut value: impl FnMut(&mut Dice) -> String) -> String {
    let values: Vec<_> = (0..1 + dice.below(3)).map(|_| value(dice)).collect();
    format!("({})", values.join(", "))
}

fn null(dice: &mut Dice) -> String {
    dice.pick(&["IS NULL", "IS NOT NULL"]).to_owned()
}

fn text_test(dice: &mut Dice, pool: &[&str], nulls: bool) -> String {
    let value = |dice: &mut Dice| quoted(dice.pick(pool));
    let part = |dice: &mut Dice| {
        let text = dice.pick(pool);
        let keep = 1 + dice.below(text.chars().count());
        quoted(&text.chars().take(keep).collect::<String>())
    };
    match dice.below(if nulls { 9 } else { 8 }) {
        0 => format!("= {}", value(dice)),
        1 => format!("!= {}", value(dice)),
        2 => format!("IN {}", list(dice, value)),
        3 => format!("NOT IN {}", list(dice, value)),
        4 => format!("CONTAINS {}", part(dice)),
        5 => format!("NOT CONTAINS {}", part(dice)),
        6 => format!("STARTS WITH {}", part(dice)),
        7 => format!("ENDS WITH {}", value(dice)),
        _ => null(dice),
    }
}

fn key_test(dice: &mut Dice, pool: &[&str], nulls: bool) -> String {
    let value = |dice: &mut Dice| quoted(dice.pick(pool));
    match dice.below(if nulls { 5 } else { 4 }) {
        0 => format!("= {}", value(dice)),
        1 => format!("!= {}", value(dice)),
        2 => format!("IN {}", list(dice, value)),
        3 => format!("NOT IN {}", list(dice, value)),
        _ => null(dice),
    }
}

fn list_test(dice: &mut Dice, pool: &[&str]) -> String {
    if dice.once_in(2) {
        let word = dice.pick(&["CONTAINS", "NOT CONTAINS"]);
        return format!("{word} {}", quoted(dice.pick(pool)));
    }
    key_test(dice, pool, true)
}

fn ordered(dice: &mut Dice, nulls: bool, value: impl Fn(&mut Dice) -> String) -> String {
    match dice.below(if nulls { 10 } else { 9 }) {
        0..6 => format!("{} {}", dice.pick(&["=", "!=", "<", "<=", ">", ">="]), value(dice)),
        6 => format!("BETWEEN {} AND {}", value(dice), value(dice)),
        7 => format!("IN {}", list(dice, value)),
        8 => format!("NOT IN {}", list(dice, value)),
        _ => null(dice),
    }
}

fn count(dice: &mut Dice) -> String {
    if dice.once_in(30) {
        return dice.pick(&["999999999999999999", "-999999999999999999", "2147483648"]).to_owned();
    }
    dice.between(-1, 5).to_string()
}

fn amount(dice: &mut Dice) -> String {
    dice.pick(&[
        "0",
        "50",
        "80",
        "80.01",
        "258",
        "9.9",
        "33.33",
        "700",
        "1000.5",
        "9999999999999.99",
        "9999999999999999",
    ])
    .to_owned()
}

fn share(dice: &mut Dice) -> String {
    dice.pick(&["0", "50%", "0.5", "33.3%", "1", "10%", "999999999999999999", "0.000000000000001"]).to_owned()
}

fn decimal(dice: &mut Dice) -> String {
    dice.pick(&["0", "1", "1.5", "2", "30", "0.25", "200000000", "999999999999999999", "-0.000000000000001"])
        .to_owned()
}

fn date(dice: &mut Dice) -> String {
    dice.pick(&[
        "today",
        "yesterday",
        "-1d",
        "-7d",
        "-30d",
        "-90d",
        "-91d",
        "-12w",
        "-3m",
        "-1y",
        "+1d",
        "-5h",
        "7_days_ago",
        "12_months_ago",
        "2026-11-01",
        "2026-03-08",
        "2024-02-29",
        "2025-03-01",
        "2026-11-01T01:30:00",
        "2026-03-08T02:30:00",
        "2026-01-01T00:00:00Z",
    ])
    .to_owned()
}

fn day(dice: &mut Dice) -> String {
    if dice.once_in(2) {
        dice.pick(DAYS).to_owned()
    } else {
        dice.pick(&["today", "-18y", "-30y", "-6y"]).to_owned()
    }
}

fn property(dice: &mut Dice, of: &str) -> String {
    let key = dice.pick(KEYS);
    let test = match dice.below(6) {
        0 => ordered(dice, false, decimal),
        1 => format!("{} {}", dice.pick(&["=", "!="]), dice.pick(&["true", "false"])),
        2 => ordered(dice, false, |dice| dice.pick(DAYS).to_owned()),
        3 => null(dice),
        _ => text_test(dice, TEXTS, false),
    };
    format!("{of}.{} {test}", quoted(key))
}

fn shops(dice: &mut Dice) -> String {
    if dice.once_in(2) {
        format!("shop {}", key_test(dice, SHOPS, false))
    } else {
        format!("platform {}", key_test(dice, PLATFORMS, false))
    }
}

fn scope(dice: &mut Dice) -> String {
    let span = |dice: &mut Dice| {
        let (one, other) = (date(dice), date(dice));
        match dice.below(4) {
            0 => format!("date: {one}"),
            1 => format!("date >= {one}"),
            2 => format!("date < {one}"),
            _ => format!("date: {one}..{other}"),
        }
    };
    match dice.below(5) {
        0 => format!("({})", shops(dice)),
        1 => format!("({})", span(dice)),
        2 => format!("({}, {})", span(dice), shops(dice)),
        _ => String::new(),
    }
}

/// One question.
pub fn leaf(dice: &mut Dice) -> String {
    match dice.below(20) {
        16 => standing(dice),
        17 | 18 => touched(dice),
        19 => contacts(dice),
        0 => text_field(dice),
        1 => who(dice),
        2 => property(dice, "attributes"),
        3 => format!("customer_tags {}", list_test(dice, TAGS)),
        4 => reach(dice),
        5..8 => fact(dice),
        8 => fact_date(dice),
        9..12 => purchased(dice),
        12 | 13 => placed(dice),
        14 => event(dice),
        _ => birthday(dice),
    }
}

fn standing(dice: &mut Dice) -> String {
    let shop = if dice.once_in(3) { format!("(shop: '{}')", dice.pick(SHOPS)) } else { String::new() };
    match dice.below(4) {
        0 => {
            let stages = ["new", "active", "at_risk", "dormant", "lost"];
            format!("stage{shop} {}", key_test(dice, &stages, true))
        }
        1 => {
            let groups =
                ["CHAMPIONS", "LOYAL", "ACTIVE", "NEW", "PROMISING", "AT_RISK", "DORMANT", "PROSPECTS"];
            format!("rfm_group{shop} {}", key_test(dice, &groups, true))
        }
        2 => format!("{}{shop} {}", dice.pick(&["rfm_r", "rfm_f", "rfm_m"]), ordered(dice, true, count)),
        _ => format!(
            "SAMPLE({}, seed: {})",
            dice.pick(&["10%", "50%", "99.5%", "100%"]),
            quoted(dice.pick(TEXTS))
        ),
    }
}

fn text_field(dice: &mut Dice) -> String {
    let (field, pool): (_, &[&str]) = dice.pick(&[
        ("name", TEXTS),
        ("nick", TEXTS),
        ("district", TEXTS),
        ("city", CITIES),
        ("province", PROVINCES),
        ("customer_language", &["zh-CN", "en"][..]),
        ("email", &["a@example.com", "B@example.org", "it's@x.com"][..]),
        ("customer_email_domain", &["example.com", "Example.org", "x.com"][..]),
    ]);
    format!("{field} {}", text_test(dice, pool, true))
}

fn who(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => format!("gender {}", key_test(dice, &["female", "male", "other"], true)),
        1 => format!("country {}", key_test(dice, &["CN", "US"], true)),
        2 => format!(
            "phone {}",
            key_test(dice, &["13800001234", "+86 139 0000 5678", "+1 212-555-0123"], true)
        ),
        3 => format!("identity_count {}", ordered(dice, false, count)),
        4 => format!("customer_added_date {}", ordered(dice, true, date)),
        5 => format!(
            "customer_cities {} {}",
            dice.pick(&["CONTAINS", "NOT CONTAINS"]),
            dice.pick(&["'US-NY-NewYorkCity'", "'CN-x-杭州'", "'US-NY-%'"])
        ),
        6 => format!(
            "customer_regions {} {}",
            dice.pick(&["CONTAINS", "NOT CONTAINS"]),
            dice.pick(&["'US-NY'", "'CN-浙江'", "'US-NewYork'"])
        ),
        _ => shops(dice),
    }
}

fn birthday(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => format!("birthday {}", ordered(dice, true, day)),
        1 => format!(
            "age {}",
            ordered(dice, true, |dice| dice.pick(&["0", "6", "18", "25", "36", "200"]).to_owned())
        ),
        2 => format!("{}(birthday) = {}", dice.pick(&["anniversary", "lunar_anniversary"]), day(dice)),
        3 => format!("anniversary(birthday) BETWEEN {} AND {}", day(dice), day(dice)),
        4 => format!("anniversary(attributes.day) BETWEEN -7d AND {}", dice.pick(&["+7d", "+120d", "+1y"])),
        _ => format!("lunar_anniversary(birthday) BETWEEN today AND {}", dice.pick(&["+7d", "+45d", "+1y"])),
    }
}

fn reach(dice: &mut Dice) -> String {
    let states = ["SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED", "PENDING"];
    match dice.below(4) {
        0 => format!("email_subscription_status {}", key_test(dice, &states, true)),
        1 => format!("sms_subscription_status {}", key_test(dice, &states, true)),
        2 => format!("last_seen_date {}", ordered(dice, true, date)),
        _ => format!("reachable_by('{}') = {}", dice.pick(CHANNELS), dice.pick(&["true", "false"])),
    }
}

fn fact(dice: &mut Dice) -> String {
    type Value = fn(&mut Dice) -> String;
    let facts: &[(&str, Value)] = &[
        ("number_of_orders", count),
        ("orders_kept", count),
        ("amount_spent", amount),
        ("gross_amount", amount),
        ("amount_refunded", amount),
        ("average_order_value", amount),
        ("max_order_value", amount),
        ("items_purchased", count),
        ("average_items", decimal),
        ("refunds", count),
        ("refund_rate", share),
        ("unpaid_orders", count),
        ("distinct_products", count),
        ("average_days_between_orders", decimal),
        ("discount_share", share),
    ];
    let (name, value) = dice.pick(facts);
    let (scope, test) = (scope(dice), ordered(dice, true, value));
    format!("{name}{scope} {test}")
}

fn fact_date(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => {
            let name = dice.pick(&["days_since_first_order", "days_since_last_order"]);
            let (scope, test) = (
                scope(dice),
                ordered(dice, true, |dice| dice.pick(&["0", "1", "30", "89", "90", "91", "365"]).to_owned()),
            );
            format!("{name}{scope} {test}")
        }
        1 => {
            let shop =
                if dice.once_in(2) { format!("(shop: '{}')", dice.pick(SHOPS)) } else { String::new() };
            format!(
                "days_until_dormant{shop} {}",
                ordered(dice, true, |dice| dice.between(-5, 90).to_string())
            )
        }
        _ => {
            let name = dice.pick(&["first_order_date", "last_order_date", "abandoned_checkout_date"]);
            let (scope, test) = (scope(dice), ordered(dice, true, date));
            format!("{name}{scope} {test}")
        }
    }
}

/// A function with up to three conditions.
fn function(dice: &mut Dice, name: &str, condition: fn(&mut Dice) -> String) -> String {
    let conditions: Vec<_> = (0..dice.below(4)).map(|_| condition(dice)).collect();
    let word = dice.pick(&["MATCHES", "MATCHES", "NOT MATCHES"]);
    format!("{name} {word} ({})", conditions.join(", "))
}

fn purchased(dice: &mut Dice) -> String {
    function(dice, "products_purchased", |dice| match dice.below(16) {
        0 => format!("id {}", key_test(dice, PRODUCTS, true)),
        1 => format!("id {} {}", dice.pick(&["=", "!="]), dice.between(1, 2)),
        2 => format!("sku {}", text_test(dice, SKUS, true)),
        3 => format!("title {}", text_test(dice, TEXTS, true)),
        4 => format!("category {}", list_test(dice, CATEGORIES)),
        5 => format!("tag {}", list_test(dice, TAGS)),
        6 => format!("brand {}", text_test(dice, TEXTS, true)),
        7 => format!("price {}", ordered(dice, true, amount)),
        8 => format!("quantity {}", ordered(dice, false, count)),
        9 => format!("amount {}", ordered(dice, true, amount)),
        10 => format!("count {}", ordered(dice, false, count)),
        11 => format!("sum_quantity {}", ordered(dice, false, count)),
        12 => format!("sum_amount {}", ordered(dice, false, amount)),
        13 => property(dice, "attributes"),
        14 => format!("order_index {}", ordered(dice, false, count)),
        _ => common(dice),
    })
}

fn placed(dice: &mut Dice) -> String {
    function(dice, "orders_placed", |dice| match dice.below(13) {
        0 => {
            let statuses =
                ["created", "paid", "shipped", "completed", "refunded", "partially_refunded", "closed"];
            format!("status {}", key_test(dice, &statuses, true))
        }
        1 => format!("count {}", ordered(dice, false, count)),
        2 => format!("amount {}", ordered(dice, true, amount)),
        3 => format!("sum_amount {}", ordered(dice, false, amount)),
        4 => format!("coupon {}", list_test(dice, &TEXTS[..5])),
        5 => format!("promotion {}", list_test(dice, &TEXTS[..5])),
        6 => format!("source {}", text_test(dice, TEXTS, true)),
        7 => format!("items {}", ordered(dice, false, count)),
        8 => format!("hour {}", ordered(dice, false, |dice| dice.between(0, 23).to_string())),
        9 => format!("weekday {}", ordered(dice, false, |dice| dice.between(1, 7).to_string())),
        10 => property(dice, "attributes"),
        11 => format!("order_index {}", ordered(dice, true, count)),
        _ => common(dice),
    })
}

fn event(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => function(dice, "storefront.product_viewed", |dice| {
            format!("id {}", key_test(dice, PRODUCTS, true))
        }),
        1 => function(dice, "storefront.collection_viewed", |dice| match dice.below(2) {
            0 => format!("id {} {}", dice.pick(&["=", "!="]), dice.between(1, 2)),
            _ => format!("count {}", ordered(dice, false, count)),
        }),
        _ => function(dice, "event", |dice| match dice.below(4) {
            0 => format!("type {}", text_test(dice, EVENTS, false)),
            1 => format!("count {}", ordered(dice, false, count)),
            2 => property(dice, "properties"),
            _ => common(dice),
        }),
    }
}

/// What is asked of touches and of conversions alike.
fn of_campaign(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => format!("arm {}", text_test(dice, ARMS, true)),
        1 => format!("count {}", ordered(dice, false, count)),
        _ => format!("date {}", ordered(dice, false, date)),
    }
}

fn touched(dice: &mut Dice) -> String {
    let condition = |dice: &mut Dice| match dice.below(4) {
        0 => format!("campaign {}", key_test(dice, CAMPAIGNS, true)),
        1 => format!("channel {}", key_test(dice, CHANNELS, true)),
        2 => format!("subject {}", text_test(dice, SUBJECTS, true)),
        _ => of_campaign(dice),
    };
    match dice.below(5) {
        0 => function(dice, "touched", |dice| format!("outcome {}", key_test(dice, OUTCOMES, true))),
        1 => {
            let names = [
                "shopify_email.bounced",
                "shopify_email.clicked",
                "shopify_email.delivered",
                "shopify_email.marked_as_spam",
                "shopify_email.opened",
                "shopify_email.unsubscribed",
            ];
            let name = dice.pick(&names);
            function(dice, name, of_campaign)
        }
        2 => {
            let campaign = match dice.below(2) {
                0 => format!("= {}", quoted(dice.pick(CAMPAIGNS))),
                _ => format!("IN {}", list(dice, |dice| quoted(dice.pick(CAMPAIGNS)))),
            };
            let (word, more) = (dice.pick(&["MATCHES", "NOT MATCHES"]), of_campaign(dice));
            format!("converted {word} (campaign {campaign}, {more})")
        }
        _ => {
            let name = dice.pick(&["touched", "opened", "clicked", "replied"]);
            function(dice, name, condition)
        }
    }
}

fn contacts(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => format!("touches_without_order {}", ordered(dice, true, count)),
        1 => format!("given_up {} {}", dice.pick(&["=", "!="]), dice.pick(&["true", "false"])),
        _ => format!(
            "days_since_last_touch {}",
            ordered(dice, true, |dice| dice.pick(&["0", "1", "29", "30", "90", "365"]).to_owned())
        ),
    }
}

fn common(dice: &mut Dice) -> String {
    if dice.once_in(2) { shops(dice) } else { format!("date {}", ordered(dice, false, date)) }
}
