//! Figures over all customers and orders. They read the replica where there is one, and so may lag a moment.

pub mod api;
mod store;
