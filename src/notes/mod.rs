//! Notes: what people at the desk write down about a customer, in their own words.

pub mod api;
pub mod model;
pub mod store;

pub use model::NoteResponse;
