//! The meaning of functions over a customer's lines, orders and events.

use huitou::segments::language::checked::{
    Contact, Filter, ListTest, RowNumber, RowText, Rows, Source, Sum, TextTest,
};
use huitou::time::Timestamp;

use super::evaluate::{attribute, choice, list, moment, number, on_the_clock, text, whole};
use super::model::{Customer, Event, Line, Order, Touch, World};

/// One row, whatever it is of.
#[derive(Clone, Copy)]
struct Row<'c> {
    at: Timestamp,
    order: Option<&'c Order>,
    line: Option<&'c Line>,
    event: Option<&'c Event>,
    touch: Option<&'c Touch>,
    /// Of a conversion.
    arm: Option<&'static str>,
}

impl Row<'_> {
    fn at(at: Timestamp) -> Self {
        Self { at, order: None, line: None, event: None, touch: None, arm: None }
    }
}

pub fn hold(world: &World, customer: &Customer, asked: &Rows) -> bool {
    let mut passed = match asked.of {
        Source::Conversions => conversions(world, customer, asked),
        of => rows(customer, of),
    };
    passed.retain(|row| asked.filters.iter().all(|filter| passes(world, customer, row, filter)));
    let holds = if asked.sums.is_empty() {
        !passed.is_empty()
    } else {
        asked.sums.iter().all(|(sum, test)| number(test, Some(whole(summed(world, customer, &passed, *sum)))))
    };
    holds != asked.negated
}

fn rows(customer: &Customer, of: Source) -> Vec<Row<'_>> {
    let order = |order| Row { order: Some(order), ..Row::at(moment_of(order)) };
    match of {
        Source::PaidOrders => customer.paid().into_iter().map(order).collect(),
        Source::AllOrders => customer.orders.iter().map(order).collect(),
        Source::Lines => {
            let paid = customer.paid().into_iter();
            let lines =
                paid.flat_map(|of| of.lines.iter().map(move |line| Row { line: Some(line), ..order(of) }));
            lines.collect()
        }
        Source::Events => {
            customer.events.iter().map(|of| Row { event: Some(of), ..Row::at(of.at) }).collect()
        }
        Source::Touches(contact) => {
            let touch = |touch| Some(Row { touch: Some(touch), ..Row::at(contacted(touch, contact)?) });
            customer.touches.iter().filter_map(touch).collect()
        }
        Source::Conversions => Vec::new(),
    }
}

/// The moment by which a touch goes, if it is meant.
fn contacted(touch: &Touch, contact: Contact) -> Option<Timestamp> {
    let outcome = match contact {
        Contact::Made => return (!touch.bounced()).then_some(touch.at),
        Contact::Any => return Some(touch.at),
        Contact::Delivered => "delivered",
        Contact::Opened => "opened",
        Contact::Clicked => "clicked",
        Contact::Replied => "replied",
        Contact::Bounced => "bounced",
        Contact::Complained => "complained",
        Contact::Unsubscribed => "unsubscribed",
    };
    touch.outcomes.get(outcome).copied()
}

/// Orders that count for a campaign which is asked about, of its members.
fn conversions<'c>(world: &World, customer: &'c Customer, asked: &Rows) -> Vec<Row<'c>> {
    let mut rows = Vec::new();
    for (place, campaign) in world.campaigns.iter().enumerate() {
        let named = |filter: &Filter| match filter {
            Filter::Campaign(test) => is_named(world, Some(place), test),
            _ => false,
        };
        let arm = customer.arms.get(&place).copied().flatten();
        if arm.is_none() || !asked.filters.iter().any(named) {
            continue;
        }
        for order in customer.paid() {
            let at = moment_of(order);
            let worth = |least| order.gross(world.currency).is_some_and(|gross| gross >= least);
            if campaign.launched_at <= at && at < campaign.ends_at && campaign.minimum.is_none_or(worth) {
                rows.push(Row { order: Some(order), arm, ..Row::at(at) });
            }
        }
    }
    rows
}

/// A campaign goes by its id or its name.
fn is_named(world: &World, place: Option<usize>, test: &TextTest) -> bool {
    let campaign = place.map(|place| &world.campaigns[place]);
    let goes_by = |name: &String| {
        campaign.is_some_and(|campaign| campaign.name == name || campaign.id.to_string() == *name)
    };
    match test {
        TextTest::Equals(name) => goes_by(name),
        TextTest::Differs(name) => !goes_by(name),
        TextTest::OneOf(names) => names.iter().any(goes_by),
        TextTest::NoneOf(names) => !names.iter().any(goes_by),
        TextTest::IsNull => campaign.is_none(),
        TextTest::IsNotNull => campaign.is_some(),
        _ => unreachable!("campaigns are compared as a whole"),
    }
}

fn moment_of(order: &Order) -> Timestamp {
    order.paid_at.unwrap_or(order.ordered_at)
}

