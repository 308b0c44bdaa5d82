//! What members of an arm did in the window.

use crate::campaigns::lift::{Moments, Paired, Share};

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

    /// Members who spent so much before, and of whom no buyers are known yet.
    pub fn of(covariate: Moments) -> Self {
        let none = Moments { count: covariate.count, ..Moments::default() };
        Self {
            members: covariate.count,
            converted: 0,
            orders: none,
            revenue: Paired { outcome: none, covariate, products: 0 },
            winsorised: none,
            margin: none,
            discount_amount: 0,
        }
    }

    /// Counts a buyer's outcome in; what it is up to a bound is not known yet.
    pub fn add(&mut self, buyer: &Buyer) {
        self.converted += 1;
        self.orders.add(buyer.orders);
        self.revenue.outcome.add(buyer.revenue);
        self.revenue.products += i128::from(buyer.revenue) * i128::from(buyer.covariate);
        self.margin.add(buyer.margin);
        self.discount_amount += buyer.discount;
    }

    /// Counts the members of another group in.
    pub fn join(&mut self, other: &Self) {
        self.members += other.members;
        self.converted += other.converted;
        self.discount_amount += other.discount_amount;
        self.revenue.products += other.revenue.products;
        for (sum, part) in [
            (&mut self.orders, other.orders),
            (&mut self.revenue.outcome, other.revenue.outcome),
            (&mut self.revenue.covariate, other.revenue.covariate),
            (&mut self.winsorised, other.winsorised),
            (&mut self.margin, other.margin),
        ] {
            sum.count += part.count;
            sum.sum += part.sum;
            sum.squares += part.squares;
        }
    }

    /// All members of the groups.
    pub fn together<'a>(groups: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for group in groups {
            all.join(group);
        }
        all
    }
}

/// A member who converted.
#[derive(Debug, Clone, Default)]
pub struct Buyer {
    pub covariate: i64,
    pub orders: i64,
    pub revenue: i64,
    pub margin: i64,
    pub discount: i64,
}
