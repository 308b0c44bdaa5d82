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

#[cfg(test)]
mod arbitrary;
pub mod check;
pub mod checked;
pub mod json;
mod lexer;
pub mod limits;
mod measure;
mod parse;
pub mod place;
mod print;
pub mod problem;
pub mod registry;
pub mod tree;
pub mod value;

pub use check::{Context, ShopContext, check};
pub use checked::Checked;
pub use json::{from_json, to_json};
pub use parse::parse;
pub use place::Place;
pub use print::print;
pub use problem::Problem;
pub use tree::Query;
