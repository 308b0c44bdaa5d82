//! Orders: merges of all that was told about them, whatever arrived first.

pub mod document;
pub mod model;
mod status;
pub mod store;
pub mod validate;

pub use document::OrderDocument;
pub use status::OrderStatus;
