//! Values as text, written without detours.

use std::io::Write;

use crate::time::Timestamp;

/// A whole number.
pub fn push_int(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

/// A number with a fraction.
pub fn push_number(out: &mut Vec<u8>, number: f64) {
    // A vector takes everything.
    let _ = write!(out, "{number}");
}

const DAY_MICROS: i64 = 86_400_000_000;

/// A moment as [`Timestamp`] shows itself.
pub fn push_moment(out: &mut Vec<u8>, moment: Timestamp) {
    let (days, rest) = (moment.micros().div_euclid(DAY_MICROS), moment.micros().rem_euclid(DAY_MICROS));
    let (year, month, day) = civil(days);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    push_padded(out, year, 4);
    for (separator, number) in
        [(b'-', month), (b'-', day), (b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)]
    {
        out.push(separator);
        push_padded(out, number, 2);
    }
    if micros > 0 {
        out.push(b'.');
        push_padded(out, micros, 6);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.push(b'Z');
}

fn push_padded(out: &mut Vec<u8>, number: i64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = number;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of a day since 1970-01-01, by the Gregorian calendar (after Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The texts of a JSON array of texts, joined; what is no such array as it is.
pub fn joined(list: &str) -> String {
    serde_json::from_str::<Vec<String>>(list).map_or_else(|_| list.to_owned(), |values| values.join(";"))
}

/// A JSON text without its quotation marks; any other JSON value as it is.
pub fn unquoted(json: &str) -> std::borrow::Cow<'_, str> {
    if !json.starts_with('"') {
        return json.into();
    }
    serde_json::from_str::<String>(json).map_or(json.into(), Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn moments_are_written_as_they_show_themselves(micros in -2_208_988_800_000_000i64..7_258_118_400_000_000) {
            for micros in [micros, micros / 1_000_000 * 1_000_000, micros / 1_000 * 1_000] {
                let moment = Timestamp::from_micros(micros);
                prop_assert_eq!(written(|out| push_moment(out, moment)), moment.to_string());
            }
        }

        #[test]
        fn whole_numbers_are_written_in_digits(number: i64) {
            prop_assert_eq!(written(|out| push_int(out, number)), number.to_string());
        }
    }

    #[test]
    fn the_ends_of_the_range_are_written_too() {
        for number in [0, i64::MIN, i64::MAX] {
            assert_eq!(written(|out| push_int(out, number)), number.to_string());
        }
    }
}
