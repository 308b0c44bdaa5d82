//! What the orders of the window come to, gathered in one pass over them.

use super::attributed::Attribution;
use super::buyers::Buyers;
use super::days::Days;
use super::store::OrderRow;
use crate::campaigns::settings::Margins;

#[derive(Debug)]
pub struct Window<'a> {
    margins: &'a Margins,
    pub buyers: Buyers,
    pub days: Days,
    pub attribution: Attribution,
    /// Orders whose worth in the tenant's currency is not known.
    pub unconverted: i64,
    /// Whether the cost of the goods of every order is known.
    pub margin_known: bool,
}

impl<'a> Window<'a> {
    pub fn new(margins: &'a Margins, buyers: Buyers, days: Days, attribution: Attribution) -> Self {
        Self { margins, buyers, days, attribution, unconverted: 0, margin_known: true }
    }

    pub fn add(&mut self, order: &OrderRow) {
        let cost = order.cost(self.margins);
        self.margin_known &= cost.is_some();
        self.unconverted += i64::from(!order.is_converted());
        self.buyers.add(order, cost.unwrap_or(0));
        self.days.add(order);
        self.attribution.add(order);
    }
}