fn passes(world: &World, customer: &Customer, row: &Row<'_>, filter: &Filter) -> bool {
    match filter {
        Filter::Shops { shops, negated } => {
            let shop = row.order.map(|order| order.shop).or(row.event.and_then(|event| event.shop));
            shop.is_some_and(|shop| shops.contains(&shop)) != *negated
        }
        Filter::Moment(test) => moment(test, Some(row.at)),
        Filter::Text { field, test } => text(test, told(world, row, *field).as_deref()),
        Filter::Number { field, test } => number(test, counted(world, customer, row, *field).map(whole)),
        Filter::Category(test) => {
            let told = row.line.and_then(|line| line.category.clone());
            let category = told.or_else(|| product(world, row)?.category.clone());
            let under = |path: &String| {
                category
                    .as_ref()
                    .is_some_and(|category| category == path || category.starts_with(&format!("{path}/")))
            };
            match test {
                ListTest::AnyOf(paths) => paths.iter().any(under),
                ListTest::NoneOf(paths) => !paths.iter().any(under),
                ListTest::IsNull => category.is_none(),
                ListTest::IsNotNull => category.is_some(),
            }
        }
        Filter::ProductTags(test) => list(test, product(world, row).map_or(&[][..], |product| &product.tags)),
        Filter::Coupons(test) => list(test, row.order.map_or(&[][..], |order| &order.coupons)),
        Filter::Promotions(test) => list(test, row.order.map_or(&[][..], |order| &order.promotions)),
        Filter::Status(test) => choice(test, row.order.map(|order| order.status)),
        Filter::Hour { test, clock } => number(test, Some(whole(on_the_clock(clock, row.at).0))),
        Filter::Weekday { test, clock } => number(test, Some(whole(on_the_clock(clock, row.at).1))),
        Filter::Attribute { key, test } => {
            let attributes = match (row.line, row.order, row.event) {
                (Some(line), ..) => &line.attributes,
                (None, Some(order), _) => &order.attributes,
                (None, None, Some(event)) => &event.properties,
                (None, None, None) => return false,
            };
            attribute(test, attributes.get(key))
        }
        Filter::Campaign(_) if row.touch.is_none() => true,
        Filter::Campaign(test) => is_named(world, row.touch.and_then(|touch| touch.campaign), test),
        Filter::Channel(test) => choice(test, row.touch.map(|touch| touch.channel)),
        Filter::Outcome { of, negated } => {
            row.touch.is_some_and(|touch| of.iter().any(|one| touch.outcomes.contains_key(one))) != *negated
        }
    }
}

fn product<'w>(world: &'w World, row: &Row<'_>) -> Option<&'w super::model::Product> {
    let (order, id) = (row.order?, row.line?.product.as_ref()?);
    world.products.iter().find(|product| product.shop == order.shop && product.external_id == *id)
}

fn told(world: &World, row: &Row<'_>, field: RowText) -> Option<String> {
    match field {
        RowText::Product => row.line?.product.clone(),
        RowText::Sku => row.line?.sku.clone(),
        RowText::Title => row.line?.title.clone(),
        RowText::Brand => product(world, row)?.brand.clone(),
        RowText::OrderSource => row.order?.source.clone(),
        RowText::EventType => Some(row.event?.kind.clone()),
        RowText::Subject => row.touch?.subject.map(str::to_owned),
        RowText::Arm => row.touch.map_or(row.arm, |touch| touch.arm).map(str::to_owned),
    }
}

fn counted(world: &World, customer: &Customer, row: &Row<'_>, field: RowNumber) -> Option<i64> {
    match field {
        RowNumber::Price => in_tenants_money(world, row.order?, row.line?.unit?),
        RowNumber::Quantity => Some(row.line?.quantity),
        RowNumber::Amount => match row.line {
            Some(line) => in_tenants_money(world, row.order?, line.total),
            None => row.order?.net(world.currency),
        },
        RowNumber::Items => Some(row.order?.items()),
        RowNumber::OrderIndex => {
            let id = row.order?.id;
            customer.paid().iter().position(|order| order.id == id).map(|index| index as i64 + 1)
        }
    }
}

/// An amount of a line, by the share that it has in what the whole order came to.
fn in_tenants_money(world: &World, order: &Order, amount: i64) -> Option<i64> {
    if order.currency == world.currency {
        return Some(amount);
    }
    let (gross, total) = (order.gross(world.currency)?, order.total.filter(|total| *total > 0)?);
    Some((amount as f64 * gross as f64 / total as f64 + 0.5).trunc() as i64)
}

fn summed(world: &World, customer: &Customer, rows: &[Row<'_>], sum: Sum) -> i64 {
    match sum {
        // Each campaign counts an order for itself.
        Sum::Count if rows.iter().any(|row| row.arm.is_some()) => rows.len() as i64,
        Sum::Count => {
            let orders: std::collections::BTreeSet<_> =
                rows.iter().filter_map(|row| row.order.map(|order| order.id)).collect();
            if orders.is_empty() { rows.len() as i64 } else { orders.len() as i64 }
        }
        Sum::Quantity => rows.iter().filter_map(|row| row.line.map(|line| line.quantity)).sum(),
        Sum::Amount => rows.iter().filter_map(|row| counted(world, customer, row, RowNumber::Amount)).sum(),
    }
}
