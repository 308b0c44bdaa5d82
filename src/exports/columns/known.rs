//! The columns of the customer's own row.

use super::{Column, Described, Mask, Source};
use crate::customers::model::mask_birthday;
use crate::http::mask::{mask_email, mask_name, mask_phone, mask_text};

/// A column with a fixed name.
pub struct Known {
    name: &'static str,
    source: Source,
    mask: Option<Mask>,
    default: bool,
    about: &'static str,
}

impl Known {
    pub fn described(&self) -> Described {
        Described {
            name: self.name,
            kind: self.source.kind(),
            about: self.about,
            personal: self.mask.is_some(),
            default: self.default,
        }
    }

    pub fn find(name: &str) -> Option<Column> {
        let known = KNOWN.iter().find(|known| known.name == name)?;
        Some(Column { name: known.name.into(), source: known.source.clone(), mask: known.mask })
    }
}

const fn plain(name: &'static str, source: Source, default: bool, about: &'static str) -> Known {
    Known { name, source, mask: None, default, about }
}

const fn personal(
    name: &'static str,
    column: &'static str,
    mask: Mask,
    default: bool,
    about: &'static str,
) -> Known {
    Known { name, source: Source::Text(column), mask: Some(mask), default, about }
}

pub const KNOWN: &[Known] = &[
    plain("id", Source::Id, true, "The customer's id."),
    personal("name", "c.name", mask_name, true, "The full name."),
    personal("nick", "c.nick", mask_name, false, "What the customer is called on the platform."),
    plain("gender", Source::Text("c.gender"), false, "`female`, `male` or `other`."),
    personal("birthday", "c.birthday", mask_birthday, false, "`YYYY-MM-DD`."),
    plain("language", Source::Text("c.language"), false, "The preferred language as a BCP 47 tag."),
    personal("phone", "c.phone", mask_phone, true, "The phone."),
    personal("email", "c.email", mask_email, true, "The e-mail address."),
    plain(
        "country",
        Source::Text("c.country"),
        false,
        "The country of the last address, ISO 3166-1 alpha-2.",
    ),
    plain("province", Source::Text("c.province"), true, "The province or state of the last address."),
    plain("city", Source::Text("c.city"), true, "The city of the last address."),
    personal("district", "c.district", mask_text, false, "The district of the last address."),
    personal("address_line", "c.address_line", mask_text, false, "Street and number of the last address."),
    personal("postcode", "c.postcode", mask_text, false, "The postcode of the last address."),
    plain("attributes", Source::Attributes, false, "All free properties."),
    plain("created_at", Source::Moment("c.created_at"), true, "When the service learned of the customer."),
    plain("updated_at", Source::Moment("c.updated_at"), false, "When the contact changed last."),
    plain("tags", Source::Tags, false, "The names of the customer's tags."),
    plain("currency", Source::Currency, true, "ISO 4217 code of all amounts, which are in its minor unit."),
];
