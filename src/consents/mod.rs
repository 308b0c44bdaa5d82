//! Consents: what people said about being contacted, channel by channel.
//!
//! The ledger (`consents`) keeps every statement for ever: who, when, where. What holds now (`customer_channels`) follows
//! from it: the newest statement by its own time counts, of two at the same time the refusal. So late and repeated
//! statements leave the right state.

pub mod api;
pub mod channel;
pub mod model;
pub mod policy;
pub mod service;
pub mod store;

pub use channel::Channel;
pub use model::Statement;
pub use policy::{ConsentPolicy, ConsentPolicyPatch, ConsentRule};
pub use store::reachable;
