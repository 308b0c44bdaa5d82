//! All orders of a plan, in the order of time within blocks of customers.

use super::calendar::Calendar;
use super::catalogue::Shelf;
use super::draw::{Draw, Source};
use super::people::Person;
use super::{Channel, Plan, SyntheticOrder, basket, course};
use crate::time::Timestamp;

/// Customers whose orders are put in the order of time together; it bounds the memory, whatever the plan's size.
const BLOCK: u64 = 50_000;
/// Nobody orders more often (and no more streams of chance are set aside).
const MOST_ORDERS: u16 = 500;
/// Not even the most loyal order more often than once in so many days.
const LEAST_GAP: u32 = 7;
/// The spread of people's loyalty: at 1.2 about two in five never come back when the average is five orders.
const LOYALTY_SPREAD: f64 = 1.2;
/// How long people stay customers, in days.
const LIFE: f64 = 420.0;
/// The share of orders by people who did not sign in.
const GUESTS: f64 = 0.03;

/// An iterator over the orders.
pub struct History {
    plan: Plan,
    source: Source,
    calendar: Calendar,
    shelf: Shelf,
    /// The first customer of the next block.
    next_customer: u64,
    /// What is left of the block, the latest first.
    pending: Vec<Sketch>,
}

/// An order before it is filled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sketch {
    ordered_at: Timestamp,
    customer: u64,
    ordinal: u16,
}

impl History {
    pub fn new(plan: Plan) -> Self {
        Self {
            source: Source::new(plan.seed),
            calendar: Calendar::new(plan.until, plan.days),
            shelf: Shelf::stocked(),
            next_customer: 0,
            pending: Vec::new(),
            plan,
        }
    }

    fn sketch_block(&mut self) {
        let end = (self.next_customer + BLOCK).min(self.plan.customers);
        for customer in self.next_customer..end {
            self.sketch_customer(customer);
        }
        self.next_customer = end;
        self.pending.sort_unstable_by(|a, b| b.cmp(a));
    }

    fn sketch_customer(&mut self, customer: u64) {
        let mut draw = self.source.habits(customer);
        let most = (self.plan.days / LEAST_GAP).clamp(1, MOST_ORDERS.into());
        let count = count(&mut draw, self.plan.orders_per_customer, f64::from(most));
        let first = self.calendar.day(&mut draw, 0, self.calendar.length());
        let life = draw.wait(LIFE) as usize;
        let mut moments: Vec<Timestamp> = (0..count)
            .map(|ordinal| {
                let day = match ordinal {
                    0 => first,
                    _ => self.calendar.day(&mut draw, first, life),
                };
                self.calendar.moment(&mut draw, day)
            })
            .collect();
        moments.sort_unstable();
        let sketches = moments.into_iter().zip(0u16..).map(|(ordered_at, ordinal)| Sketch {
            ordered_at,
            customer,
            ordinal,
        });
        self.pending.extend(sketches);
    }

    fn fill(&self, sketch: Sketch) -> SyntheticOrder {
        let mut draw = self.source.order(sketch.customer, sketch.ordinal);
        let person = Person::meet(&self.plan, sketch.customer, &mut self.source.person(sketch.customer));
        let season = self.calendar.season(sketch.ordered_at);
        let basket = basket::fill(&self.shelf, &person, sketch.ordinal, season, &mut draw);
        let guest = sketch.ordinal > 0 && draw.chance(GUESTS);
        let mut document = course::run(
            sketch.ordered_at,
            person.channel,
            person.pickiness,
            basket,
            self.calendar.until(),
            &mut draw,
        );
        document.customer = (!guest).then_some(person.buyer);
        SyntheticOrder { channel: person.channel, external_id: external_id(person.channel, sketch), document }
    }
}

impl Iterator for History {
    type Item = SyntheticOrder;

    fn next(&mut self) -> Option<SyntheticOrder> {
        while self.pending.is_empty() && self.next_customer < self.plan.customers {
            self.sketch_block();
        }
        self.pending.pop().map(|sketch| self.fill(sketch))
    }
}

/// How often a customer orders: once, and as much more often as their loyalty makes it.
fn count(draw: &mut Draw, mean: f64, most: f64) -> u16 {
    let loyalty = (LOYALTY_SPREAD * draw.normal() - LOYALTY_SPREAD * LOYALTY_SPREAD / 2.0).exp();
    let more = (mean - 1.0).max(0.0) * loyalty;
    let again = more / (1.0 + more);
    let extra = if again > 0.0 { (1.0 - draw.unit()).ln() / again.ln() } else { 0.0 };
    1 + extra.min(most - 1.0) as u16
}

/// As a platform numbers them: 19 digits; or the till's slip.
fn external_id(channel: Channel, sketch: Sketch) -> String {
    let number = sketch.customer * u64::from(MOST_ORDERS) + u64::from(sketch.ordinal);
    match channel {
        Channel::Online => format!("{}", 3_600_000_000_000_000_000 + number),
        Channel::Till => format!("slip-{number:010}"),
    }
}
