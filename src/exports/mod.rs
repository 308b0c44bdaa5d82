//! Exports: any group of customers as a file, with whatever columns of their files are wanted.
//!
//! A file is one consistent read. Its rows are counted before the first is sent, and they pass from the driver into the
//! format without being held, so that a million customers take no more memory than a thousand.

pub mod api;
pub mod columns;
mod format;
pub mod model;
mod row;
pub mod service;
pub mod store;

pub use format::{Csv, Format, Sheet};
pub use row::Cell;
