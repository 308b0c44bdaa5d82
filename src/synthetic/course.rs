//! What becomes of an order, up to the last moment of the history.

use super::Channel;
use super::basket::Basket;
use super::draw::Draw;
use crate::orders::OrderStatus;
use crate::orders::document::{OrderDocument, RefundDocument};
use crate::time::Timestamp;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Platforms close an order that stays unpaid for this long.
const PAYMENT_TERM: i64 = DAY;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Paid, sent, kept.
    Kept,
    /// Never paid; the platform closes it.
    Unpaid,
    /// Never paid, and left open.
    Abandoned,
    /// Paid and called off before it was sent.
    CalledOff,
    /// Sent back as a whole.
    Returned,
    /// Sent back in part.
    PartlyReturned,
}

const FATES: [Fate; 6] =
    [Fate::Kept, Fate::Unpaid, Fate::Abandoned, Fate::CalledOff, Fate::Returned, Fate::PartlyReturned];

/// Tells the order as its platform would tell it at the moment `until`.
pub fn run(
    ordered_at: Timestamp,
    channel: Channel,
    pickiness: f64,
    basket: Basket,
    until: Timestamp,
    draw: &mut Draw,
) -> OrderDocument {
    let fate = fate(channel, pickiness, draw);
    let mut order = open(ordered_at, channel, basket, draw);
    let mut story = Story { order: &mut order, until };
    match channel {
        Channel::Till => story.at_the_till(fate, draw),
        Channel::Online => story.online(fate, draw),
    }
    order
}

fn fate(channel: Channel, pickiness: f64, draw: &mut Draw) -> Fate {
    let returns = 3.5 * pickiness;
    let weights = match channel {
        Channel::Till => [96.0, 0.0, 0.0, 0.0, returns / 2.0, returns / 2.0],
        Channel::Online => [85.0, 5.0, 1.2, 2.0, returns, returns],
    };
    FATES[draw.weighted(&weights)]
}

fn open(ordered_at: Timestamp, channel: Channel, basket: Basket, draw: &mut Draw) -> OrderDocument {
    let source = match channel {
        Channel::Till => "till",
        Channel::Online if draw.chance(0.85) => "app",
        Channel::Online => "web",
    };
    OrderDocument {
        version: ordered_at,
        status: Some(OrderStatus::Created),
        ordered_at: Some(ordered_at),
        paid_at: None,
        shipped_at: None,
        delivered_at: None,
        completed_at: None,
        closed_at: None,
        currency: Some("CNY".into()),
        total_amount: Some(basket.total_amount),
        discount_amount: Some(basket.discount_amount),
        shipping_amount: Some(basket.shipping_amount),
        exchange_rate: None,
        refunds: None,
        refunded_amount: None,
        source: Some(source.into()),
        promotions: (!basket.promotions.is_empty()).then_some(basket.promotions),
        customer: None,
        lines: Some(basket.lines),
        coupon_codes: (!basket.coupon_codes.is_empty()).then_some(basket.coupon_codes),
        note: None,
        attributes: None,
    }
}

/// Takes an order from step to step and stops where the history ends.
struct Story<'a> {
    order: &'a mut OrderDocument,
    until: Timestamp,
}

impl Story<'_> {
    fn at_the_till(&mut self, fate: Fate, draw: &mut Draw) {
        let sold_at = self.order.version;
        self.order.paid_at = Some(sold_at);
        self.order.completed_at = Some(sold_at);
        self.order.status = Some(OrderStatus::Completed);
        self.give_back(fate, sold_at.plus_seconds(draw.between(DAY, 14 * DAY)), draw);
    }

    fn online(&mut self, fate: Fate, draw: &mut Draw) {
        let ordered_at = self.order.version;
        match fate {
            Fate::Abandoned => return,
            Fate::Unpaid => {
                if let Some(at) = self.reach(ordered_at.plus_seconds(PAYMENT_TERM), OrderStatus::Closed) {
                    self.order.closed_at = Some(at);
                }
                return;
            }
            _ => {}
        }
        let Some(paid_at) = self.reach(ordered_at.plus_seconds(time_to_pay(draw)), OrderStatus::Paid) else {
            return;
        };
        self.order.paid_at = Some(paid_at);
        if fate == Fate::CalledOff {
            let at = paid_at.plus_seconds(draw.between(HOUR / 4, 6 * HOUR));
            return self.give_back(Fate::Returned, at, draw);
        }
        let Some(delivered_at) = self.send(paid_at, draw) else {
            return;
        };
        if fate == Fate::Kept {
            let done = delivered_at.plus_seconds(draw.between(HOUR, 10 * DAY));
            self.order.completed_at = self.reach(done, OrderStatus::Completed);
        } else {
            let at = delivered_at.plus_seconds(draw.between(DAY, 7 * DAY));
            self.give_back(fate, at, draw);
        }
    }

    /// Ships and delivers; tells when it arrived.
    fn send(&mut self, paid_at: Timestamp, draw: &mut Draw) -> Option<Timestamp> {
        let shipped = paid_at.plus_seconds(draw.between(4 * HOUR, 60 * HOUR));
        self.order.shipped_at = self.reach(shipped, OrderStatus::Shipped);
        let arrived = self.order.shipped_at?.plus_seconds(draw.between(DAY, 5 * DAY));
        self.order.delivered_at = self.reach(arrived, OrderStatus::Shipped);
        self.order.delivered_at
    }

    fn give_back(&mut self, fate: Fate, at: Timestamp, draw: &mut Draw) {
        let total = self.order.total_amount.unwrap_or_default();
        let lines = self.order.lines.as_deref().unwrap_or_default();
        let (amount, status) = match fate {
            Fate::Returned => (total, OrderStatus::Refunded),
            // One of several pieces, or something off for a flaw.
            Fate::PartlyReturned if lines.len() > 1 => {
                (draw.pick(lines).total_amount, OrderStatus::PartiallyRefunded)
            }
            Fate::PartlyReturned => (total * draw.between(10, 30) / 100, OrderStatus::PartiallyRefunded),
            _ => return,
        };
        if self.reach(at, status).is_some() {
            self.order.refunds =
                Some(vec![RefundDocument { external_id: "r1".into(), refunded_at: at, amount }]);
        }
    }

    /// Takes the step, unless it lies after the end of the history.
    fn reach(&mut self, at: Timestamp, status: OrderStatus) -> Option<Timestamp> {
        if at > self.until {
            return None;
        }
        self.order.status = Some(status);
        self.order.version = at;
        Some(at)
    }
}

/// Most pay within seconds, some after a reminder.
fn time_to_pay(draw: &mut Draw) -> i64 {
    if draw.chance(0.03) {
        draw.between(HOUR, 20 * HOUR)
    } else {
        (2.1 + 1.3 * draw.normal()).exp() as i64 + 2
    }
}
