//! The meaning of the checked tree, as naively as it can be told: customer by customer, row by row.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use huitou::customers::keys;
use huitou::ids::ShopId;
use huitou::segments::language::checked::{
    AttributeTest, Checked, Choice, ClockSpan, DateMetric, DaySource, DayTest, Kind, Leaf, ListTest, Metric,
    MomentTest, MonthDay, Node, NumberTest, Scope, TextField, TextTest, TopBy, TopSize, Window,
};
use huitou::segments::language::value::Decimal;
use huitou::time::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Customer, Order, World};
use super::{rows, standing};

/// A fraction; the denominator is above nothing.
pub type Number = (i128, i128);

pub fn whole(value: i64) -> Number {
    (value.into(), 1)
}

/// Everyone who belongs to a query.
pub fn members(world: &World, checked: &Checked) -> BTreeSet<Uuid> {
    let mut members: Vec<&Customer> =
        world.customers.iter().filter(|customer| holds(world, customer, &checked.condition)).collect();
    if let Some(top) = &checked.top {
        members.sort_by(|one, other| {
            let place = |customer: &Customer| match top.by {
                TopBy::Metric(of) => metric(world, customer, of, &top.scope),
                TopBy::Date(of) => date(customer, of, &top.scope).map(|at| whole(at.micros())),
            };
            let by = match (place(one), place(other)) {
                (Some((a, b)), Some((c, d))) if top.ascending => (a * d).cmp(&(c * b)),
                (Some((a, b)), Some((c, d))) => (c * b).cmp(&(a * d)),
                // Those without a value come last.
                (one, other) => one.is_none().cmp(&other.is_none()),
            };
            by.then(one.id.cmp(&other.id))
        });
        let most = match top.size {
            TopSize::Count(count) => count as usize,
            TopSize::Percent(percent) => {
                let share = members.len() as i128 * i128::from(percent.units());
                let of = 100 * 10i128.pow(percent.scale());
                ((share + of - 1) / of) as usize
            }
        };
        members.truncate(most);
    }
    members.iter().map(|customer| customer.id).collect()
}

pub fn holds(world: &World, customer: &Customer, node: &Node) -> bool {
    match &node.kind {
        Kind::All(parts) => parts.iter().all(|part| holds(world, customer, part)),
        Kind::Any(parts) => parts.iter().any(|part| holds(world, customer, part)),
        Kind::Not(inner) => !holds(world, customer, inner),
        Kind::AtLeast { least, of } => {
            of.iter().filter(|part| holds(world, customer, part)).count() >= *least as usize
        }
        Kind::Leaf(leaf) => says(world, customer, leaf),
    }
}

fn says(world: &World, customer: &Customer, leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Text { field, test } => text(test, told(customer, *field).as_deref()),
        Leaf::Phone { forms, negated } => {
            let phone = customer.phone.as_deref().and_then(|phone| keys::phone_reversed(phone, Some("CN")));
            phone.is_some_and(|phone| forms.contains(&phone)) != *negated
        }
        Leaf::HasPhone(wanted) => customer.phone.is_some() == *wanted,
        Leaf::Gender(test) => choice(test, customer.gender.as_deref()),
        Leaf::Birthday(test) => day(test, customer.birthday),
        Leaf::Anniversary { of, ranges } => source(customer, of).is_some_and(|day| {
            let of_year = MonthDay { month: day.month(), day: day.day() };
            ranges.iter().any(|(low, high)| *low <= of_year && of_year <= *high)
        }),
        Leaf::LunarAnniversary { of, ranges } => source(customer, of)
            .is_some_and(|day| ranges.iter().any(|(low, high)| *low <= day && day <= *high)),
        Leaf::Located { country, province, city, negated } => {
            let plain = |part: &Option<String>| part.as_ref().map(|part| part.replace(' ', ""));
            let country = customer.country.as_ref() == Some(country);
            let province = province.is_none() || plain(&customer.province) == *province;
            let city = city.is_none() || plain(&customer.city) == *city;
            (country && province && city) != *negated
        }
        Leaf::Attribute { key, test } => attribute(test, customer.attributes.get(key)),
        Leaf::CreatedAt(test) => moment(test, customer.created_at),
        Leaf::KnownAt(test) => {
            let shops: Vec<ShopId> = customer.identities.iter().map(|(shop, _)| *shop).collect();
            list(test, &shops)
        }
        Leaf::IdentityCount(test) => number(test, Some(whole(customer.identities.len() as i64))),
        Leaf::Tags(test) => {
            let tags: Vec<String> = customer.tags.iter().filter_map(|tag| keys::name_key(tag)).collect();
            list(test, &tags)
        }
        Leaf::Reachable { channel, wanted } => reachable(customer, channel) == *wanted,
        Leaf::Consent { channel, state } => {
            let said = customer.consent(channel).map(|granted| if granted { "granted" } else { "refused" });
            choice(state, said)
        }
        Leaf::Metric { metric: of, scope, test } => number(test, metric(world, customer, *of, scope)),
        Leaf::Date { metric: of, scope, test } => moment(test, date(customer, *of, scope)),
        Leaf::Rows(asked) => rows::hold(world, customer, asked),
        Leaf::LastSeen(test) => moment(test, customer.events.iter().map(|event| event.at).max()),
        Leaf::LastTouch(test) => moment(test, customer.reached().last().copied()),
        Leaf::TouchesWithoutOrder(test) => number(test, Some(whole(customer.reached_in_vain().len() as i64))),
        Leaf::GivenUp(wanted) => given_up(customer) == *wanted,
        Leaf::Sample { multiplier, increment, below } => {
            let digits = customer.id.simple().to_string();
            let x = i64::from_str_radix(&digits[digits.len() - 7..], 16).expect("hex digits");
            (multiplier * x + increment) % 2_147_483_647 < *below
        }
        Leaf::Stage { shop, stage } => choice(stage, standing::stage(world, customer, *shop)),
        Leaf::RfmScore { score, shop, test } => {
            number(test, standing::score(world, customer, *shop, *score).map(whole))
        }
        Leaf::Segment { reference } => world
            .segments
            .get(reference)
            .is_some_and(|checked| members(world, checked).contains(&customer.id)),
        Leaf::RfmGroup { shop, group } => choice(group, standing::group(world, customer, *shop)),
    }
}

