//! Customers: one file a person, known by one or more identities.
//!
//! A contact is a join of what orders, platforms and people told ([`contact`]); facts are what the orders add up to. A
//! customer that was merged into another answers with that other one.

pub mod api;
pub mod contact;
pub mod document;
pub mod duplicates;
pub mod facts;
pub mod keys;
pub mod match_key;
pub mod merging;
pub mod model;
pub mod owned;
pub mod patch;
pub mod policy;
pub mod service;
pub mod store;
pub mod timeline;
pub mod whom;

pub use document::{CreateCustomerRequest, CustomerDocument};
pub use service::CustomerItem;
pub use whom::{NoOwner, Owner, Whom};
