//! The door for orders: whatever arrives in whatever order, the archive ends the same.

mod archive;
mod arrival;
mod heavy;
mod histories;
mod rates;
