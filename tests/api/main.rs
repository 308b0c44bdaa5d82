//! The service from outside, on both databases; the folders mirror the routes.

mod ingest;
mod schema;
mod support;
