//! The tables whose rows belong to a customer: a merge moves them, its undo brings them back, an erasure looks through
//! them.
//!
//! Each has `customer_id`, in whose file a row is now, and `origin_id`, with whom it was recorded, which never changes.
//! Orders are not among them: they follow the identity that they came with.

/// By name, in the order in which they are locked.
pub const TABLES: &[&str] = &["customer_tags", "tag_changes"];
