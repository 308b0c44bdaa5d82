//! Who is in which arm: a matter of the seed and the customer's id, and of nothing else.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::campaigns::contact_plan::TenantHoldout;
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::ids::CustomerId;

/// A campaign's draw.
pub struct Draw<'c> {
    seed: &'c str,
    /// The arms with the upper ends of their parts of the unit interval; the last one is open.
    arms: Vec<(&'c str, f64)>,
}

impl<'c> Draw<'c> {
    pub fn new(campaign: &'c Campaign) -> Self {
        let variants =
            campaign.document.variants.iter().map(|variant| (variant.key.as_str(), variant.weight));
        Self::with(
            &campaign.seed,
            campaign.document.holdout_percent.unwrap_or(0.0) / 100.0,
            variants.collect(),
        )
    }

    fn with(seed: &'c str, holdout: f64, variants: Vec<(&'c str, f64)>) -> Self {
        let total: f64 = variants.iter().map(|(_, weight)| weight).sum();
        let mut arms = vec![(HOLDOUT, holdout)];
        let mut upper = holdout;
        for (key, weight) in variants {
            upper += (1.0 - holdout) * weight / total;
            arms.push((key, upper));
        }
        Self { seed, arms }
    }

    /// Where the customer stands in the unit interval.
    fn position(&self, customer: CustomerId) -> f64 {
        let mut hash = Sha256::new();
        hash.update((self.seed.len() as u64).to_be_bytes());
        hash.update(self.seed);
        hash.update(customer.uuid().as_bytes());
        unit(&hash.finalize())
    }

    fn arm_at(&self, position: f64) -> &'c str {
        let found = self.arms.iter().find(|(_, upper)| position < *upper);
        found.or(self.arms.last()).map_or(HOLDOUT, |(key, _)| key)
    }

    /// The customer's arm.
    pub fn arm(&self, customer: CustomerId) -> &'c str {
        self.arm_at(self.position(customer))
    }

    /// The arms of many customers such that each stratum is divided as the whole: within a stratum they stand in the order
    /// of their positions and are spread evenly over the unit interval. Answers each one's place in the input with the arm.
    pub fn within_strata<S: Ord>(
        &self,
        customers: impl Iterator<Item = (CustomerId, S)>,
    ) -> Vec<(usize, &'c str)> {
        let mut strata: BTreeMap<S, Vec<(u64, CustomerId, usize)>> = BTreeMap::new();
        for (place, (customer, stratum)) in customers.enumerate() {
            // Positions are not negative, and such numbers are ordered as their bits are.
            let position = self.position(customer).to_bits();
            strata.entry(stratum).or_default().push((position, customer, place));
        }
        let mut drawn = Vec::new();
        for (number, mut members) in strata.into_values().enumerate() {
            members.sort_unstable();
            // Where the first one stands is left to chance, or small strata would always favour the same arms.
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update((number as u64).to_be_bytes());
            let offset = unit(&hash.finalize());
            let size = members.len() as f64;
            drawn.extend(
                members
                    .into_iter()
                    .enumerate()
                    .map(|(rank, (_, _, place))| (place, self.arm_at((rank as f64 + offset) / size))),
            );
        }
        drawn
    }
}

/// Whether the customer is among those whom no campaign contacts.
pub fn is_held(holdout: &TenantHoldout, customer: CustomerId) -> bool {
    let all = Draw::with(&holdout.seed, 0.0, Vec::new());
    all.position(customer) < holdout.percent / 100.0
}

/// The first 53 bits of a hash as a number from 0 up to, not including, 1.
fn unit(hash: &[u8]) -> f64 {
    let bits = hash.iter().take(8).fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::*;
    use crate::campaigns::lift::sample_ratio;

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn draw() -> Draw<'static> {
        Draw::with("seed", 0.1, vec![("a", 75.0), ("b", 25.0)])
    }

    fn sizes<'a>(arms: impl Iterator<Item = &'a str>) -> HashMap<&'a str, i64> {
        let mut sizes = HashMap::new();
        arms.for_each(|arm| *sizes.entry(arm).or_default() += 1);
        sizes
    }

    #[test]
    fn the_same_seed_and_customer_give_the_same_arm_for_ever() {
        // As another implementation of SHA-256 over the same bytes has it.
        let arms: Vec<_> = (0..12).map(|number| draw().arm(customer(number))).collect();
        assert_eq!(arms, ["a", "b", "b", "a", "a", "a", "a", "b", "b", "b", "a", "a"]);
        let other = Draw::with("another seed", 0.1, vec![("a", 75.0), ("b", 25.0)]);
        assert!((0..100).any(|number| other.arm(customer(number)) != draw().arm(customer(number))));
    }

    #[test]
    fn the_arms_are_as_large_as_their_weights_say() {
        let sizes =
            sizes((0..40_000).map(|number| draw().arm(customer(number))).collect::<Vec<_>>().into_iter());
        let told = [(sizes["holdout"], 0.1), (sizes["a"], 0.675), (sizes["b"], 0.225)];
        assert!(sample_ratio(&told).unwrap() > 0.01, "{told:?}");
    }

    #[test]
    fn every_stratum_is_divided_as_the_whole() {
        let customers = (0..4_000u128).map(|number| (customer(number), number % 4));
        let drawn = draw().within_strata(customers);
        assert_eq!(drawn.len(), 4_000);
        for stratum in 0..4 {
            let arms = drawn.iter().filter(|(place, _)| *place as u128 % 4 == stratum).map(|(_, arm)| *arm);
            let sizes = sizes(arms);
            assert_eq!((sizes["holdout"], sizes["a"], sizes["b"]), (100, 675, 225), "{stratum}");
        }
    }
}
