//! The catalogue: what the shops sell, as their platforms tell it.
//!
//! A product belongs to a shop and is told as a whole; what a document leaves out is not there. Orders name products
//! by their external id and their variants by SKU, and do not need the product to be known.

pub mod api;
pub mod model;
pub mod service;
pub mod store;
mod validate;

pub use model::{ProductDocument, ProductItem, ProductStatus, VariantDocument};
pub use service::upsert;
