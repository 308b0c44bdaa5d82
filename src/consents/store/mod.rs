//! All SQL on consents.

mod ledger;
mod reachable;

pub use ledger::{Place, StatementKey, count, derive, history, insert, known, statements, states};
pub use reachable::reachable;
