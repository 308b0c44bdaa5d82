//! Touches: every contact with a customer over a channel, and what came of it.
//!
//! A touch is known by its channel and the id that whoever sent it gave it. What is told of it comes late, twice and out of
//! order; each outcome keeps the earliest moment that was told, so the order of arrival does not matter.

pub mod api;
mod giving_up;
pub mod model;
mod response;
pub mod service;
pub mod store;

pub use giving_up::given_up;
pub use model::{Outcome, TouchItem};
pub use response::TouchResponse;
