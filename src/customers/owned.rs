//! The tables whose rows belong to a customer: a merge moves them, its undo brings them back, an erasure looks through
//! them.
//!
//! Each has `customer_id`, in whose file a row is now, and `origin_id`, with whom it was recorded, which never changes.
//! Two customers who are merged may both have what each may have once (a tag, say), so a unique key that has
//! `customer_id` has `origin_id` as well: `(tenant_id, tag_id, customer_id, origin_id)`.

/// By name, in the order in which they are locked.
pub const TABLES: &[&str] =
    &["campaign_members", "consents", "customer_tags", "events", "notes", "tag_changes", "touches"];

/// Tables with a `customer_id` that go another way, and which.
pub const OTHERS: &[(&str, &str)] = &[
    ("identities", "has an `origin_id`, and moves with it"),
    ("orders", "follow the identity that they came with"),
    ("order_lines", "carry the customer of their order"),
    ("customer_facts", "are computed anew"),
    ("customer_shop_facts", "are computed anew"),
    ("customer_channels", "are computed anew"),
    ("match_links", "name the customer of whom they were told, for good"),
    ("separations", "name the customers of whom they were said, for good"),
    ("own_contacts", "belong to one customer alone, which is what they are for"),
];
