//! Privacy: what is held on a person is told in full, forgotten in full, and who did so is written down.
//!
//! Each table that holds something on people has its line in [`holdings`], which says what an erasure makes of it and where
//! an export tells it. An erased customer leaves their sums and a tombstone for each key by which shops knew them
//! ([`tombstones`]), so that older records do not bring them back.

pub mod api;
pub mod export;
pub mod holdings;
pub mod model;
pub mod service;
pub mod shop_erasure;
pub mod store;
pub mod tombstones;
