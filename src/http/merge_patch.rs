//! JSON merge patch (RFC 7396): absent leaves, `null` clears, a value sets.

use serde::{Deserialize, Deserializer};

/// For fields of type `Option<Option<T>>`: the outer one tells whether the field was there.
///
/// `#[serde(default, deserialize_with = "http::patched")]`
pub fn patched<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// For fields of type `Option<T>` that may be absent and cannot be cleared: `null` is refused.
///
/// `#[serde(default, deserialize_with = "http::present")]`
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "patched")]
        name: Option<Option<String>>,
        #[serde(default, deserialize_with = "present")]
        currency: Option<String>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let name = |text: &str| serde_json::from_str::<Patch>(text).unwrap().name;
        assert_eq!(name("{}"), None);
        assert_eq!(name(r#"{"name":null}"#), Some(None));
        assert_eq!(name(r#"{"name":"a"}"#), Some(Some("a".into())));
    }

    #[test]
    fn what_cannot_be_cleared_refuses_null() {
        let currency = |text: &str| serde_json::from_str::<Patch>(text).map(|patch| patch.currency);
        assert_eq!(currency("{}").unwrap(), None);
        assert_eq!(currency(r#"{"currency":"CNY"}"#).unwrap(), Some("CNY".into()));
        assert!(currency(r#"{"currency":null}"#).is_err());
    }
}
