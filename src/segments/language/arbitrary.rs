//! Any tree that can be read: the strategies of the round-trip tests.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::limits::MOST_NODES;
use super::measure;
use super::place::Place;
use super::registry;
use super::tree::{
    AsOf, Comparison, Kind, Name, Node, Operand, Operator, Query, Step, Subject, Test, Text, Top, TopSize,
    Value,
};
use super::value::{DateValue, Decimal, MOST_UNITS, Offset, Unit};

/// Texts with everything that could be mistaken for something else.
pub fn text() -> BoxedStrategy<String> {
    const NASTY: &[&str] = &[
        "",
        "'",
        "''",
        "\\",
        "\\'",
        "\"",
        "--",
        "x' OR 1=1 --",
        "{}",
        "%",
        "_",
        "😀",
        "尺码",
        "\n",
        "-90d",
        "today",
        "a.b",
    ];
    prop_oneof![prop::sample::select(NASTY).prop_map(str::to_owned), "[^\0]{0,12}", "[a-z]{1,8}"].boxed()
}

fn decimal() -> BoxedStrategy<Decimal> {
    prop_oneof![
        (-1_000_000i64..1_000_000).prop_map(Decimal::whole),
        (-999_999_999_999_999i64..999_999_999_999_999, 0u32..=15)
            .prop_map(|(units, scale)| Decimal::new(units, scale)),
        (-999_999_999_999_999_999i64..999_999_999_999_999_999).prop_map(Decimal::whole),
    ]
    .boxed()
}

fn offset() -> BoxedStrategy<Offset> {
    (-MOST_UNITS..=MOST_UNITS, prop::sample::select(&Unit::ALL[..]))
        .prop_map(|(count, unit)| Offset { count, unit })
        .boxed()
}

pub fn date() -> BoxedStrategy<DateValue> {
    let day = || {
        (1900i16..2200, 1i8..=12, 1i8..=28).prop_map(|(year, month, day)| jiff::civil::date(year, month, day))
    };
    let zone = option::of(
        (-23i32..=23, 0i32..60).prop_map(|(hours, minutes)| hours * 3_600 + hours.signum() * minutes * 60),
    );
    let time = (day(), 0i8..24, 0i8..60, 0i8..60, prop_oneof![Just(0), 0i32..1_000_000]);
    prop_oneof![
        day().prop_map(DateValue::Day),
        (time, zone).prop_map(|((day, hour, minute, second, micro), zone)| {
            DateValue::Time(day.at(hour, minute, second, micro * 1_000), zone)
        }),
        offset().prop_map(DateValue::Offset),
        Just(DateValue::Today),
        Just(DateValue::Yesterday),
        offset()
            .prop_filter("days", |offset| offset.unit != Unit::Hours)
            .prop_map(|offset| { DateValue::Ago(Offset { count: offset.count.abs(), ..offset }) }),
    ]
    .boxed()
}

fn name() -> BoxedStrategy<Name> {
    let known: Vec<&str> = registry::FIELDS.iter().map(|field| field.name).collect();
    let parts = prop_oneof![
        prop::sample::select(known).prop_map(|name| vec![name.to_owned()]),
        "[a-z_]{1,6}x[0-9]{0,2}".prop_map(|name| vec![name]),
        (text(), text()).prop_map(|(one, two)| vec!["attributes".to_owned(), one, two]),
    ];
    parts.prop_map(|parts| Name { parts, place: Place::Nowhere }).boxed()
}

fn function() -> BoxedStrategy<Name> {
    let known: Vec<&str> = registry::FUNCTIONS.iter().map(|function| function.name).collect();
    let named = |name: &str| name.split('.').map(str::to_owned).collect();
    let parts =
        prop_oneof![prop::sample::select(known).prop_map(named), "[a-z]{3,6}x".prop_map(|name| vec![name])];
    parts.prop_map(|parts| Name { parts, place: Place::Nowhere }).boxed()
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => text().prop_map(Value::Text),
        3 => decimal().prop_map(Value::Number),
        1 => decimal().prop_map(Value::Percent),
        1 => any::<bool>().prop_map(Value::Truth),
        2 => date().prop_map(Value::Date),
    ]
    .boxed()
}

fn operand() -> BoxedStrategy<Operand> {
    value().prop_map(|value| Operand { value, place: Place::Nowhere }).boxed()
}

fn test() -> BoxedStrategy<Test> {
    const OPERATORS: &[Operator] = &[
        Operator::Equals,
        Operator::Differs,
        Operator::Below,
        Operator::AtMost,
        Operator::Above,
        Operator::AtLeast,
        Operator::Contains,
        Operator::NotContains,
        Operator::StartsWith,
        Operator::EndsWith,
    ];
    let list =
        vec(operand(), 0..4).prop_map(|values| Operand { value: Value::List(values), place: Place::Nowhere });
    prop_oneof![
        4 => (prop::sample::select(OPERATORS), operand()).prop_map(|(operator, operand)| Test::Compare(operator, operand)),
        1 => list.prop_map(|list| Test::Compare(Operator::Equals, list)),
        1 => (operand(), operand()).prop_map(|(low, high)| Test::Between(low, high)),
        1 => vec(operand(), 0..4).prop_map(Test::In),
        1 => vec(operand(), 0..4).prop_map(Test::NotIn),
        1 => Just(Test::IsNull),
        1 => Just(Test::IsNotNull),
    ].boxed()
}

