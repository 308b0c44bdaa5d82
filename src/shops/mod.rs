//! Shops: stores on platforms, and tills. Every order, product and external customer id belongs to one.

pub mod api;
mod model;
mod secrets;
mod service;
mod store;

pub use model::{Platform, Shop};
pub use store::{find as find_shop, insert as insert_shop, list as list_shops};
