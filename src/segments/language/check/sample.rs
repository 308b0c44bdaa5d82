//! Samples: whether a customer is in one follows from the seed and the customer's id, on every database alike.

use sha2::{Digest, Sha256};

use crate::segments::language::checked::Leaf;
use crate::segments::language::value::Decimal;

/// A prime, so that multiplying stirs all ids; products with it stay within 63 bits.
const MODULUS: i64 = 2_147_483_647;

/// The condition of a sample, for shares above nothing and up to all.
pub fn leaf(percent: Decimal, seed: &str) -> Option<Leaf> {
    if percent <= Decimal::ZERO || percent > Decimal::whole(100) {
        return None;
    }
    let hash = Sha256::digest(seed.as_bytes());
    let number =
        |at: usize| hash[at..at + 7].iter().fold(0, |number: i64, byte| (number << 8) | i64::from(*byte));
    let parts = i128::from(percent.units()) * i128::from(MODULUS) / (100 * 10i128.pow(percent.scale()));
    Some(Leaf::Sample {
        multiplier: 1 + number(0) % (MODULUS - 1),
        increment: number(7) % MODULUS,
        below: i64::try_from(parts).ok()?,
    })
}
