//! Personal data without `pii:read`: shown so that people recognise it and nobody can use it.

/// Something that is answered. Its personal data is masked on the way out unless the caller may read it.
pub trait PersonalData {
    /// Masks what is personal; by default nothing is.
    fn mask(&mut self) {}
}

impl PersonalData for serde_json::Value {}

impl<T: PersonalData> PersonalData for Option<T> {
    fn mask(&mut self) {
        self.iter_mut().for_each(PersonalData::mask);
    }
}

impl<T: PersonalData> PersonalData for Vec<T> {
    fn mask(&mut self) {
        self.iter_mut().for_each(PersonalData::mask);
    }
}

/// `13812345678` → `138****5678`
pub fn mask_phone(phone: &str) -> String {
    let characters: Vec<char> = phone.chars().collect();
    let shown = if characters.len() >= 8 { 4 } else { 2 };
    let tail = characters.len().saturating_sub(shown);
    let head = characters.len().saturating_sub(8);
    let text = |part: &[char]| part.iter().collect::<String>();
    format!("{}****{}", text(&characters[..head]), text(&characters[tail..]))
}

/// `zhang.san@example.com` → `z***@example.com`
pub fn mask_email(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// `张三` → `张**`
pub fn mask_name(name: &str) -> String {
    let first: String = name.chars().take(1).collect();
    format!("{first}**")
}

/// What stands for a text of which nothing is shown.
pub const HIDDEN: &str = "***";

/// Nothing of it is shown.
pub fn mask_text(_: &str) -> String {
    HIDDEN.into()
}

/// Masks a field that may be absent.
pub fn mask_with(field: &mut Option<String>, mask: fn(&str) -> String) {
    if let Some(text) = field {
        *text = mask(text);
    }
}

/// Whether a text is what this service answered without `pii:read`, and so nothing to store.
pub fn looks_masked(text: &str) -> bool {
    text.contains("**")
}

/// Whether somebody hid part of a name, phone, e-mail or address, this service or a platform; platforms write `张*`, too.
pub fn is_partly_hidden(text: &str) -> bool {
    text.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_data_is_recognisable_and_not_usable() {
        assert_eq!(mask_phone("13812345678"), "138****5678");
        assert_eq!(mask_phone("+8613812345678"), "+86138****5678");
        assert_eq!(mask_phone("12345"), "****45");
        assert_eq!(mask_phone(""), "****");
        assert_eq!(mask_email("zhang.san@example.com"), "z***@example.com");
        assert_eq!(mask_name("张三丰"), "张**");
        assert_eq!(mask_name(""), "**");
        assert_eq!(mask_text("幸福路1号"), "***");
    }

    #[test]
    fn everything_masked_looks_masked() {
        for text in [mask_phone("13812345678"), mask_email("a@b.c"), mask_name("Li"), mask_text("x")] {
            assert!(looks_masked(&text), "{text}");
        }
        assert!(!looks_masked("+86 138 1234 5678"));
    }
}
