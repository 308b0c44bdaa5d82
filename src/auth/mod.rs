//! Who is calling and what they may do.
//!
//! `Require<scope::OrdersRead>` in a handler's signature is its authorization; there is no other way to the caller.

mod caller;
pub mod scope;
mod token;

pub use caller::{Caller, Require, RequireAdmin};
pub use token::{Authenticator, Claims, mint};
