//! What members of an arm did in the window.

use std::collections::BTreeMap;

use super::store::{MemberSums, OrderRow};
use crate::campaigns::lift::{Moments, Paired, Share};
use crate::ids::CustomerId;

/// The outcomes of a group of members, those who did nothing included.
#[derive(Debug, Clone, Default)]
pub struct Spending {
    pub members: i64,
    pub converted: i64,
    /// Qualifying orders a member.
    pub orders: Moments,
    /// Revenue a member, with what was spent in the year before.
    pub revenue: Paired,
    /// Revenue a member, up to a bound.
    pub winsorised: Moments,
    /// Margin a member.
    pub margin: Moments,
    pub discount_amount: i64,
}

impl Spending {
    pub fn conversions(&self) -> Share {
        Share { hits: self.converted, of: self.members }
    }

    /// Counts members in who are not buyers, or not yet known to be.
    pub fn enlist(&mut self, sums: &MemberSums) {
        self.members += sums.members;
        for moments in [&mut self.orders, &mut self.revenue.outcome, &mut self.winsorised, &mut self.margin] {
            moments.count += sums.members;
        }
        let covariate = sums.covariate();
        self.revenue.covariate.count += covariate.count;
        self.revenue.covariate.sum += covariate.sum;
        self.revenue.covariate.squares += covariate.squares;
    }

    /// Counts a buyer's outcome in.
    pub fn add(&mut self, buyer: &Buyer, ceiling: Option<i64>) {
        self.converted += 1;
        self.orders.add(buyer.orders);
        self.revenue.outcome.add(buyer.revenue);
        self.revenue.products += i128::from(buyer.revenue) * i128::from(buyer.covariate);
        self.winsorised.add(buyer.revenue.min(ceiling.unwrap_or(i64::MAX)));
        self.margin.add(buyer.margin);
        self.discount_amount += buyer.discount;
    }

    /// All members of the groups.
    pub fn together<'a>(groups: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for group in groups {
            all.members += group.members;
            all.converted += group.converted;
            all.discount_amount += group.discount_amount;
            all.revenue.products += group.revenue.products;
            for (sum, part) in [
                (&mut all.orders, group.orders),
                (&mut all.revenue.outcome, group.revenue.outcome),
                (&mut all.revenue.covariate, group.revenue.covariate),
                (&mut all.winsorised, group.winsorised),
                (&mut all.margin, group.margin),
            ] {
                sum.count += part.count;
                sum.sum += part.sum;
                sum.squares += part.squares;
            }
        }
        all
    }
}

/// A member who converted.
#[derive(Debug, Clone)]
pub struct Buyer {
    pub arm: String,
    pub stage: Option<String>,
    pub spend_band: Option<String>,
    pub shop: Option<String>,
    pub covariate: i64,
    pub orders: i64,
    pub revenue: i64,
    pub margin: i64,
    pub discount: i64,
}

/// Puts the orders of each member together. `cost` tells what the goods of an order cost.
pub fn buyers(rows: &[OrderRow], cost: impl Fn(&OrderRow) -> i64) -> Vec<Buyer> {
    let mut buyers: BTreeMap<CustomerId, Buyer> = BTreeMap::new();
    for row in rows {
        let buyer = buyers.entry(row.origin_id).or_insert_with(|| Buyer {
            arm: row.arm.clone(),
            stage: row.stage.clone(),
            spend_band: row.spend_band.clone(),
            shop: row.member_shop.map(|shop| shop.to_string()),
            covariate: row.covariate_amount.unwrap_or(0),
            orders: 0,
            revenue: 0,
            margin: 0,
            discount: 0,
        });
        buyer.orders += 1;
        buyer.revenue += row.revenue();
        buyer.margin += row.revenue() - cost(row);
        buyer.discount += row.in_tenants_currency(row.discount_amount.unwrap_or(0));
    }
    buyers.into_values().collect()
}