fn told(customer: &Customer, field: TextField) -> Option<String> {
    let key = |text: &Option<String>| text.as_deref().and_then(keys::name_key);
    match field {
        TextField::Name => key(&customer.name),
        TextField::Nick => key(&customer.nick),
        TextField::Email => key(&customer.email),
        TextField::EmailDomain => {
            key(&customer.email).and_then(|email| email.rsplit_once('@').map(|(_, domain)| domain.to_owned()))
        }
        TextField::Language => customer.language.clone(),
        TextField::Country => customer.country.clone(),
        TextField::Province => customer.province.clone(),
        TextField::City => customer.city.clone(),
        TextField::District => customer.district.clone(),
    }
}

fn source(customer: &Customer, of: &DaySource) -> Option<Date> {
    match of {
        DaySource::Birthday => customer.birthday,
        DaySource::Attribute(key) => customer.attributes.get(key).and_then(as_day),
    }
}

fn as_day(value: &Value) -> Option<Date> {
    value.as_str().filter(|text| text.len() == 10).and_then(|text| text.parse().ok())
}

/// By the default policy messages and calls need a word of consent, paper does not; all need somewhere to go to. The
/// model has no street, so that nothing goes by mail.
fn reachable(customer: &Customer, channel: &str) -> bool {
    let granted = customer.consent(channel) == Some(true);
    match channel {
        "sms" | "call" => customer.phone.is_some() && granted,
        "email" => customer.email.is_some() && granted,
        "mail" | "parcel_card" => false,
        _ => granted,
    }
}

/// So many contacts within so many days, all in vain.
pub const GIVE_UP: (usize, i64) = (2, 40);

fn given_up(customer: &Customer) -> bool {
    let (contacts, days) = GIVE_UP;
    let within = |run: &[Timestamp]| run[contacts - 1].micros() - run[0].micros() <= days * 86_400_000_000;
    customer.reached_in_vain().windows(contacts).any(within)
}

// Facts.

fn in_scope<'c>(customer: &'c Customer, scope: &Scope) -> Vec<&'c Order> {
    let shop = |order: &&Order| scope.shops.as_ref().is_none_or(|shops| shops.contains(&order.shop));
    customer.orders.iter().filter(shop).collect()
}

/// The paid orders of a scope, first to last.
fn paid<'c>(customer: &'c Customer, scope: &Scope) -> Vec<&'c Order> {
    let inside =
        |order: &&Order| scope.paid.is_none_or(|window| within(&window, order.paid_at.expect("paid")));
    let mut orders: Vec<_> = in_scope(customer, scope)
        .into_iter()
        .filter(|order| order.paid_at.is_some())
        .filter(inside)
        .collect();
    orders.sort_by_key(|order| (order.paid_at, order.id));
    orders
}

fn unpaid<'c>(customer: &'c Customer, scope: &Scope) -> Vec<&'c Order> {
    let inside = |order: &&Order| scope.paid.is_none_or(|window| within(&window, order.ordered_at));
    in_scope(customer, scope).into_iter().filter(|order| order.paid_at.is_none()).filter(inside).collect()
}

