//! The JSON form of the syntax tree, for programs.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::from_json;
pub use write::to_json;

use super::tree::Operator;

/// What operators are called in JSON.
const OPERATORS: &[(&str, Operator)] = &[
    ("=", Operator::Equals),
    ("!=", Operator::Differs),
    ("<", Operator::Below),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    (">=", Operator::AtLeast),
    ("contains", Operator::Contains),
    ("not_contains", Operator::NotContains),
    ("starts_with", Operator::StartsWith),
    ("ends_with", Operator::EndsWith),
];

const BETWEEN: &str = "between";
const IN: &str = "in";
const NOT_IN: &str = "not_in";
const IS_NULL: &str = "is_null";
const IS_NOT_NULL: &str = "is_not_null";
