//! Customers: one file a person, known by one or more identities.

pub mod contact;
pub mod keys;
