use std::collections::HashSet;

use super::*;

#[test]
fn every_name_stands_for_one_thing_and_is_described() {
    let mut seen = HashSet::new();
    for name in names() {
        assert!(seen.insert(name), "`{name}` is named twice");
    }
    for field in FIELDS {
        assert!(field.description.ends_with('.'), "{}", field.name);
        let available = !matches!(field.what, What::Unavailable(_));
        assert_eq!(available, !field.example.is_empty(), "{}", field.name);
    }
    for function in FUNCTIONS {
        let mut seen = HashSet::new();
        for parameter in function.parameters {
            for name in std::iter::once(&parameter.name).chain(parameter.aliases) {
                assert!(seen.insert(*name), "{}: `{name}` is named twice", function.name);
            }
        }
    }
}

#[test]
fn free_properties_are_named_by_their_key() {
    let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
    let found = |name: &str| field(&parts(name)).map(|(field, key)| (field.name, key));
    assert_eq!(found("attributes.尺码"), Some(("attributes", "尺码".to_owned())));
    assert_eq!(found("customer.metafields.custom.level"), Some(("attributes", "custom.level".to_owned())));
    assert_eq!(found("metafields.facts.birth_date"), Some(("birthday", String::new())));
    assert_eq!(found("tags"), Some(("customer_tags", String::new())));
    assert_eq!(found("attributes"), None);
    assert_eq!(found("city.name"), None);
    assert_eq!(
        function(&parts("storefront_event.product_viewed")).map(|function| function.name),
        Some("storefront.product_viewed")
    );
    assert!(function(&parts("storefront")).is_none());
}
