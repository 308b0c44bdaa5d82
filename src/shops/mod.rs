//! Shops: stores on platforms, and tills. Every order, product and external customer id belongs to one.

pub mod api;
mod model;
mod secrets;
mod service;
mod store;

pub use model::{Platform, Shop};
pub use store::{find as find_shop, insert as insert_shop, list as list_shops};

use std::collections::BTreeMap;

use crate::ids::ShopId;

/// Natural keys sorted by shop, for look-ups shop by shop in one order everywhere.
pub fn by_shop<'k>(keys: impl Iterator<Item = &'k (ShopId, String)>) -> BTreeMap<ShopId, Vec<&'k str>> {
    let mut sorted: BTreeMap<ShopId, Vec<&str>> = BTreeMap::new();
    for (shop, external_id) in keys {
        sorted.entry(*shop).or_default().push(external_id);
    }
    sorted
}
