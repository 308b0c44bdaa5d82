//! How large a query may be. Each limit is named in the error that it causes.

/// Bytes of a query's text.
pub const MOST_BYTES: usize = 500_000;
/// Conditions, those inside of `MATCHES` and of scopes included.
pub const MOST_NODES: usize = 200;
/// How deep conditions lie in each other.
pub const MOST_DEPTH: usize = 16;
/// Values of one list.
pub const MOST_VALUES: usize = 10_000;
/// Characters of one text or one name.
pub const MOST_CHARACTERS: usize = 1_000;
/// Parts of one name.
pub const MOST_PARTS: usize = 5;
