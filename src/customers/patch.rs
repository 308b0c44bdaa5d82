//! A merge patch on a customer's contact.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::contact::{Contact, Detail};
use super::document::{Gender, check_address, check_texts};
use crate::error::{Error, Result};
use crate::http::patched;
use crate::orders::document::{Address, Attributes};
use crate::orders::validate::check_attributes;
use crate::validation::{Report, Validate};

/// What to change; absent fields stay as they are, `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone": "13800001234", "nick": null, "attributes": {"vip": true}}))]
pub struct UpdateCustomerRequest {
    /// The full name.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "张小红", min_length = 1, max_length = 255)]
    pub name: Option<Option<String>>,
    /// What the customer is called on the platform.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "小红", min_length = 1, max_length = 255)]
    pub nick: Option<Option<String>>,
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<Gender>)]
    pub gender: Option<Option<Gender>>,
    /// `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "1990-05-17")]
    pub birthday: Option<Option<String>>,
    /// The preferred language as a BCP 47 tag.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "zh-CN", max_length = 35)]
    pub language: Option<Option<String>>,
    /// Kept as it is written; found by its whole or its last digits.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "13800001234", max_length = 50)]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "hong@example.com", max_length = 254)]
    pub email: Option<Option<String>>,
    /// Patched part by part; `null` clears all of it.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<AddressPatch>)]
    pub address: Option<Option<AddressPatch>>,
    /// Free properties, patched one by one: `null` removes a property, and in place of the object all of them.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub attributes: Option<Option<BTreeMap<String, Value>>>,
}

/// What to change of an address; absent fields stay as they are, `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressPatch {
    /// ISO 3166-1 alpha-2.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "CN")]
    pub country: Option<Option<String>>,
    /// Province, state or region.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "浙江")]
    pub province: Option<Option<String>>,
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "杭州")]
    pub city: Option<Option<String>>,
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    pub district: Option<Option<String>>,
    /// Street, house and door.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    pub line: Option<Option<String>>,
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    pub postcode: Option<Option<String>>,
}

impl Validate for UpdateCustomerRequest {
    fn validate(&self, report: &mut Report) {
        check_texts(
            [&self.name, &self.nick, &self.birthday, &self.language, &self.phone, &self.email]
                .map(|field| field.as_ref().and_then(Option::as_deref)),
            report,
        );
        if let Some(Some(address)) = &self.address {
            report.under("address", |report| check_address(&address.onto(Address::default()), report));
        }
        if let Some(Some(attributes)) = &self.attributes {
            report.under("attributes", |report| {
                check_attributes(&merged(Attributes::new(), attributes), report);
            });
        }
    }
}

impl UpdateCustomerRequest {
    /// What the patch comes to on this contact, detail by detail.
    pub fn details(&self, contact: &Contact) -> Result<Vec<Detail>> {
        let gender = |gender: Option<Gender>| gender.map(|gender| gender.as_str().into());
        let address = |patch: &Option<AddressPatch>| match patch {
            Some(patch) => patch.onto(contact.address.clone()),
            None => Address::default(),
        };
        let attributes = |patch: &Option<BTreeMap<String, Value>>| match patch {
            Some(patch) => merged(contact.attributes.clone(), patch),
            None => Attributes::new(),
        };
        let attributes = self.attributes.as_ref().map(attributes);
        let mut report = Report::default();
        report.under("attributes", |report| {
            attributes.iter().for_each(|attributes| check_attributes(attributes, report));
        });
        let violations = report.into_violations();
        if !violations.is_empty() {
            return Err(Error::from(violations));
        }
        let details = [
            self.name.clone().map(Detail::Name),
            self.nick.clone().map(Detail::Nick),
            self.gender.map(gender).map(Detail::Gender),
            self.birthday.clone().map(Detail::Birthday),
            self.language.clone().map(Detail::Language),
            self.phone.clone().map(Detail::Phone),
            self.email.clone().map(Detail::Email),
            self.address.as_ref().map(address).map(Detail::Address),
            attributes.map(Detail::Attributes),
        ];
        Ok(details.into_iter().flatten().collect())
    }
}

impl AddressPatch {
    fn onto(&self, mut address: Address) -> Address {
        for (field, told) in [
            (&mut address.country, &self.country),
            (&mut address.province, &self.province),
            (&mut address.city, &self.city),
            (&mut address.district, &self.district),
            (&mut address.line, &self.line),
            (&mut address.postcode, &self.postcode),
        ] {
            if let Some(told) = told {
                field.clone_from(told);
            }
        }
        address
    }
}

fn merged(mut attributes: Attributes, patch: &BTreeMap<String, Value>) -> Attributes {
    for (name, value) in patch {
        match value {
            Value::Null => attributes.remove(name),
            value => attributes.insert(name.clone(), value.clone()),
        };
    }
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_reaches_into_address_and_attributes() {
        let mut contact = Contact { name: Some("a".into()), ..Contact::default() };
        contact.address.city = Some("杭州".into());
        contact.address.line = Some("1".into());
        contact.attributes = BTreeMap::from([("vip".into(), json!(true)), ("size".into(), json!("M"))]);
        let patch: UpdateCustomerRequest = serde_json::from_value(json!({
            "nick": null, "address": {"line": null, "postcode": "310000"}, "attributes": {"vip": null, "age": 7}
        }))
        .unwrap();
        let address =
            Address { city: Some("杭州".into()), postcode: Some("310000".into()), ..Address::default() };
        let attributes = BTreeMap::from([("age".into(), json!(7)), ("size".into(), json!("M"))]);
        assert_eq!(
            patch.details(&contact).unwrap(),
            [Detail::Nick(None), Detail::Address(address), Detail::Attributes(attributes)]
        );
    }
}
