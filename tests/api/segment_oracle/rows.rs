//! The meaning of functions over a customer's lines, orders and events.

use huitou::segments::language::checked::{Filter, ListTest, RowNumber, RowText, Rows, Source, Sum};
use huitou::time::Timestamp;

use super::evaluate::{attribute, choice, list, moment, number, on_the_clock, text, whole};
use super::model::{Customer, Event, Line, Order, World};

/// One row, whatever it is of.
#[derive(Clone, Copy)]
struct Row<'c> {
    at: Timestamp,
    order: Option<&'c Order>,
    line: Option<&'c Line>,
    event: Option<&'c Event>,
}

pub fn hold(world: &World, customer: &Customer, asked: &Rows) -> bool {
    let mut passed = rows(customer, asked.of);
    passed.retain(|row| asked.filters.iter().all(|filter| passes(world, customer, row, filter)));
    let holds = if asked.sums.is_empty() {
        !passed.is_empty()
    } else {
        asked.sums.iter().all(|(sum, test)| number(test, Some(whole(summed(world, customer, &passed, *sum)))))
    };
    holds != asked.negated
}

fn rows(customer: &Customer, of: Source) -> Vec<Row<'_>> {
    let order = |order| Row { at: moment_of(order), order: Some(order), line: None, event: None };
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
            let event = |event: &'_ Event| Row { at: event.at, order: None, line: None, event: None };
            customer.events.iter().map(|of| Row { event: Some(of), ..event(of) }).collect()
        }
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
            let category = row.line.and_then(|line| line.category.clone());
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
        Sum::Count => {
            let orders: std::collections::BTreeSet<_> =
                rows.iter().filter_map(|row| row.order.map(|order| order.id)).collect();
            if orders.is_empty() { rows.len() as i64 } else { orders.len() as i64 }
        }
        Sum::Quantity => rows.iter().filter_map(|row| row.line.map(|line| line.quantity)).sum(),
        Sum::Amount => rows.iter().filter_map(|row| counted(world, customer, row, RowNumber::Amount)).sum(),
    }
}
