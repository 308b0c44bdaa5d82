//! Campaigns: whom to contact, with what, and what came of it, measured against people who were left out on purpose.
//!
//! The pure cores ([`lift`], [`attribution`], [`text`]) know neither HTTP nor SQL.

pub mod attribution;
pub mod lift;
pub mod text;
