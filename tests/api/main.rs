//! The service from outside, on both databases; the folders mirror the routes.

mod analytics;
mod auth;
mod command_line;
mod consents;
mod conventions;
mod customers;
mod events;
mod every_operation;
mod exports;
mod health;
mod ingest;
mod jobs;
mod lifecycle;
mod notes;
mod openapi;
mod orders;
mod privacy;
mod products;
mod schema;
mod segment_oracle;
mod segments;
mod settings;
mod shops;
mod support;
mod tags;
mod tenants;
