//! Currencies and conversion between them, in integers.

use iso_currency::Currency;

/// Whether `code` is a current ISO 4217 code, in capitals.
pub fn is_known(code: &str) -> bool {
    Currency::from_code(code).is_some()
}

/// How many decimals the minor unit has (2 for CNY, 0 for JPY); 2 where ISO 4217 names none.
pub fn decimals(code: &str) -> u32 {
    Currency::from_code(code).and_then(|currency| currency.exponent()).map_or(2, u32::from)
}

/// An exchange rate: an exact positive decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    digits: i128,
    decimals: u32,
}

impl Rate {
    /// Reads a plain positive decimal of at most 9 digits before and 9 after the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let plain = |part: &str| part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) || text.ends_with('.') {
            return None;
        }
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        (digits > 0).then_some(Self { digits, decimals: fraction.len() as u32 })
    }

    /// `amount` minor units of `from` in minor units of `to`, rounded half to even.
    pub fn convert(self, amount: i64, from: &str, to: &str) -> Option<i64> {
        let (numerator, denominator) = (decimals(to), decimals(from) + self.decimals);
        let product = i128::from(amount).checked_mul(self.digits)?.checked_mul(10i128.pow(numerator))?;
        i64::try_from(divide_half_even(product, 10i128.pow(denominator))).ok()
    }
}

/// An amount shared out evenly, rounded half to even; `None` for nobody.
pub fn average(amount: i64, among: i64) -> Option<i64> {
    (among > 0).then(|| i64::try_from(divide_half_even(amount.into(), among.into())).ok())?
}

/// The quotient as a whole number; halves go to the even one.
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, remainder) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = match (remainder * 2).cmp(&denominator) {
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2),
        std::cmp::Ordering::Less => 0,
    };
    quotient + up
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_convert_exactly_across_minor_units() {
        let rate = Rate::parse("7.1234").unwrap();
        assert_eq!(rate.convert(10_000, "USD", "CNY"), Some(71_234));
        assert_eq!(Rate::parse("0.048").unwrap().convert(1_000, "JPY", "CNY"), Some(4_800));
        assert_eq!(Rate::parse("20.5").unwrap().convert(10_050, "CNY", "JPY"), Some(2_060));
    }

    #[test]
    fn halves_round_to_even() {
        let rate = Rate::parse("0.5").unwrap();
        assert_eq!(rate.convert(5, "CNY", "CNY"), Some(2));
        assert_eq!(rate.convert(7, "CNY", "CNY"), Some(4));
    }

    #[test]
    fn an_average_among_nobody_is_none() {
        assert_eq!(average(10, 4), Some(2));
        assert_eq!(average(14, 4), Some(4));
        assert_eq!(average(-1, 3), Some(0));
        assert_eq!(average(10, 0), None);
    }

    #[test]
    fn a_rate_is_a_plain_positive_decimal() {
        for text in ["", "0", "-1", "1.", ".5", "1e3", "1,5", "NaN", "1234567890"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
