//! The language in which groups of customers are described: text for people, JSON for programs, one tree for both.
//!
//! ```text
//! text ─ parse ─┐                ┌─ print ─ text
//!               ├─ syntax tree ──┤
//! JSON ─ read ──┘   (tree.rs)    └─ write ─ JSON
//!                      │
//!                    check  (names, types, limits, dates: registry, Context)
//!                      ▼
//!                checked tree (checked/) ─ compiled to SQL elsewhere
//! ```
//!
//! Nothing in here knows HTTP or SQL. The manual for its users is `docs/SEGMENTS.md`.

pub mod checked;
pub mod place;
pub mod tree;
pub mod value;

pub use checked::Checked;
pub use place::Place;
pub use tree::Query;