fn metric(world: &World, customer: &Customer, of: Metric, scope: &Scope) -> Option<Number> {
    let orders = paid(customer, scope);
    let currency = world.currency;
    let gross: i64 = orders.iter().filter_map(|order| order.gross(currency)).sum();
    let net: i64 = orders.iter().filter_map(|order| order.net(currency)).sum();
    let count = orders.len() as i64;
    let kept = orders.iter().filter(|order| order.is_kept()).count() as i64;
    let items: i64 = orders.iter().map(|order| order.items()).sum();
    let refunded = orders.iter().filter(|order| order.refunded() > 0).count() as i64;
    let quotient = |of: i64, by: i64| (by > 0).then(|| (i128::from(of), i128::from(by)));
    match of {
        Metric::Orders => Some(whole(count)),
        Metric::OrdersKept => Some(whole(kept)),
        Metric::AmountSpent => Some(whole(net)),
        Metric::GrossAmount => Some(whole(gross)),
        Metric::AmountRefunded => Some(whole(gross - net)),
        Metric::AverageOrderValue => {
            let known = orders.iter().filter(|order| order.is_kept() && order.gross(currency).is_some());
            quotient(net, known.count() as i64)
        }
        Metric::MaxOrderValue => orders.iter().filter_map(|order| order.net(currency)).max().map(whole),
        Metric::Items => Some(whole(items)),
        Metric::AverageItems => quotient(items, count),
        Metric::OrdersRefunded => Some(whole(refunded)),
        Metric::RefundRate => quotient(refunded, count),
        Metric::UnpaidOrders => Some(whole(unpaid(customer, scope).len() as i64)),
        Metric::DistinctProducts => {
            let lines = orders.iter().flat_map(|order| order.lines.iter().map(|line| (order.shop, line)));
            let products = lines.filter_map(|(shop, line)| {
                let named = [("id", &line.product), ("sku", &line.sku), ("title", &line.title)];
                let (kind, name) = named.into_iter().find(|(_, name)| name.is_some())?;
                Some((shop, kind, name.clone()))
            });
            Some(whole(products.collect::<BTreeSet<_>>().len() as i64))
        }
        Metric::AverageDaysBetweenOrders => {
            let (first, last) = (orders.first()?.paid_at?, orders.last()?.paid_at?);
            let gaps = i128::from(count) - 1;
            (gaps > 0).then(|| (i128::from(last.micros() - first.micros()), gaps * 86_400_000_000))
        }
        Metric::DiscountShare => {
            let known = orders.iter().filter(|order| order.currency == currency);
            let known: Vec<_> =
                known.filter_map(|order| Some((order.total?, order.discount.unwrap_or(0)))).collect();
            let discounts: i64 = known.iter().map(|(_, discount)| discount).sum();
            quotient(discounts, known.iter().map(|(total, discount)| total + discount).sum())
        }
    }
}

fn date(customer: &Customer, of: DateMetric, scope: &Scope) -> Option<Timestamp> {
    match of {
        DateMetric::FirstOrder => paid(customer, scope).first().and_then(|order| order.paid_at),
        DateMetric::LastOrder => paid(customer, scope).last().and_then(|order| order.paid_at),
        DateMetric::LastUnpaidOrder => unpaid(customer, scope).iter().map(|order| order.ordered_at).max(),
    }
}

// Tests of values.

pub fn within(window: &Window, at: Timestamp) -> bool {
    window.from.is_none_or(|from| from <= at) && window.until.is_none_or(|until| at < until)
}

pub fn moment(test: &MomentTest, at: Option<Timestamp>) -> bool {
    match (test, at) {
        (MomentTest::IsNull, at) => at.is_none(),
        (MomentTest::IsNotNull, at) => at.is_some(),
        (MomentTest::Within(windows), Some(at)) => windows.iter().any(|window| within(window, at)),
        (MomentTest::Within(_), None) => false,
        (MomentTest::Outside(windows), Some(at)) => !windows.iter().any(|window| within(window, at)),
        (MomentTest::Outside(_), None) => true,
    }
}

fn day(test: &DayTest, day: Option<Date>) -> bool {
    let inside = |ranges: &[(Option<Date>, Option<Date>)], day: Date| {
        ranges
            .iter()
            .any(|(low, high)| low.is_none_or(|low| low <= day) && high.is_none_or(|high| day <= high))
    };
    match (test, day) {
        (DayTest::IsNull, day) => day.is_none(),
        (DayTest::IsNotNull, day) => day.is_some(),
        (DayTest::Within(ranges), Some(day)) => inside(ranges, day),
        (DayTest::Within(_), None) => false,
        (DayTest::Outside(ranges), Some(day)) => !inside(ranges, day),
        (DayTest::Outside(_), None) => true,
    }
}