fn inner(owner: &Name) -> BoxedStrategy<Comparison> {
    let parts = owner.parts.clone();
    let names = prop_oneof![
        prop::sample::select(
            &["shop", "platform", "date", "id", "count", "sum_quantity", "count_at_least"][..]
        )
        .prop_map(|name| vec![name.to_owned()]),
        text().prop_map(|key| vec!["attributes".to_owned(), key]),
    ];
    (names, test())
        .prop_map(move |(name, test)| {
            let test = readable(test, registry::is_dated(Some(&parts), &name));
            let name = Name { parts: name, place: Place::Nowhere };
            Comparison { subject: Subject::Field { name, scope: Vec::new() }, test, place: Place::Nowhere }
        })
        .boxed()
}

fn inners(owner: Name) -> BoxedStrategy<(Name, Vec<Comparison>)> {
    vec(inner(&owner), 0..3).prop_map(move |conditions| (owner.clone(), conditions)).boxed()
}

/// Where a date is expected, a text that says one is read as it.
fn readable(test: Test, dated: bool) -> Test {
    fn one(operand: Operand, dated: bool) -> Operand {
        let value = match operand.value {
            Value::Text(text) => super::parse::text_or_date(&text, dated),
            Value::List(values) => Value::List(values.into_iter().map(|value| one(value, dated)).collect()),
            value => value,
        };
        Operand { value, ..operand }
    }
    let all = |values: Vec<Operand>| values.into_iter().map(|value| one(value, dated)).collect();
    match test {
        Test::Compare(operator, value) => Test::Compare(operator, one(value, dated)),
        Test::Between(low, high) => Test::Between(one(low, dated), one(high, dated)),
        Test::In(values) => Test::In(all(values)),
        Test::NotIn(values) => Test::NotIn(all(values)),
        null => null,
    }
}

fn comparison() -> BoxedStrategy<Comparison> {
    let field = name().prop_flat_map(inners).prop_map(|(name, scope)| Subject::Field { name, scope });
    let anniversary = (any::<bool>(), name()).prop_map(|(lunar, of)| Subject::Anniversary { lunar, of });
    (prop_oneof![6 => field, 1 => anniversary], test())
        .prop_map(|(subject, test)| {
            let dated = match &subject {
                Subject::Field { name, .. } => registry::is_dated(None, &name.parts),
                Subject::Anniversary { .. } => true,
            };
            Comparison { subject, test: readable(test, dated), place: Place::Nowhere }
        })
        .boxed()
}

fn a_text() -> BoxedStrategy<Text> {
    text().prop_map(|text| Text { text, place: Place::Nowhere }).boxed()
}

fn as_of() -> BoxedStrategy<AsOf> {
    date().prop_map(|date| AsOf { date, place: Place::Nowhere }).boxed()
}

fn step() -> BoxedStrategy<Step> {
    let within = option::of(offset().prop_map(|offset| Offset { count: offset.count.abs(), ..offset }));
    (any::<bool>(), function().prop_flat_map(inners), within)
        .prop_map(|(negated, (function, conditions), within)| Step { negated, function, conditions, within })
        .boxed()
}

fn leaf() -> BoxedStrategy<Kind> {
    let matches = (any::<bool>(), function().prop_flat_map(inners))
        .prop_map(|(negated, (function, conditions))| Kind::Matches { function, negated, conditions });
    prop_oneof![
        6 => comparison().prop_map(Kind::Compare),
        3 => matches,
        1 => (a_text(), option::of(as_of())).prop_map(|(reference, as_of)| Kind::InSegment { reference, as_of }),
        1 => (decimal(), option::of(a_text())).prop_map(|(percent, seed)| Kind::Sample { percent, seed }),
        1 => vec(step(), 1..3).prop_map(Kind::Sequence),
    ]
    .boxed()
}

fn node() -> BoxedStrategy<Node> {
    let made = |kind| Node { kind, place: Place::Nowhere };
    leaf()
        .prop_map(made)
        .boxed()
        .prop_recursive(5, 24, 3, move |node| {
            prop_oneof![
                vec(node.clone(), 2..4).prop_map(Kind::And),
                vec(node.clone(), 2..4).prop_map(Kind::Or),
                node.clone().prop_map(|node| Kind::Not(Box::new(node))),
                (vec(node, 1..4), any::<prop::sample::Index>())
                    .prop_map(|(of, least)| Kind::AtLeast { least: 1 + least.index(of.len()) as u32, of }),
            ]
            .prop_map(made)
            .boxed()
        })
        .boxed()
}

fn top() -> BoxedStrategy<Top> {
    let size = prop_oneof![(1u32..).prop_map(TopSize::Count), decimal().prop_map(TopSize::Percent)];
    (size, name().prop_flat_map(inners), any::<bool>())
        .prop_map(|(size, (by, scope), ascending)| Top { size, by, scope, ascending, place: Place::Nowhere })
        .boxed()
}

/// Any query within the limits.
pub fn query() -> BoxedStrategy<Query> {
    (option::weighted(0.95, node()), option::weighted(0.2, top()), option::weighted(0.2, as_of()))
        .prop_map(|(condition, top, as_of)| Query { condition, top, as_of })
        .prop_filter(format!("at most {MOST_NODES} nodes"), |query| measure::check(query).is_ok())
        .boxed()
}
