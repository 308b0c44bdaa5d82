//! Reading, checking and printing a query of the largest size.
//!
//! `cargo bench --bench segments_language`. A query of 200 conditions is to be parsed and checked within a millisecond.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use huitou::ids::ShopId;
use huitou::segments::language::limits::MOST_NODES;
use huitou::segments::language::{Context, ShopContext, check, from_json, parse, print, to_json};
use huitou::time::time_zone;
use uuid::Uuid;

/// A query of exactly 200 conditions: facts, purchases with line attributes, lists, groups.
fn largest() -> String {
    let clauses = [
        "number_of_orders(shop: 'shop-3', date: -1y..today) >= 2",
        "last_order_date < -90d",
        "products_purchased MATCHES (category = '羽绒服', attributes.尺码 = 'XXXXL', date >= -1y, sum_quantity >= 2)",
        "city IN ('杭州', '上海', '北京')",
        "NOT customer_tags CONTAINS 'do-not-call'",
        "(amount_spent > 500 OR average_order_value BETWEEN 60 AND 99.95)",
        "AT LEAST 2 OF (refund_rate < 20%, gender = 'female', reachable_by('sms'))",
        "orders_placed NOT MATCHES (status = 'created', hour BETWEEN 20 AND 23, platform = 'tmall')",
    ];
    let mut text = clauses[0].to_owned();
    for clause in clauses.iter().cycle().skip(1) {
        let longer = format!("{text} AND {clause}");
        if parse(&longer).is_err() {
            break;
        }
        text = longer;
    }
    while parse(&format!("{text} AND orders_kept > 1")).is_ok() {
        text.push_str(" AND orders_kept > 1");
    }
    text
}

fn context() -> Context {
    let zone = time_zone("Asia/Shanghai").expect("a zone");
    let shop = |number: u128| ShopContext {
        id: ShopId::from_uuid(Uuid::from_u128(number)),
        external_id: format!("shop-{number}"),
        name: format!("Shop {number}"),
        platform: if number.is_multiple_of(2) { "tmall" } else { "jd" },
        zone: zone.clone(),
        dormant_after_days: 90,
    };
    Context {
        now: "2026-11-24T02:30:00Z".parse().expect("a moment"),
        zone: zone.clone(),
        currency: "CNY".to_owned(),
        decimals: 2,
        country: Some("CN".to_owned()),
        dormant_after_days: 90,
        shops: (0..20).map(shop).collect(),
    }
}

fn language(criterion: &mut Criterion) {
    let (text, context) = (largest(), context());
    let query = parse(&text).expect("a query");
    let document = to_json(&query);
    check(&query, &context).expect("a right query");
    assert!(parse(&format!("{text} AND orders_kept > 1")).is_err(), "it has {MOST_NODES} conditions");
    let mut group = criterion.benchmark_group("segments_language");
    group.bench_function("parse and check 200 conditions", |bencher| {
        bencher.iter(|| check(&parse(black_box(&text)).expect("a query"), &context).expect("a right query"));
    });
    group.bench_function("parse 200 conditions", |bencher| bencher.iter(|| parse(black_box(&text))));
    group.bench_function("print 200 conditions", |bencher| bencher.iter(|| print(black_box(&query))));
    group.bench_function("read 200 conditions from JSON", |bencher| {
        bencher.iter(|| from_json(black_box(&document), "").expect("a query"));
    });
    let lunar = parse("lunar_anniversary(birthday) BETWEEN today AND +7d").expect("a query");
    group.bench_function("check a lunar anniversary", |bencher| {
        bencher.iter(|| check(black_box(&lunar), &context))
    });
    group.finish();
}

criterion_group!(benches, language);
criterion_main!(benches);
