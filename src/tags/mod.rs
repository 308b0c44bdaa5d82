//! Tags: words that customers carry, by hand, by a rule, or because a platform says so.
//!
//! A customer has a tag as long as there is a row of `customer_tags`; whoever put it there is the row's source, and each
//! source takes back its own. A tag with a segment follows it: it is assigned by [`rules`] alone. Every row
//! that comes or goes leaves one in `tag_changes`, written first and in the same transaction, so that history and present
//! cannot differ.

pub mod api;
pub mod model;
pub mod platform;
pub mod rules;
pub mod service;
pub mod store;

pub use model::{By, CustomerTag, Named, TagResponse};
