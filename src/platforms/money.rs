//! Amounts as platforms write them, in minor units, exactly.

use serde_json::Number;

/// Reads a plain decimal (`29.35`, `-10.00`, `2.000`). Digits beyond the minor unit round half to even.
pub fn from_decimal(text: &str, decimals: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let decimals = decimals as usize;
    if whole.len() + decimals > 18 {
        return None;
    }
    let (kept, rest) = fraction.split_at(decimals.min(fraction.len()));
    let units: i64 = format!("0{whole}{kept:0<decimals$}").parse().ok()?;
    let units = units + i64::from(rounds_up(units, rest));
    Some(if negative { -units } else { units })
}

fn rounds_up(units: i64, rest: &str) -> bool {
    let tail_is_zero = |tail: &str| tail.bytes().all(|digit| digit == b'0');
    match rest.as_bytes().first() {
        None | Some(b'0'..=b'4') => false,
        Some(b'5') if tail_is_zero(&rest[1..]) => units % 2 == 1,
        Some(_) => true,
    }
}

/// Reads a JSON number as an amount in major units.
///
/// The parser has made a double of `586.45`, perhaps one bit beside the nearest. Fifteen significant digits survive
/// that, and no amount has more: what is written to 15 digits is what the platform wrote.
pub fn from_number(number: &Number, decimals: u32) -> Option<i64> {
    if number.is_i64() || number.is_u64() {
        return from_decimal(&number.to_string(), decimals);
    }
    let value = number.as_f64()?;
    if value != 0.0 && !(1e-9..1e15).contains(&value.abs()) {
        return None;
    }
    let scientific = format!("{value:.14e}");
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let plain = match usize::try_from(exponent) {
        Ok(places) if places + 1 < digits.len() => {
            let (whole, fraction) = digits.split_at(places + 1);
            format!("{sign}{whole}.{fraction}")
        }
        Ok(_) => format!("{sign}{digits}"),
        Err(_) => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            format!("{sign}0.{zeros}{digits}")
        }
    };
    from_decimal(&plain, decimals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(json: &str, decimals: u32) -> Option<i64> {
        from_number(&serde_json::from_str(json).unwrap(), decimals)
    }

    #[test]
    fn a_decimal_text_is_read_exactly() {
        assert_eq!(from_decimal("29.35", 2), Some(2935));
        assert_eq!(from_decimal("2.000", 2), Some(200));
        assert_eq!(from_decimal("-10.00", 2), Some(-1000));
        assert_eq!(from_decimal("1980", 0), Some(1980));
        assert_eq!(from_decimal(".5", 2), Some(50));
        assert_eq!(from_decimal("1.005", 2), Some(100));
        assert_eq!(from_decimal("1.015", 2), Some(102));
        assert_eq!(from_decimal("1.0051", 2), Some(101));
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in ["", ".", "-", "1,000.00", "1e3", "￥5", "12.3.4", "99999999999999999999", "+1", "٣"] {
            assert_eq!(from_decimal(text, 2), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_read_as_it_was_written() {
        assert_eq!(number("586.45", 2), Some(58645));
        assert_eq!(number("1189.93", 2), Some(118_993));
        assert_eq!(number("99", 2), Some(9900));
        assert_eq!(number("0", 2), Some(0));
        assert_eq!(number("0.0", 2), Some(0));
        assert_eq!(number("0.29", 2), Some(29));
        assert_eq!(number("-0.07", 2), Some(-7));
        assert_eq!(number("1.1e2", 2), Some(11_000));
        assert_eq!(number("99999999999.99", 2), Some(9_999_999_999_999));
        assert_eq!(number("1e300", 2), None);
        assert_eq!(number("18446744073709551615", 2), None);
    }

    proptest! {
        #[test]
        fn text_and_number_of_an_amount_agree(units in 0i64..1_000_000_000_000_000) {
            let text = format!("{}.{:02}", units / 100, units % 100);
            prop_assert_eq!(from_decimal(&text, 2), Some(units));
            prop_assert_eq!(number(&text, 2), Some(units).filter(|_| units < 100_000_000_000_000_000));
        }
    }
}
