//! Campaigns: whom to contact, with what, and what came of it, measured against people who were left out on purpose.
//!
//! A campaign is planned as a draft. Its launch freezes the audience: every member gets an arm, the holdout or one of the
//! variants, or the reason why there is none, and this is never drawn anew. From then on both arms are counted from the
//! same moment, whether or not anybody was reached ([`report`]).
//!
//! The pure cores ([`lift`], [`attribution`], [`text`]) know neither HTTP nor SQL.

pub mod api;
pub mod attribution;
mod audience;
mod cells;
pub mod contact_plan;
pub mod costs;
pub mod document;
pub mod launch;
pub mod lift;
pub mod model;
pub mod overview;
pub mod plan;
pub mod report;
pub mod schedule;
pub mod service;
pub mod settings;
pub mod store;
pub mod text;
mod validate;
pub mod worklist;

pub use model::{Campaign, CampaignState, HOLDOUT, Purpose};
