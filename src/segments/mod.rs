//! Segments: groups of customers, described in a language of their own ([`language`]), compiled to SQL ([`compile`]),
//! saved under a name.
//!
//! A segment may name others; they form no circle. It keeps no members: whoever asks gets those of the moment.

pub mod api;
pub mod compile;
mod definitions;
pub mod language;
mod model;
pub mod service;
mod store;
mod templates;
