//! What platforms push: one endpoint for all of them, and an inbox that loses nothing.
//!
//! A request is verified over its raw bytes by the adapter of its shop's platform ([`crate::platforms`]), then parsed,
//! then stored and applied in one transaction that it shares with whatever else waits ([`crate::ingest::OrderWriter`]).
//! Only after that commit the platform is told that it was received. If applying takes longer than a moment, the request
//! is stored alone, as pending, and a job applies it. What is authentic is always stored and always answered with
//! success, even if it is unknown or cannot be applied: it is then visible with its reason and can be replayed.
//!
//! Each delivery is applied once: its key is unique within the shop. Even so applying twice would change nothing.

pub mod api;
mod apply;
pub mod delivery;
mod effects;
pub mod endpoints;
pub mod forget;
pub mod inbox;
pub mod pending;
pub mod receiver;
pub mod rejections;
pub mod replay;
mod store;

pub use endpoints::Endpoints;
pub use pending::jobs;
pub use receiver::Receiver;
pub use rejections::Rejections;
