//! The door for orders: whatever arrives in whatever order, the archive ends the same.

pub mod archive;
mod arrival;
mod heavy;
mod histories;
mod merges;
mod rates;
mod young;
