//! The forms in which names, phones and addresses are looked up.

/// A name or nick as it is searched: trimmed, lower case.
pub fn name_key(name: &str) -> Option<String> {
    let key = name.trim().to_lowercase();
    (!key.is_empty()).then_some(key)
}

/// An e-mail address as it is searched and matched: trimmed, lower case.
pub fn email_key(email: &str) -> Option<String> {
    name_key(email)
}

/// A phone number in E.164 (`+8613800001234`), where it is a possible number of the region (ISO 3166-1 alpha-2) or
/// carries its own country code.
pub fn e164(phone: &str, region: Option<&str>) -> Option<String> {
    let plain: String = phone.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    // By far the most frequent form here, without the general parser's work.
    let chinese_mobile =
        plain.len() == 11 && plain.starts_with('1') && plain.bytes().all(|b| b.is_ascii_digit());
    if region == Some("CN") && chinese_mobile && plain.as_bytes()[1] >= b'3' {
        return Some(format!("+86{plain}"));
    }
    let country = region.and_then(|region| region.parse().ok());
    let number = phonenumber::parse(country, &plain).ok()?;
    number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

/// A phone as it is searched, by its whole or its last digits: the digits of E.164, or else of what was given,
/// backwards.
pub fn phone_reversed(phone: &str, region: Option<&str>) -> Option<String> {
    let known = e164(phone, region);
    let digits: String =
        known.as_deref().unwrap_or(phone).chars().filter(char::is_ascii_digit).rev().collect();
    (!digits.is_empty()).then_some(digits)
}

/// The forms in which a whole phone may be searched for: international, without its country code (phones are kept so
/// where nobody knows their country), and as it is typed.
pub fn phone_forms(phone: &str, region: Option<&str>) -> Vec<String> {
    let known = e164(phone, region);
    let national = known.as_deref().and_then(|known| phonenumber::parse(None, known).ok());
    let national = national.map(|number| number.national().to_string());
    let mut forms = Vec::new();
    for form in [known.as_deref(), national.as_deref(), Some(phone)].into_iter().flatten() {
        let digits: String = form.chars().filter(char::is_ascii_digit).rev().collect();
        if !digits.is_empty() && !forms.contains(&digits) {
            forms.push(digits);
        }
    }
    forms
}

/// The first key after all that begin with `prefix`, in the order of bytes.
pub fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_one_key_however_it_is_written() {
        let key = phone_reversed("13800001234", Some("CN"));
        assert_eq!(key.as_deref(), Some("4321000083168"));
        assert_eq!(phone_reversed("+86 138-0000-1234", None), key);
        assert_eq!(phone_reversed("+86 138 0000 1234", Some("GB")), key);
        assert_eq!(e164("020 7946 0018", Some("GB")).as_deref(), Some("+442079460018"));
    }

    #[test]
    fn a_whole_phone_is_searched_with_and_without_its_country_code() {
        let forms = ["4321000083168", "43210000831"];
        assert_eq!(phone_forms("+86 138 0000 1234", None), forms);
        assert_eq!(phone_forms("13800001234", Some("CN")), forms);
        assert_eq!(phone_forms("13800001234", None), ["43210000831"]);
        assert!(phone_forms("none", None).is_empty());
    }

    #[test]
    fn a_text_that_is_no_number_keeps_its_digits() {
        assert_eq!(e164("12", Some("CN")), None);
        assert_eq!(phone_reversed("ext. 12", Some("CN")).as_deref(), Some("21"));
        assert_eq!(phone_reversed("none", Some("CN")), None);
    }
}
