//! What follows from all that was told about an order: its status, its dates, its refunds, its worth.

use super::facts::Counted;
use super::order::{Order, part};
use crate::currency::Rate;
use crate::orders::OrderStatus;
use crate::orders::validate::{DERIVED_REFUND, MAX_AMOUNT};
use crate::time::Timestamp;

/// The columns of an order that are conclusions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub status: OrderStatus,
    pub ordered_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// Letters of the dates above that nobody told.
    pub inferred: String,
    pub refunds: Vec<Refund>,
    pub refunded_amount: i64,
    pub exchange_rate: Option<String>,
    /// In the tenant's currency, where that can be told.
    pub gross_amount: Option<i64>,
    pub net_amount: Option<i64>,
}

/// A refund with its date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub external_id: String,
    pub at: Timestamp,
    pub amount: i64,
    pub derived: bool,
}

/// What conversion needs to know about the tenant.
pub trait Rates {
    /// The currency of all sums.
    fn currency(&self) -> &str;
    /// The rate of the settings for the day of `at`, as it was entered.
    fn rate(&self, currency: &str, at: Timestamp) -> Option<String>;
}

impl Derived {
    /// What of the order counts.
    pub fn counted(&self, order: &Order) -> Counted {
        Counted {
            status: self.status,
            paid_at: self.paid_at,
            total_amount: order.told.amounts.as_ref().map_or(0, |amounts| amounts.total),
            refunded_amount: self.refunded_amount,
            gross_amount: self.gross_amount,
            net_amount: self.net_amount,
            items: order.told.items,
        }
    }

    pub fn of(order: &Order, rates: &impl Rates) -> Self {
        let mut inferred = String::new();
        let mut date = |letter: char, told: Option<Timestamp>, guess: Option<Timestamp>| {
            if told.is_none() && guess.is_some() {
                inferred.push(letter);
            }
            told.or(guess)
        };
        let told = &order.told;
        let seen = |status: OrderStatus| order.merge.seen.get(&status).copied().map(Timestamp::from_micros);
        let paid =
            OrderStatus::ALL.into_iter().filter(|status| status.proves_payment()).filter_map(seen).min();
        let ordered_at = date(part::ORDERED_AT, told.ordered_at, Some(earliest(order)));
        let paid_at = date(part::PAID_AT, told.paid_at, paid);
        let shipped_at = date(part::SHIPPED_AT, told.shipped_at, seen(OrderStatus::Shipped));
        let completed_at = date(part::COMPLETED_AT, told.completed_at, seen(OrderStatus::Completed));
        let closed_at = date(part::CLOSED_AT, told.closed_at, seen(OrderStatus::Closed));
        let ordered_at = ordered_at.unwrap_or(order.version);
        let refunds = refunds(order);
        let refunded_amount = refunds.iter().map(|refund| refund.amount).sum();
        let worth = worth(order, refunded_amount, ordered_at, rates);
        if worth.from_settings {
            inferred.push(part::RATE);
        }
        let reached = [
            (closed_at, OrderStatus::Closed),
            (completed_at, OrderStatus::Completed),
            (shipped_at.or(told.delivered_at), OrderStatus::Shipped),
            (paid_at, OrderStatus::Paid),
        ];
        let furthest =
            reached.iter().find(|(at, _)| at.is_some()).map_or(OrderStatus::Created, |&(_, status)| status);
        Self {
            status: told.status.unwrap_or(furthest),
            ordered_at,
            paid_at,
            shipped_at,
            completed_at,
            closed_at,
            inferred,
            refunds,
            refunded_amount,
            exchange_rate: worth.rate,
            gross_amount: worth.gross,
            net_amount: worth.net,
        }
    }
}

/// The earliest moment at which the order is known to have existed.
fn earliest(order: &Order) -> Timestamp {
    let told = &order.told;
    let dates = [told.paid_at, told.shipped_at, told.delivered_at, told.completed_at, told.closed_at];
    let seen = order.merge.seen.values().copied().map(Timestamp::from_micros);
    dates.into_iter().flatten().chain(seen).min().unwrap_or(order.version)
}

/// The refunds told one by one, and for what the totals tell beyond their sum one for each time that it grew.
pub fn refunds(order: &Order) -> Vec<Refund> {
    let told = order.merge.refunds.iter().filter(|(_, refund)| refund.amount > 0);
    let mut refunds: Vec<Refund> = told
        .map(|(id, refund)| Refund {
            external_id: id.clone(),
            at: Timestamp::from_micros(refund.at),
            amount: refund.amount,
            derived: false,
        })
        .collect();
    let mut explained: i64 = refunds.iter().map(|refund| refund.amount).sum();
    for (&version, &total) in &order.merge.refund_totals {
        if total > explained {
            let at = Timestamp::from_micros(version);
            let external_id = format!("{DERIVED_REFUND}{at}");
            refunds.push(Refund { external_id, at, amount: total - explained, derived: true });
            explained = total;
        }
    }
    refunds
}

#[derive(Default)]
struct Worth {
    rate: Option<String>,
    from_settings: bool,
    gross: Option<i64>,
    net: Option<i64>,
}

fn worth(order: &Order, refunded: i64, ordered_at: Timestamp, rates: &impl Rates) -> Worth {
    let Some(amounts) = &order.told.amounts else {
        return Worth::default();
    };
    // Nobody pays back more of an order than it was: the rest is goodwill, or a total that is told late.
    let refunded = refunded.min(amounts.total);
    if amounts.currency == rates.currency() {
        let net = Some(amounts.total - refunded);
        return Worth { gross: Some(amounts.total), net, ..Worth::default() };
    }
    let kept = order.settings_rate.as_ref();
    let kept = kept.filter(|kept| kept.currency == amounts.currency && kept.ordered_at == ordered_at);
    let looked_up = || rates.rate(&amounts.currency, ordered_at);
    let rate = amounts.rate.clone().or_else(|| kept.map(|kept| kept.rate.clone())).or_else(looked_up);
    let convert = |amount: i64| {
        let converted =
            Rate::parse(rate.as_deref()?)?.convert(amount, &amounts.currency, rates.currency())?;
        // Sums over orders stay far from overflowing only while each order does.
        (converted <= MAX_AMOUNT).then_some(converted)
    };
    let gross = convert(amounts.total);
    let net = gross.and_then(|gross| gross.checked_sub(convert(refunded)?));
    Worth { from_settings: amounts.rate.is_none() && rate.is_some(), gross: net.and(gross), net, rate }
}
