//! What a customer's orders add up to, kept by difference: an order's old worth goes out, its new worth comes in.
//!
//! So the cost of an order does not grow with the number of the customer's orders; [`super::rebuild`] computes the same
//! from nothing.

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

/// What of an order counts; as its row says, so that a share goes out as it once came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub status: OrderStatus,
    pub paid_at: Option<Timestamp>,
    pub total_amount: i64,
    pub refunded_amount: i64,
    pub gross_amount: Option<i64>,
    pub net_amount: Option<i64>,
    pub items: i64,
}

impl Facts {
    /// One order's share.
    pub fn of(order: &Counted) -> Self {
        let Some(paid_at) = order.paid_at else {
            return Self { unpaid_orders: 1, ..Self::default() };
        };
        let Counted { total_amount: total, refunded_amount: refunded, .. } = *order;
        let refunded_in_full = order.status == OrderStatus::Refunded || (total > 0 && refunded >= total);
        let kept = i64::from(!refunded_in_full);
        let (gross, net) = order.gross_amount.zip(order.net_amount).unwrap_or((0, 0));
        Self {
            orders: 1,
            orders_kept: kept,
            orders_unconverted: if order.gross_amount.is_none() { kept } else { 0 },
            orders_refunded: i64::from(refunded > 0),
            unpaid_orders: 0,
            gross_amount: gross,
            refunded_amount: gross - net,
            spent_amount: net,
            items: order.items,
            first_order_at: Some(paid_at),
            last_order_at: Some(paid_at),
        }
    }

    /// Whether there is any order at all.
    pub fn is_empty(&self) -> bool {
        self.orders == 0 && self.unpaid_orders == 0
    }

    /// Puts a share in place of another (none: `Facts::default()`), and tells whether the first or last order must be
    /// looked up anew, because it was the one that went out.
    #[must_use]
    pub fn replace(&mut self, old: &Self, new: &Self) -> bool {
        self.sum(old, -1);
        self.sum(new, 1);
        let first_goes = old.first_order_at.is_some()
            && old.first_order_at == self.first_order_at
            && new.first_order_at.is_none_or(|first| Some(first) > old.first_order_at);
        let last_goes = old.last_order_at.is_some()
            && old.last_order_at == self.last_order_at
            && new.last_order_at < old.last_order_at;
        self.first_order_at = [self.first_order_at, new.first_order_at].into_iter().flatten().min();
        self.last_order_at = self.last_order_at.max(new.last_order_at);
        first_goes || last_goes
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
