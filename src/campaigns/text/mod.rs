//! The texts of a campaign: templates with names to fill in, and what a message costs in units.
//!
//! ```text
//! {name|朋友}，您喜欢的{last_product|羽绒服}上新了！
//! ```
//!
//! A placeholder stands in braces, with what takes its place after a bar where the customer's file does not tell. A brace
//! of its own is written twice: `{{`, `}}`. What is filled in is never read as a template again.

mod template;
mod units;

pub use template::{Placeholder, Template, TemplateError};
pub use units::{Alphabet, alphabet, units};
