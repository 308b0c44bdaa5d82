//! Behaviour events: what customers do beside buying. They log in, look, fill carts, review, complain, ask to return.
//!
//! Types are free names; those that most shops know are in [`model::KNOWN_TYPES`]. An event happens once: told again under
//! the `external_id` of its shop it changes nothing.

pub mod api;
pub mod model;
pub mod service;
pub mod store;

pub use model::{EventResponse, NewEvent};
