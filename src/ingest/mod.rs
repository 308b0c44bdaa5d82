//! The one door for orders.
//!
//! Every way in makes canonical orders and hands them to [`apply`]: identities are resolved in one look-up, missing
//! customers are made, orders are merged part by part, facts follow by difference, all set-based in one transaction.
//! [`OrderWriter`] lets callers that wait at the same time share that transaction.
//!
//! The archive does not depend on the order of arrival: an `order::Order` is a join of everything that was told
//! about it, and joining is commutative, associative and idempotent. So is a customer's contact
//! ([`crate::customers::contact`]).
//!
//! Transactions that run at the same time take their locks in one order, so that they wait for each other but never in
//! a circle: identities by key, phones and mailboxes that tell a person by key, orders by key, customers by id, then new
//! orders by key.

mod apply;
mod batch;
mod derive;
pub mod facts;
pub(crate) mod forgotten;
mod group;
pub(crate) mod identities;
pub(crate) mod load;
mod matching;
pub(crate) mod order;
pub mod rebuild;
pub(crate) mod save;
pub mod stamps;
mod writer;

pub use apply::{Incoming, Outcome, Refusal, apply, count};
pub use group::{Group, NotTaken, WriterOptions};
pub use load::Personal;
pub use writer::{OrderWriter, WriteError};
