//! How a customer can be reached and who they are, joined from all sources.
//!
//! Each field keeps who told it and in which version. A person's own entry outranks a platform's customer record, that
//! outranks what an order's parcel says; within a rank the newer wins. So the order of arrival does not matter.

use serde::{Deserialize, Serialize};

use crate::ingest::stamps::{Settled, Stamp, Stamps};
use crate::orders::document::{Address, Attributes, BuyerDocument};
use crate::time::Timestamp;

/// Who tells a detail; the later outranks the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The buyer's block of an order.
    Order = 1,
    /// The platform's customer record.
    Platform = 2,
    /// A person at the desk.
    Person = 3,
}

/// The rank of a masked address, whoever tells it: below all sources.
const MASKED: i64 = 0;

/// The contact block of a customer's file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    pub name: Option<String>,
    pub nick: Option<String>,
    pub gender: Option<String>,
    pub birthday: Option<String>,
    pub language: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Address,
    pub attributes: Attributes,
    pub stamps: Stamps,
}

/// One told detail; `None` inside clears it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Detail {
    Name(Option<String>),
    Nick(Option<String>),
    Gender(Option<String>),
    Birthday(Option<String>),
    Language(Option<String>),
    Phone(Option<String>),
    Email(Option<String>),
    Address(Address),
    /// What is not masked of an address; counts while nobody told a whole one.
    MaskedAddress(Address),
    Attributes(Attributes),
}

impl Contact {
    /// Joins one detail.
    pub fn tell(&mut self, source: Source, version: Timestamp, detail: Detail) -> Settled {
        let stamp = Stamp(source as i64, version.micros());
        let stamps = &mut self.stamps;
        match detail {
            Detail::Name(told) => stamps.settle('n', stamp, &mut self.name, told),
            Detail::Nick(told) => stamps.settle('k', stamp, &mut self.nick, told),
            Detail::Gender(told) => stamps.settle('g', stamp, &mut self.gender, told),
            Detail::Birthday(told) => stamps.settle('b', stamp, &mut self.birthday, told),
            Detail::Language(told) => stamps.settle('l', stamp, &mut self.language, told),
            Detail::Phone(told) => stamps.settle('p', stamp, &mut self.phone, told),
            Detail::Email(told) => stamps.settle('e', stamp, &mut self.email, told),
            Detail::Address(told) => stamps.settle('a', stamp, &mut self.address, told),
            Detail::MaskedAddress(told) => {
                stamps.settle('a', Stamp(MASKED, version.micros()), &mut self.address, told)
            }
            Detail::Attributes(told) => stamps.settle('t', stamp, &mut self.attributes, told),
        }
    }

    /// Joins what a platform's customer record says.
    pub fn tell_record(&mut self, details: Vec<Detail>, version: Timestamp) -> Settled {
        let told = details.into_iter().map(|detail| self.tell(Source::Platform, version, detail));
        told.max().unwrap_or_default()
    }

    /// Joins what a person enters, which stands against everything that was told before, also by clocks that are ahead.
    pub fn enter(&mut self, details: Vec<Detail>, now: Timestamp) -> Settled {
        self.tell_entry(details, self.next_entry(now))
    }

    /// The version of what a person enters now.
    pub fn next_entry(&self, now: Timestamp) -> Timestamp {
        let version = match self.stamps.newest() {
            Some(Stamp(rank, version)) if rank == Source::Person as i64 => now.micros().max(version + 1),
            _ => now.micros(),
        };
        Timestamp::from_micros(version)
    }

    /// Joins what a person entered in this version.
    pub fn tell_entry(&mut self, details: Vec<Detail>, version: Timestamp) -> Settled {
        let told = details.into_iter().map(|detail| self.tell(Source::Person, version, detail));
        told.max().unwrap_or_default()
    }

    /// Joins all that was told of somebody who is the same person.
    pub fn join(&mut self, other: &Self) {
        let stamps = &mut self.stamps;
        macro_rules! settle {
            ($($part:literal $field:ident),*) => {$(
                if let Some(stamp) = other.stamps.get($part) {
                    stamps.settle($part, stamp, &mut self.$field, other.$field.clone());
                }
            )*};
        }
        settle!('n' name, 'k' nick, 'g' gender, 'b' birthday, 'l' language, 'p' phone, 'e' email, 'a' address,
            't' attributes);
    }

    /// Joins what an order says of its buyer. Masked values (`138****1234`) say nothing.
    pub fn tell_buyer(&mut self, buyer: &BuyerDocument, version: Timestamp) -> Settled {
        let address = if buyer.address_is_whole() { Detail::Address } else { Detail::MaskedAddress };
        let buyer = buyer.unmasked();
        let details = [
            buyer.name.map(|name| Detail::Name(Some(name))),
            buyer.phone.map(|phone| Detail::Phone(Some(phone))),
            buyer.email.map(|email| Detail::Email(Some(email))),
            buyer.address.map(address),
        ];
        let told = details.into_iter().flatten().map(|detail| self.tell(Source::Order, version, detail));
        told.max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    fn name(text: &str) -> Detail {
        Detail::Name(Some(text.into()))
    }

    #[test]
    fn a_person_outranks_a_platform_and_a_platform_an_order() {
        let mut contact = Contact::default();
        contact.tell(Source::Order, at(3), name("order"));
        contact.tell(Source::Platform, at(2), name("platform"));
        assert_eq!(contact.name.as_deref(), Some("platform"));
        contact.tell(Source::Person, at(1), name("person"));
        contact.tell(Source::Platform, at(9), name("later platform"));
        assert_eq!(contact.name.as_deref(), Some("person"));
    }

    #[test]
    fn what_a_person_enters_last_stands_even_where_the_clock_went_back() {
        let mut contact = Contact::default();
        assert_eq!(contact.enter(vec![name("z")], at(9)), Settled::Changed);
        assert_eq!(contact.enter(vec![name("a")], at(1)), Settled::Changed);
        assert_eq!(contact.name.as_deref(), Some("a"));
    }

    #[test]
    fn joining_two_contacts_is_telling_one_all_that_was_told_to_both() {
        let told = [
            (Source::Order, at(3), name("order")),
            (Source::Platform, at(2), name("platform")),
            (Source::Platform, at(2), name("platform, too")),
            (Source::Order, at(1), Detail::Phone(Some("1".into()))),
            (Source::Person, at(1), Detail::Phone(None)),
            (
                Source::Order,
                at(1),
                Detail::MaskedAddress(Address { city: Some("a".into()), ..Address::default() }),
            ),
        ];
        for split in 0..1 << told.len() {
            let (mut all, mut one, mut other) = Default::default();
            for (number, (source, version, detail)) in told.iter().enumerate() {
                let half: &mut Contact = if split >> number & 1 == 0 { &mut one } else { &mut other };
                for contact in [&mut all, half] {
                    Contact::tell(contact, *source, *version, detail.clone());
                }
            }
            let mut joined = one.clone();
            joined.join(&other);
            assert_eq!(joined, all);
            other.join(&one);
            assert_eq!(other, all);
        }
    }

    #[test]
    fn a_person_who_enters_what_is_known_vouches_for_it() {
        let mut contact = Contact::default();
        contact.tell(Source::Platform, at(1), name("a"));
        assert_eq!(contact.enter(vec![name("a")], at(2)), Settled::Confirmed);
        contact.tell(Source::Platform, at(3), name("b"));
        assert_eq!(contact.name.as_deref(), Some("a"));
    }
}
