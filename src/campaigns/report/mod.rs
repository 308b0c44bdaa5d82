//! What a campaign earned: by intention to treat, against the holdout, with intervals.
//!
//! The database sums up what is large (members, touches) and answers the orders of the window one by one, of which only
//! buyers have any; all statistics come from these in whole numbers. So a late order or refund is in the next report, and
//! the figures are the same on both databases to the last digit.

mod arms;
mod attributed;
mod buyers;
mod cells;
mod comparison;
mod days;
mod funnel;
mod kept;
pub mod model;
mod outline;
mod service;
mod spending;
mod store;
mod window;

pub use kept::{Keep, Told, told};
pub use outline::{Outline, outline};
pub use service::Options;
