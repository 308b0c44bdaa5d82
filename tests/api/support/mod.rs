//! What the tests stand on.

pub mod app;
pub mod cluster;
pub mod postgres;
pub mod response;

pub(crate) use app::on_both;
pub use app::{On, Send, TestApp, TestTenant, claims, run_on, sign};
