use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Channel, History, Plan, SyntheticOrder};
use crate::orders::OrderStatus;
use crate::validation::Report;

fn plan(customers: u64, orders_per_customer: f64) -> Plan {
    Plan {
        seed: 1,
        customers,
        orders_per_customer,
        until: "2026-11-22T06:00:00Z".parse().unwrap(),
        days: 365,
        till_share: 0.2,
    }
}

fn made(customers: u64, orders_per_customer: f64) -> Vec<SyntheticOrder> {
    History::new(plan(customers, orders_per_customer)).collect()
}

#[test]
fn the_same_seed_gives_the_same_orders_and_another_seed_others() {
    let orders = made(50, 3.0);
    assert_eq!(orders, made(50, 3.0));
    let others: Vec<_> = History::new(Plan { seed: 2, ..plan(50, 3.0) }).collect();
    assert_ne!(orders, others);
}

#[test]
fn every_order_is_valid_and_lies_in_the_history() {
    let until = plan(1, 1.0).until;
    for order in made(400, 4.0) {
        assert_eq!(Report::of(&order.document), [], "{}", order.external_id);
        let document = order.document;
        let ordered_at = document.ordered_at.unwrap();
        assert!(document.version <= until && ordered_at <= document.version);
        assert!(ordered_at >= until.plus_seconds(-366 * 86_400));
    }
}

#[test]
fn amounts_add_up_to_the_unit() {
    for SyntheticOrder { document, .. } in made(300, 3.0) {
        let lines = document.lines.unwrap();
        let paid: i64 = lines.iter().map(|line| line.total_amount).sum();
        let listed: i64 = lines.iter().map(|line| line.unit_amount.unwrap() * line.quantity).sum();
        assert_eq!(document.total_amount, Some(paid + document.shipping_amount.unwrap()));
        assert_eq!(document.discount_amount, Some(listed - paid));
        let refunded: i64 = document.refunds.iter().flatten().map(|refund| refund.amount).sum();
        assert!(refunded <= document.total_amount.unwrap());
    }
}

#[test]
fn orders_come_in_the_order_of_time_with_ids_of_their_own() {
    let orders = made(500, 4.0);
    assert!(orders.is_sorted_by_key(|order| order.document.ordered_at));
    let ids: HashSet<&str> = orders.iter().map(|order| order.external_id.as_str()).collect();
    assert_eq!(ids.len(), orders.len());
}

#[test]
fn there_are_as_many_customers_orders_and_lines_as_asked_for() {
    let orders = made(4_000, 5.0);
    let buyers: HashSet<_> =
        orders.iter().filter_map(|order| order.document.customer.as_ref()?.external_id.clone()).collect();
    assert_eq!(buyers.len(), 4_000);
    let ratio = orders.len() as f64 / 20_000.0;
    assert!((0.9..1.1).contains(&ratio), "{} orders", orders.len());
    let lines: usize = orders.iter().map(|order| order.document.lines.as_ref().unwrap().len()).sum();
    let lines = lines as f64 / orders.len() as f64;
    assert!((1.9..2.1).contains(&lines), "{lines} lines an order");
}

#[test]
fn every_way_an_order_can_go_occurs() {
    let mut statuses: BTreeMap<OrderStatus, u32> = BTreeMap::new();
    let orders = made(300, 4.0);
    for order in &orders {
        *statuses.entry(order.document.status.unwrap()).or_default() += 1;
    }
    assert_eq!(statuses.len(), OrderStatus::ALL.len(), "{statuses:?}");
    assert!(orders.iter().any(|order| order.document.customer.is_none()), "guests");
    assert!(orders.iter().any(|order| order.channel == Channel::Till));
    assert!(orders.iter().any(|order| order.document.coupon_codes.is_some()));
}

#[test]
fn many_buy_once_some_stay_and_each_keeps_to_a_size() {
    let mut counts: HashMap<String, u32> = HashMap::new();
    let mut sizes: HashMap<String, HashMap<String, u32>> = HashMap::new();
    for SyntheticOrder { document, .. } in made(3_000, 5.0) {
        let Some(id) = document.customer.and_then(|customer| customer.external_id) else {
            continue;
        };
        *counts.entry(id.clone()).or_default() += 1;
        for line in document.lines.unwrap() {
            let size = line.attributes["尺码"].as_str().unwrap().to_owned();
            if super::catalogue::SIZES.contains(&size.as_str()) {
                *sizes.entry(id.clone()).or_default().entry(size).or_default() += 1;
            }
        }
    }
    let share = |wanted: fn(&u32) -> bool| {
        counts.values().filter(|&count| wanted(count)).count() as f64 / counts.len() as f64
    };
    let (once, loyal) = (share(|&count| count == 1), share(|&count| count >= 20));
    assert!((0.3..0.55).contains(&once), "{once} bought once");
    assert!((0.01..0.1).contains(&loyal), "{loyal} bought twenty times or more");
    let (own, all) = sizes.values().fold((0, 0), |(own, all), counts| {
        (own + counts.values().max().unwrap(), all + counts.values().sum::<u32>())
    });
    assert!(f64::from(own) / f64::from(all) > 0.8);
}

#[test]
fn the_great_sale_is_the_strongest_day() {
    let mut days: BTreeMap<String, u32> = BTreeMap::new();
    for order in made(2_000, 4.0) {
        let local = order.document.ordered_at.unwrap().plus_seconds(8 * 3_600).to_string();
        *days.entry(local[..10].to_owned()).or_default() += 1;
    }
    let strongest = days.iter().max_by_key(|(_, count)| **count).unwrap();
    assert_eq!(strongest.0, "2026-11-11");
}

#[test]
fn the_catalogue_is_valid_and_has_what_is_ordered() {
    let mut skus = HashSet::new();
    for (external_id, product) in super::listing::products() {
        assert_eq!(Report::of(&product), [], "{external_id}");
        skus.extend(product.variants.into_iter().map(|variant| variant.sku));
    }
    for order in made(100, 3.0) {
        for line in order.document.lines.unwrap() {
            assert!(skus.contains(&line.sku.unwrap()));
        }
    }
}
