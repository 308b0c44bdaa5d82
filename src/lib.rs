//! Huitou (回头): the customer archive of shops that live from customers who come back.
//!
//! Orders come in through one door ([`ingest`]), customers' files go out. Layers, from the outside in: `routes → auth →
//! <noun>/api → <noun>/service → <noun>/store → db`.

pub mod clock;
pub mod currency;
pub mod customers;
pub mod db;
pub mod ids;
pub mod imports;
pub mod ingest;
pub mod orders;
pub mod synthetic;
pub mod time;
pub mod validation;
