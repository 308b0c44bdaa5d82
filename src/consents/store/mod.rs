//! All SQL on consents.

mod reachable;

pub use reachable::reachable;
