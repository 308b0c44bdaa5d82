//! Orders: merges of all that was told about them, whatever arrived first.
//!
//! They are written through [`crate::ingest`] alone; what is here reads the documents, hands them to it and answers.

pub mod api;
pub mod document;
pub mod model;
pub mod service;
mod status;
pub mod store;
pub mod validate;

pub use document::OrderDocument;
pub use service::OrderItem;
pub use status::OrderStatus;
