//! Where customers stand: stages and scores, day by day and buyer by buyer.

use huitou::ids::ShopId;
use huitou::segments::language::checked::RfmScore;
use huitou::time::{Timestamp, time_zone};

use super::model::{Customer, Order, World};

/// After so many days, if nobody says otherwise.
const NEW_FOR: i64 = 30;
const AT_RISK_AFTER: i64 = 80;
const DORMANT_AFTER: i64 = 90;
const LOST_AFTER: i64 = 365;

fn orders(customer: &Customer, shop: Option<ShopId>) -> Vec<&Order> {
    customer.paid().into_iter().filter(|order| shop.is_none_or(|shop| order.shop == shop)).collect()
}

/// Days from the day of a moment to today, on the calendar of the shop or the tenant.
fn days_since(world: &World, shop: Option<ShopId>, at: Timestamp) -> i64 {
    let named = world.shops.iter().find(|known| Some(known.id) == shop);
    let zone = time_zone(named.map_or(&world.zone, |shop| &shop.zone)).expect("a zone");
    let day = |at: Timestamp| at.to_jiff().to_zoned(zone.clone()).date();
    i64::from((day(world.now) - day(at)).get_days())
}

pub fn stage(world: &World, customer: &Customer, shop: Option<ShopId>) -> Option<&'static str> {
    let orders = orders(customer, shop);
    let since = |order: &Order| days_since(world, shop, order.paid_at.expect("paid"));
    let (first, last) = (since(orders.first()?), since(orders.last()?));
    Some(match last {
        LOST_AFTER.. => "lost",
        DORMANT_AFTER.. => "dormant",
        AT_RISK_AFTER.. => "at_risk",
        _ if first < NEW_FOR => "new",
        _ => "active",
    })
}

/// What is scored: the days since the last order, the orders, the spend.
fn measure(world: &World, customer: &Customer, shop: Option<ShopId>, score: RfmScore) -> Option<i64> {
    let orders = orders(customer, shop);
    let last = orders.last()?.paid_at.expect("paid");
    Some(match score {
        RfmScore::Recency => days_since(world, shop, last),
        RfmScore::Frequency => orders.len() as i64,
        RfmScore::Monetary => orders.iter().filter_map(|order| order.net(world.currency)).sum(),
    })
}

/// A fifth of the buyers for each score: how many of the four bounds lie below the value.
pub fn score(world: &World, customer: &Customer, shop: Option<ShopId>, score: RfmScore) -> Option<i64> {
    let value = i128::from(measure(world, customer, shop, score)?);
    let buyers = world.customers.iter().filter_map(|buyer| measure(world, buyer, shop, score));
    let mut values: Vec<i128> = buyers.map(i128::from).collect();
    values.sort_unstable();
    let above = [1, 2, 3, 4].into_iter().filter(|fifth| {
        // The bound lies between two values, in proportion; all of it times five.
        let place = (values.len() - 1) * fifth;
        let (low, part) = (place / 5, (place % 5) as i128);
        let high = values[(low + 1).min(values.len() - 1)];
        value * 5 > values[low] * 5 + part * (high - values[low])
    });
    let above = above.count() as i64;
    Some(if score == RfmScore::Recency { 5 - above } else { 1 + above })
}

/// The group of those scores; nobody is in one before the first order.
pub fn group(world: &World, customer: &Customer, shop: Option<ShopId>) -> Option<&'static str> {
    let score = |of| score(world, customer, shop, of);
    let (r, f, m) = (score(RfmScore::Recency)?, score(RfmScore::Frequency)?, score(RfmScore::Monetary)?);
    Some(match (r, f + m) {
        (5, 8..) => "CHAMPIONS",
        (3 | 4, 8..) => "LOYAL",
        (4 | 5, 4..) => "ACTIVE",
        (5, _) => "NEW",
        (4, _) => "PROMISING",
        (3, 5..) => "NEEDS_ATTENTION",
        (3, _) => "ALMOST_LOST",
        (_, 9..) => "PREVIOUSLY_LOYAL",
        (_, 5..) => "AT_RISK",
        _ => "DORMANT",
    })
}