pub fn number(test: &NumberTest, value: Option<Number>) -> bool {
    let compare = |(numerator, denominator): Number, with: &Decimal| -> Ordering {
        (numerator * 10i128.pow(with.scale())).cmp(&(i128::from(with.units()) * denominator))
    };
    let Some(value) = value else {
        return matches!(test, NumberTest::IsNull | NumberTest::Differs(_) | NumberTest::NoneOf(_));
    };
    match test {
        NumberTest::Equals(with) => compare(value, with).is_eq(),
        NumberTest::Differs(with) => compare(value, with).is_ne(),
        NumberTest::Below(with) => compare(value, with).is_lt(),
        NumberTest::AtMost(with) => compare(value, with).is_le(),
        NumberTest::Above(with) => compare(value, with).is_gt(),
        NumberTest::AtLeast(with) => compare(value, with).is_ge(),
        NumberTest::Between(low, high) => compare(value, low).is_ge() && compare(value, high).is_le(),
        NumberTest::OneOf(values) => values.iter().any(|with| compare(value, with).is_eq()),
        NumberTest::NoneOf(values) => !values.iter().any(|with| compare(value, with).is_eq()),
        NumberTest::IsNull => false,
        NumberTest::IsNotNull => true,
    }
}

pub fn text(test: &TextTest, value: Option<&str>) -> bool {
    let Some(value) = value else {
        return matches!(
            test,
            TextTest::IsNull | TextTest::Differs(_) | TextTest::NoneOf(_) | TextTest::NotContains(_)
        );
    };
    match test {
        TextTest::Equals(with) => value == with,
        TextTest::Differs(with) => value != with,
        TextTest::OneOf(values) => values.iter().any(|with| with == value),
        TextTest::NoneOf(values) => !values.iter().any(|with| with == value),
        TextTest::Contains(with) => value.contains(with),
        TextTest::NotContains(with) => !value.contains(with),
        TextTest::StartsWith(with) => value.starts_with(with),
        TextTest::EndsWith(with) => value.ends_with(with),
        TextTest::IsNull => false,
        TextTest::IsNotNull => true,
    }
}

pub fn choice(test: &Choice, value: Option<&str>) -> bool {
    value.map_or(test.missing, |value| test.of.contains(&value))
}

pub fn list<T: PartialEq>(test: &ListTest<T>, values: &[T]) -> bool {
    match test {
        ListTest::AnyOf(of) => of.iter().any(|one| values.contains(one)),
        ListTest::NoneOf(of) => !of.iter().any(|one| values.contains(one)),
        ListTest::IsNull => values.is_empty(),
        ListTest::IsNotNull => !values.is_empty(),
    }
}

pub fn attribute(test: &AttributeTest, value: Option<&Value>) -> bool {
    let value = value.filter(|value| !value.is_null());
    match test {
        AttributeTest::IsNull => value.is_none(),
        AttributeTest::IsNotNull => value.is_some(),
        AttributeTest::Text(test) => text(test, value.and_then(Value::as_str)),
        AttributeTest::Number(test) => {
            let exact = |number: &serde_json::Number| Decimal::parse(&number.to_string());
            let fraction = value.and_then(Value::as_number).and_then(exact);
            number(test, fraction.map(|exact| (exact.units().into(), 10i128.pow(exact.scale()))))
        }
        AttributeTest::Truth(truth) => value.and_then(Value::as_bool) == Some(*truth),
        AttributeTest::NotTruth(truth) => value.and_then(Value::as_bool) != Some(*truth),
        AttributeTest::Day(test) => day(test, value.and_then(as_day)),
        AttributeTest::Id(test) => {
            let id = match value {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => number.as_i64().map(|id| id.to_string()),
                _ => None,
            };
            text(test, id.as_deref())
        }
    }
}

/// The local hour and day of the week of a moment.
pub fn on_the_clock(clock: &[ClockSpan], at: Timestamp) -> (i64, i64) {
    let holds = |span: &&ClockSpan| span.from.is_none_or(|from| from <= at);
    let seconds = clock.iter().rfind(holds).map_or(0, |span| span.seconds);
    let local = at.micros().div_euclid(1_000_000) + i64::from(seconds);
    // 1 January 1970 was a Thursday.
    (local.div_euclid(3_600).rem_euclid(24), (local.div_euclid(86_400) + 3).rem_euclid(7) + 1)
}
