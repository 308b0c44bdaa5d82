//! What platforms and people tell of a customer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Detail;
use crate::http::mask::{is_partly_hidden, looks_masked};
use crate::ids::ShopId;
use crate::orders::document::{Address, Attributes};
use crate::orders::validate::{MAX_ID, check_attributes};
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

/// A customer's gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Male,
    Female,
    Other,
}

impl Gender {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Male, Self::Female, Self::Other].into_iter().find(|gender| gender.as_str() == text)
    }
}

/// A document with contact fields beside its own; both kinds are read and checked alike.
macro_rules! contact_document {
    ($(#[$about:meta])* pub struct $document:ident { $($own:tt)* }) => {
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields)]
        pub struct $document {
            $($own)*
            /// The full name. Personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "张小红", min_length = 1, max_length = 255)]
            pub name: Option<String>,
            /// What the customer is called on the platform. Personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "小红", min_length = 1, max_length = 255)]
            pub nick: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub gender: Option<Gender>,
            /// `YYYY-MM-DD`. Personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "1990-05-17")]
            pub birthday: Option<String>,
            /// The preferred language as a BCP 47 tag.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "zh-CN", max_length = 35)]
            pub language: Option<String>,
            /// Kept as it is written; found by its whole or its last digits. Personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "13800001234", max_length = 50)]
            pub phone: Option<String>,
            /// Personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "hong@example.com", max_length = 254)]
            pub email: Option<String>,
            /// Told as a whole. District, line and postcode are personal data.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub address: Option<Address>,
            /// Free properties, told as a whole.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
            pub attributes: Option<Attributes>,
        }

        impl $document {
            /// What it tells, detail by detail.
            fn all_details(&self) -> Vec<Detail> {
                let text = |value: &Option<String>| value.clone().map(Some);
                [
                    text(&self.name).map(Detail::Name),
                    text(&self.nick).map(Detail::Nick),
                    self.gender.map(|gender| Detail::Gender(Some(gender.as_str().into()))),
                    text(&self.birthday).map(Detail::Birthday),
                    text(&self.language).map(Detail::Language),
                    text(&self.phone).map(Detail::Phone),
                    text(&self.email).map(Detail::Email),
                    self.address.clone().map(Detail::Address),
                    self.attributes.clone().map(Detail::Attributes),
                ]
                .into_iter()
                .flatten()
                .collect()
            }

            fn check_contact(&self, report: &mut Report) {
                check_texts(
                    [&self.name, &self.nick, &self.birthday, &self.language, &self.phone, &self.email]
                        .map(Option::as_deref),
                    report,
                );
                if let Some(address) = &self.address {
                    report.under("address", |report| check_address(address, report));
                }
                if let Some(attributes) = &self.attributes {
                    report.under("attributes", |report| check_attributes(attributes, report));
                }
            }
        }
    };
}

contact_document! {
    /// A customer as a platform's record tells it. A field that is absent or `null` tells nothing and leaves what is known;
    /// so does a masked one (`王**`, `138****2222`).
    #[schema(example = customer_example)]
    pub struct CustomerDocument {
        /// Orders what is told of one customer: the newer wins, field by field, whatever arrives first. The moment of the
        /// request where absent. At most a day in the future.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<Timestamp>,
        /// The platform vouches that the phone is the customer's own, so that it may tell that a customer of another shop
        /// is the same person.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub phone_verified: bool,
        /// The platform vouches that the mailbox is the customer's own, so that it may tell that a customer of another shop
        /// is the same person.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub email_verified: bool,
    }
}

contact_document! {
    /// A customer to be made.
    #[schema(example = create_example)]
    pub struct CreateCustomerRequest {
        /// How a shop knows the customer, so that the shop's orders find them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub identity: Option<NewIdentity>,
    }
}

/// How a shop knows a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentity {
    pub shop_id: ShopId,
    /// The platform's stable id of the buyer.
    #[schema(example = "ouid-123", min_length = 1, max_length = 255)]
    pub external_id: String,
}

impl CustomerDocument {
    /// What it tells, detail by detail; what is masked tells nothing.
    pub fn details(&self) -> Vec<Detail> {
        let whole = self.address.as_ref().is_none_or(Address::is_whole);
        let masked = |detail| match detail {
            Detail::Address(address) if !whole => Detail::MaskedAddress(address),
            detail => detail,
        };
        self.unmasked().all_details().into_iter().map(masked).collect()
    }

    fn unmasked(&self) -> Self {
        let plain = |text: &Option<String>| text.clone().filter(|text| !is_partly_hidden(text));
        let unlike_masked = |text: &Option<String>| text.clone().filter(|text| !looks_masked(text));
        let region = |address: &Address| {
            let told = address.unmasked();
            (address.is_whole() || told != Address::default()).then_some(told)
        };
        Self {
            name: plain(&self.name),
            // People call themselves `*小红*`.
            nick: unlike_masked(&self.nick),
            birthday: unlike_masked(&self.birthday),
            phone: plain(&self.phone),
            email: plain(&self.email),
            address: self.address.as_ref().and_then(region),
            ..self.clone()
        }
    }
}

