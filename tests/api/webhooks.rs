//! What platforms push: verified, stored, applied once, visible, and applied again when asked.

mod any_order;
mod bad_input;
mod pending;
pub mod push;
mod read;
mod receive;
mod samples;
mod slow;
mod told;
mod vouched;
