//! Groups of customers: the language that describes them and what is done with it.

pub mod compile;
pub mod language;
mod store;
