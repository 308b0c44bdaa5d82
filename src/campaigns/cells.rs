//! Spend bands: what somebody spent in all, in classes.

/// What somebody spent in all, in classes of whole currency units.
const BANDS: [(i64, &str); 6] = [
    (1, "0"),
    (100, "1-99"),
    (500, "100-499"),
    (2_000, "500-1999"),
    (10_000, "2000-9999"),
    (i64::MAX, "10000+"),
];

/// The spend band of an amount in minor units of a currency with so many decimals.
pub fn spend_band(amount: i64, decimals: u32) -> &'static str {
    let whole = if amount <= 0 { 0 } else { (amount / 10i64.pow(decimals)).max(1) };
    BANDS.iter().find(|(below, _)| whole < *below).map_or("10000+", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spend_band_is_told_in_whole_units_of_the_currency() {
        assert_eq!(spend_band(0, 2), "0");
        assert_eq!(spend_band(1, 2), "1-99");
        assert_eq!(spend_band(9_999, 2), "1-99");
        assert_eq!(spend_band(10_000, 2), "100-499");
        assert_eq!(spend_band(10_000, 0), "10000+");
    }
}
