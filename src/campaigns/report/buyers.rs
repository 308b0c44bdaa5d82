//! What each group of members did, gathered from the orders of those who bought.

use std::collections::HashMap;

use super::spending::{Buyer, Spending};
use super::store::{Group, MemberSums, OrderRow};
use crate::campaigns::lift;
use crate::ids::CustomerId;

/// Takes the orders of a window, which come member by member, and adds them up by group.
#[derive(Debug)]
pub struct Buyers {
    groups: Vec<(Group, Spending)>,
    places: HashMap<Group, usize>,
    /// Whose orders are coming, and in which place the member's group is.
    current: Option<(CustomerId, usize, Buyer)>,
    /// What each buyer spent, for bounds on the largest spends.
    spends: Vec<(usize, i64)>,
}

impl Buyers {
    pub fn among(sums: &[MemberSums]) -> Self {
        let groups: Vec<(Group, Spending)> =
            sums.iter().map(|sums| (sums.group.clone(), Spending::of(sums.covariate))).collect();
        let places = groups.iter().enumerate().map(|(place, (group, _))| (group.clone(), place)).collect();
        Self { groups, places, current: None, spends: Vec::new() }
    }

    /// Counts an order in whose goods cost so much.
    pub fn add(&mut self, order: &OrderRow, cost: i64) {
        if self.current.as_ref().is_none_or(|(member, ..)| *member != order.origin_id) {
            self.close();
            // Orders and members are read from one state of the database: no order is of an unknown group.
            let Some(place) = self.places.get(&order.group).copied() else { return };
            let buyer = Buyer { covariate: order.covariate_amount, ..Buyer::default() };
            self.current = Some((order.origin_id, place, buyer));
        }
        if let Some((_, _, buyer)) = &mut self.current {
            buyer.orders += 1;
            buyer.revenue += order.revenue();
            buyer.margin = buyer.margin.saturating_add(order.revenue().saturating_sub(cost));
            buyer.discount += order.in_tenants_currency(order.discount_amount);
        }
    }

    fn close(&mut self) {
        if let Some((_, place, buyer)) = self.current.take() {
            self.groups[place].1.add(&buyer);
            self.spends.push((place, buyer.revenue));
        }
    }

    /// The groups, and the bound on spends: the quantile of all of them.
    pub fn all(mut self, winsorise: Option<f64>) -> (Vec<(Group, Spending)>, Option<i64>) {
        self.close();
        let spends = || self.spends.iter().map(|(_, spend)| *spend);
        let ceiling = winsorise.and_then(|quantile| lift::ceiling(spends(), quantile));
        if let Some(ceiling) = ceiling {
            for (place, spend) in &self.spends {
                self.groups[*place].1.winsorised.add(ceiling.min(*spend));
            }
        }
        (self.groups, ceiling)
    }
}
