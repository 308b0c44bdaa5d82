//! Huitou (回头): the customer archive of shops that live from customers who come back.
//!
//! Orders come in through one door ([`ingest`]), customers' files go out. Layers, from the outside in: `routes → auth →
//! <noun>/api → <noun>/service → <noun>/store → db`.

pub mod analytics;
pub mod app;
pub mod auth;

pub mod campaigns;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod consents;
pub mod currency;
pub mod customers;
pub mod db;
pub mod description;
pub mod error;
pub mod events;
pub mod exports;
pub mod health;
pub mod http;
pub mod ids;
pub mod imports;
pub mod ingest;
pub mod jobs;
pub mod lifecycle;
pub mod notes;
pub mod orders;
pub mod platforms;
pub mod privacy;
pub mod routes;
pub mod secrets;
pub mod segments;
pub mod shops;
pub mod synthetic;
pub mod tags;
pub mod telemetry;
pub mod tenants;
pub mod time;
pub mod touches;
pub mod validation;
pub mod webhooks;
