//! Whose contact an order is credited to. This is not what a campaign caused (that is [`super::lift`]): it divides what
//! was paid among those who were in contact before, by a rule.

mod split;
#[cfg(test)]
mod tests;

pub use split::largest_remainder;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Timestamp;

/// The rule by which an order's amount is divided among the contacts before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// All of it goes to the last contact.
    LastTouch,
    /// All of it goes to the first contact.
    FirstTouch,
    /// Each contact gets the same.
    Linear,
    /// A contact gets half of what one seven days later gets.
    TimeDecay,
    /// The first and the last contact get 40% each, those between them share 20%.
    Position,
    /// All of it goes to the campaigns whose coupon was used, whoever was in contact.
    Coupon,
}

impl Model {
    pub const ALL: [Self; 6] =
        [Self::LastTouch, Self::FirstTouch, Self::Linear, Self::TimeDecay, Self::Position, Self::Coupon];
}

/// A contact with a customer, on behalf of a campaign `C`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact<C> {
    pub at: Timestamp,
    pub campaign: C,
    /// For how many days an order may be credited to it; goes by the channel.
    pub window_days: i64,
}

/// What an order is divided into. Both together are its amount, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credits<C: Ord> {
    pub campaigns: BTreeMap<C, i64>,
    pub unattributed: i64,
}

const MICROS_A_DAY: i64 = 86_400_000_000;

/// The weight of the newest contact under time decay; others get a whole number below it.
const WHOLE: f64 = (1u64 << 40) as f64;
const HALF_LIFE_DAYS: f64 = 7.0;

/// Divides the amount of an order that was paid at `paid_at`.
///
/// `contacts` may come in any order and may lie after the payment or too long before it: those count for nothing.
/// `coupons` are the campaigns whose coupons the order carries.
pub fn credits<C: Ord + Copy>(
    model: Model,
    amount: i64,
    paid_at: Timestamp,
    contacts: &[Contact<C>],
    coupons: &BTreeSet<C>,
) -> Credits<C> {
    let (campaigns, weights): (Vec<C>, Vec<u64>) = match model {
        Model::Coupon => coupons.iter().map(|campaign| (*campaign, 1)).unzip(),
        _ => {
            let mut counted: Vec<&Contact<C>> =
                contacts.iter().filter(|contact| contact.counts_at(paid_at)).collect();
            counted.sort();
            let weights = weights(model, &counted);
            (counted.iter().map(|contact| contact.campaign).collect(), weights)
        }
    };
    let mut credits = Credits { campaigns: BTreeMap::new(), unattributed: amount };
    // The later one comes first, so that of equal claims to a last unit the later wins.
    let (campaigns, weights): (Vec<_>, Vec<_>) = campaigns.into_iter().zip(weights).rev().unzip();
    for (campaign, part) in campaigns.into_iter().zip(largest_remainder(amount, &weights)) {
        *credits.campaigns.entry(campaign).or_default() += part;
        credits.unattributed -= part;
    }
    credits
}

impl<C> Contact<C> {
    fn counts_at(&self, paid_at: Timestamp) -> bool {
        let age = paid_at.micros() - self.at.micros();
        (0..=self.window_days.saturating_mul(MICROS_A_DAY)).contains(&age)
    }
}

/// The weights of contacts in the order of time.
fn weights<C>(model: Model, contacts: &[&Contact<C>]) -> Vec<u64> {
    let count = contacts.len();
    let weight = |place: usize| match model {
        Model::LastTouch => u64::from(place + 1 == count),
        Model::FirstTouch => u64::from(place == 0),
        Model::TimeDecay => {
            // Ages count from the newest contact: only their differences matter, and the newest never rounds to nothing.
            let age = contacts[count - 1].at.micros() - contacts[place].at.micros();
            let half_lives = age as f64 / MICROS_A_DAY as f64 / HALF_LIFE_DAYS;
            (WHOLE * (-half_lives).exp2()).round() as u64
        }
        // 40% for each end and 20% for the n − 2 between, in whole numbers.
        Model::Position if count > 2 && (place == 0 || place + 1 == count) => 2 * (count as u64 - 2),
        Model::Position | Model::Linear | Model::Coupon => 1,
    };
    (0..count).map(weight).collect()
}
