//! What holds for every endpoint, seen on the smallest nouns.

mod bodies;
mod idempotency;
mod limits;
mod pages;
mod requests;
mod revisions;