impl CreateCustomerRequest {
    /// What it tells, detail by detail.
    pub fn details(&self) -> Vec<Detail> {
        self.all_details()
    }
}

impl Validate for CustomerDocument {
    fn validate(&self, report: &mut Report) {
        self.unmasked().check_contact(report);
    }
}

impl Validate for CreateCustomerRequest {
    fn validate(&self, report: &mut Report) {
        if let Some(identity) = &self.identity {
            report.under("identity", |report| {
                report.text("external_id", Some(&identity.external_id), MAX_ID);
            });
        }
        self.check_contact(report);
    }
}

/// Checks name, nick, birthday, language, phone and e-mail, in this order.
pub(crate) fn check_texts(texts: [Option<&str>; 6], report: &mut Report) {
    let [name, nick, birthday, language, phone, email] = texts;
    for (key, value, most) in
        [("name", name, MAX_ID), ("nick", nick, MAX_ID), ("phone", phone, 50), ("email", email, 254)]
    {
        if !check_masked(key, value, report) {
            report.text(key, value, most);
        }
    }
    if !check_masked("birthday", birthday, report) && birthday.is_some_and(|text| !is_birthday(text)) {
        report.add("birthday", "invalid_date", "must be a day such as `1990-05-17`, from 1900 on");
    }
    if language.is_some_and(|tag| !is_language(tag)) {
        report.add("language", "invalid_language", "must be a BCP 47 tag such as `zh-CN`");
    }
    if email.is_some_and(|email| !email.trim().is_empty() && !looks_masked(email) && !is_email(email)) {
        report.add("email", "invalid_email", "must be an address such as `hong@example.com`");
    }
}

pub(super) fn check_address(address: &Address, report: &mut Report) {
    let masked = [("district", &address.district), ("line", &address.line), ("postcode", &address.postcode)]
        .map(|(key, value)| check_masked(key, value.as_deref(), report));
    if masked == [false; 3] {
        address.validate(report);
    }
}

/// What this service showed without `pii:read` is nothing to store; tells whether it was that.
fn check_masked(key: &str, value: Option<&str>, report: &mut Report) -> bool {
    let masked = value.is_some_and(looks_masked);
    if masked {
        report.add(key, "masked_value", "is masked; leave it out, or send the whole value");
    }
    masked
}

fn is_birthday(text: &str) -> bool {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
    day.is_some_and(|day| (1900..2200).contains(&day.year()) && day.to_string() == text)
}

fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let sound = |part: &str, least, most| {
        (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let primary = subtags.next().unwrap_or_default();
    sound(primary, 2, 8)
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|part| sound(part, 1, 8))
        && tag.len() <= 35
}

fn is_email(text: &str) -> bool {
    let parts = text.trim().rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !text.trim().chars().any(char::is_whitespace)
    })
}

fn customer_example() -> serde_json::Value {
    serde_json::json!({
        "version": "2026-11-11T00:03:10Z",
        "name": "张小红", "nick": "小红", "gender": "female", "birthday": "1990-05-17", "language": "zh-CN",
        "phone": "13800001234", "email": "hong@example.com",
        "address": {"country": "CN", "province": "浙江", "city": "杭州", "district": "西湖", "line": "文三路 1 号"},
        "attributes": {"vip": true}
    })
}

fn create_example() -> serde_json::Value {
    serde_json::json!({
        "identity": {"shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy", "external_id": "ouid-123"},
        "name": "张小红", "gender": "female", "birthday": "1990-05-17", "phone": "13800001234",
        "address": {"country": "CN", "city": "杭州"}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdays_languages_and_addresses_are_what_they_say() {
        for text in ["1990-05-17", "2000-02-29"] {
            assert!(is_birthday(text), "{text}");
        }
        for text in ["1990-5-17", "2001-02-29", "1990-05-17T00:00:00Z", "19900517", "1899-12-31", "x"] {
            assert!(!is_birthday(text), "{text}");
        }
        assert!(["zh", "zh-CN", "zh-Hans-CN", "es-419"].into_iter().all(is_language));
        assert!(!["", "z", "12", "zh_CN", "zh-", "chinesisch"].into_iter().any(is_language));
        assert!(is_email("a@b") && is_email(" a.b+c@example.com "));
        assert!(!["a", "@", "a@", "@b", "a b@c"].into_iter().any(is_email));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let document = CreateCustomerRequest {
            name: Some("张**".into()),
            birthday: Some("1990-**-**".into()),
            email: Some("nobody".into()),
            address: Some(Address { line: Some("***".into()), ..Address::default() }),
            ..CreateCustomerRequest::default()
        };
        let found: Vec<_> = Report::of(&document).into_iter().map(|v| (v.pointer, v.code)).collect();
        let expected = [
            ("/name", "masked_value"),
            ("/birthday", "masked_value"),
            ("/email", "invalid_email"),
            ("/address/line", "masked_value"),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_string(), code)));
    }
}
