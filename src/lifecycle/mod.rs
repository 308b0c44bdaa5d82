//! Where customers stand: the stage, which follows from the days of their orders, how good they are, and RFM scores.
//!
//! None of it is stored. It is a function of the facts, of thresholds and of the moment asked about: days are those of the
//! shop's time zone where a shop is meant, of the tenant's otherwise, and so are the thresholds.

pub mod api;
mod cache;
mod gaps;
mod model;
mod moment;
mod quality;
mod rfm;
mod service;
mod stage;
mod store;

pub use cache::CutsCache;
pub use model::{RfmResponse, ShopStanding};
pub use moment::Moment;
pub use quality::{Quality, QualitySettings};
pub use rfm::{Cuts, Group, RfmMethod, RfmSettings, Scores};
pub use service::{Rules, Standing, cuts, of_customer};
pub use stage::{Bounds, Stage};
pub use store::{Facts, Score, in_group, not_gone, rfm_score, stage_is};
