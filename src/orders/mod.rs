//! Orders: merges of all that was told about them, whatever arrived first.

pub mod document;
mod status;
pub mod validate;

pub use document::OrderDocument;
pub use status::OrderStatus;
