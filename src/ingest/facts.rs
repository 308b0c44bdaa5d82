//! What a customer's orders add up to, kept by difference: an order's old worth goes out, its new worth comes in.
//!
//! So the cost of an order does not grow with the number of the customer's orders; [`super::rebuild`] computes the same
//! from nothing.

use super::derive::Derived;
use super::order::Order;
use crate::orders::OrderStatus;
use crate::time::Timestamp;

/// Sums over orders; amounts in the tenant's currency, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Orders paid once.
    pub orders: i64,
    /// Those not refunded in full.
    pub orders_kept: i64,
    /// Kept ones whose worth in the tenant's currency is not known; in no amount.
    pub orders_unconverted: i64,
    /// Orders with any refund.
    pub orders_refunded: i64,
    /// Orders never paid.
    pub unpaid_orders: i64,
    pub gross_amount: i64,
    pub refunded_amount: i64,
    /// Gross less refunded.
    pub spent_amount: i64,
    pub items: i64,
    pub first_order_at: Option<Timestamp>,
    pub last_order_at: Option<Timestamp>,
}

/// [`Facts::orders_kept`] in SQL, over the columns of `orders`.
pub const KEPT: &str = "paid_at IS NOT NULL AND status <> 'refunded' \
    AND NOT (COALESCE(total_amount, 0) > 0 AND refunded_amount >= total_amount)";

impl Facts {
    /// One order's share.
    pub fn of(order: &Order, derived: &Derived) -> Self {
        let Some(paid_at) = derived.paid_at else {
            return Self { unpaid_orders: 1, ..Self::default() };
        };
        let total = order.told.amounts.as_ref().map_or(0, |amounts| amounts.total);
        let refunded_in_full =
            derived.status == OrderStatus::Refunded || (total > 0 && derived.refunded_amount >= total);
        let kept = i64::from(!refunded_in_full);
        let (gross, net) = derived.gross_amount.zip(derived.net_amount).unwrap_or((0, 0));
        Self {
            orders: 1,
            orders_kept: kept,
            orders_unconverted: if derived.gross_amount.is_none() { kept } else { 0 },
            orders_refunded: i64::from(derived.refunded_amount > 0),
            unpaid_orders: 0,
            gross_amount: gross,
            refunded_amount: gross - net,
            spent_amount: net,
            items: order.told.items,
            first_order_at: Some(paid_at),
            last_order_at: Some(paid_at),
        }
    }

    /// Whether there is any order at all.
    pub fn is_empty(&self) -> bool {
        self.orders == 0 && self.unpaid_orders == 0
    }

    pub fn add(&mut self, share: &Self) {
        self.sum(share, 1);
        self.first_order_at = [self.first_order_at, share.first_order_at].into_iter().flatten().min();
        self.last_order_at = self.last_order_at.max(share.last_order_at);
    }

    /// Takes a share out, and tells whether the first or last order must be looked up anew.
    #[must_use]
    pub fn remove(&mut self, share: &Self) -> bool {
        self.sum(share, -1);
        share.first_order_at.is_some()
            && (share.first_order_at == self.first_order_at || share.last_order_at == self.last_order_at)
    }

    /// Puts a share in place of another that was paid at the same moment, so that first and last stay.
    pub fn replace(&mut self, old: &Self, new: &Self) {
        self.sum(old, -1);
        self.sum(new, 1);
    }

    fn sum(&mut self, share: &Self, sign: i64) {
        self.orders += sign * share.orders;
        self.orders_kept += sign * share.orders_kept;
        self.orders_unconverted += sign * share.orders_unconverted;
        self.orders_refunded += sign * share.orders_refunded;
        self.unpaid_orders += sign * share.unpaid_orders;
        self.gross_amount += sign * share.gross_amount;
        self.refunded_amount += sign * share.refunded_amount;
        self.spent_amount += sign * share.spent_amount;
        self.items += sign * share.items;
    }
}
