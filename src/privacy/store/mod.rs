//! All SQL on privacy.

mod asked;
mod audit;
mod erase;
pub mod memberships;
mod person;
mod requests;
pub mod rest;

pub use asked::{
    clear_orders, clear_orders_of_shop, known_elsewhere, known_to_shop, people_asked_about, told_by_shop,
};
pub use audit::{Filter, count, list, write};
pub use erase::{apply_fate, clear_lines, forget_answers, forget_match_keys};
pub use person::{Person, keys_in_shop, person, person_keys, shared_keys, with_merged};
pub use requests::{Request, ask, close, count_requests, list_requests, request};
