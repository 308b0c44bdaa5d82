//! Keys that tell a person wherever they buy: phones and mailboxes that somebody vouched for.

use serde::{Deserialize, Serialize};

use super::keys;
use super::policy::IdentityPolicy;
use crate::http::mask::is_partly_hidden;

/// What kind of key it is. A phone tells more than a mailbox where the two disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    Phone,
    Email,
}

impl KeyKind {
    pub const ALL: [Self; 2] = [Self::Phone, Self::Email];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A phone in E.164 or a normalised e-mail address of which somebody vouched that it is the person's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MatchKey {
    pub kind: KeyKind,
    pub value: String,
}

/// What a document says of somebody's phone and mailbox.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vouched<'a> {
    pub phone: Option<&'a str>,
    pub phone_verified: bool,
    pub email: Option<&'a str>,
    pub email_verified: bool,
    /// Where a phone without a country code belongs: the address's country, else the tenant's.
    pub country: Option<&'a str>,
}

impl Vouched<'_> {
    /// The keys that may tell who this is, phones first.
    pub fn keys(&self, policy: &IdentityPolicy) -> Vec<MatchKey> {
        let phone = self.phone.filter(|_| self.phone_verified && policy.match_verified_phone);
        let email = self.email.filter(|_| self.email_verified && policy.match_verified_email);
        let phone = phone.and_then(|phone| own_phone(phone, self.country));
        let email = email.and_then(own_mailbox);
        let key = |kind| move |value| MatchKey { kind, value };
        phone.map(key(KeyKind::Phone)).into_iter().chain(email.map(key(KeyKind::Email))).collect()
    }
}

/// A phone that can be somebody's own: whole, possible, and without an extension, for a number with one is lent by a
/// platform for a parcel (`18877771234-123`).
fn own_phone(phone: &str, country: Option<&str>) -> Option<String> {
    if is_partly_hidden(phone) || has_extension(phone) {
        return None;
    }
    keys::e164(phone, country)
}

/// A text after the number, or a short group of digits after a whole mobile number.
fn has_extension(phone: &str) -> bool {
    let strange = |c: char| !(c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'));
    if phone.trim().chars().any(strange) {
        return true;
    }
    let (number, group) = phone.trim().rsplit_once('-').unwrap_or((phone, ""));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    !group.is_empty() && digits(group) <= 6 && digits(number) >= 11
}

fn own_mailbox(email: &str) -> Option<String> {
    let key = keys::email_key(email).filter(|email| !is_partly_hidden(email))?;
    let (local, domain) = key.rsplit_once('@')?;
    (!local.is_empty() && domain.contains('.')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(vouched: Vouched<'_>) -> Vec<String> {
        let keys = vouched.keys(&IdentityPolicy::default());
        keys.into_iter().map(|key| key.value).collect()
    }

    fn phone(phone: &str) -> Vec<String> {
        keys(Vouched { phone: Some(phone), phone_verified: true, country: Some("CN"), ..Vouched::default() })
    }

    #[test]
    fn a_phone_is_one_key_however_it_is_written() {
        for text in ["13800001234", "+86 138 0000 1234", "138-0000-1234", "+86 138-0000-1234"] {
            assert_eq!(phone(text), ["+8613800001234"], "{text}");
        }
        assert_eq!(phone("+44 20 7946 0018"), ["+442079460018"]);
    }

    #[test]
    fn numbers_that_are_masked_lent_or_impossible_tell_nobody() {
        for text in [
            "138****1234",
            "18877771234-123",
            "+86 18877771234-0123",
            "13800001234,9",
            "13800001234转12",
            "12",
            "",
        ] {
            assert!(phone(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn only_what_is_vouched_for_and_allowed_tells_somebody() {
        let both = Vouched {
            phone: Some("13800001234"),
            phone_verified: true,
            email: Some(" Hong@Example.com "),
            email_verified: true,
            country: Some("CN"),
        };
        assert_eq!(keys(both), ["+8613800001234", "hong@example.com"]);
        assert_eq!(keys(Vouched { phone_verified: false, ..both }), ["hong@example.com"]);
        assert_eq!(keys(Vouched { email_verified: false, ..both }), ["+8613800001234"]);
        let policy = IdentityPolicy { match_verified_phone: false, ..IdentityPolicy::default() };
        assert_eq!(both.keys(&policy).len(), 1);
        assert!(keys(Vouched { email: Some("h***@example.com"), phone: None, ..both }).is_empty());
    }
}
