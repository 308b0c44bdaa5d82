//! What is held on people, table by table. A test holds that no table is missing.

/// What an erasure makes of a customer's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They stay; they tell nothing about a person any more.
    Stays,
    /// What is personal is taken out of these columns.
    Cleared(&'static [(&'static str, Blank)]),
    /// They are deleted.
    Goes,
    /// No column names a customer, or none by which they are found fast: a statement of their own looks for what tells of
    /// the person.
    Sought,
}

/// What a column holds after an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    Nothing,
    /// A JSON document.
    Json(&'static str),
    /// The moment of the erasure.
    Moment,
    /// One more than before.
    Next,
}

use Blank::{Json, Moment, Next, Nothing};

/// A table with rows about customers.
#[derive(Debug, Clone, Copy)]
pub struct Holding {
    pub table: &'static str,
    /// The columns that name the customer.
    pub by: &'static [&'static str],
    pub fate: Fate,
    /// The section of an export that tells them, or why none does.
    pub told: Told,
}

/// Where an export tells the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Under this name.
    In(&'static str),
    /// Not by themselves, and why.
    Not(&'static str),
}

const CUSTOMER: &[&str] = &["customer_id"];

/// In the order in which an erasure goes through them: that of all locks.
pub const HOLDINGS: &[Holding] = &[
    Holding { table: "identities", by: CUSTOMER, fate: Fate::Goes, told: Told::In("identities") },
    Holding {
        table: "orders",
        by: CUSTOMER,
        fate: Fate::Cleared(&[
            ("personal", Json(r#"{"erased":true}"#)),
            ("attributes", Json("{}")),
            ("updated_at", Moment),
            ("revision", Next),
        ]),
        told: Told::In("orders"),
    },
    Holding { table: "match_links", by: CUSTOMER, fate: Fate::Goes, told: Told::In("match_keys") },
    Holding {
        table: "match_keys",
        by: &[],
        fate: Fate::Sought,
        told: Told::Not("has what `match_links` names"),
    },
    Holding { table: "order_lines", by: CUSTOMER, fate: Fate::Sought, told: Told::In("orders") },
    Holding {
        table: "customers",
        by: &["id"],
        fate: Fate::Cleared(&[
            ("name", Nothing),
            ("name_key", Nothing),
            ("nick", Nothing),
            ("nick_key", Nothing),
            ("gender", Nothing),
            ("birthday", Nothing),
            ("language", Nothing),
            ("phone", Nothing),
            ("phone_reversed", Nothing),
            ("email", Nothing),
            ("email_key", Nothing),
            ("country", Nothing),
            ("province", Nothing),
            ("city", Nothing),
            ("district", Nothing),
            ("address_line", Nothing),
            ("postcode", Nothing),
            ("attributes", Json("{}")),
            ("stamps", Json("[]")),
            ("erased_at", Moment),
            ("updated_at", Moment),
            ("revision", Next),
        ]),
        told: Told::In("customer"),
    },
    Holding { table: "customer_facts", by: CUSTOMER, fate: Fate::Stays, told: Told::In("facts") },
    Holding {
        table: "customer_shop_facts",
        by: CUSTOMER,
        fate: Fate::Stays,
        told: Told::In("facts_by_shop"),
    },
    Holding {
        table: "consents",
        by: CUSTOMER,
        fate: Fate::Cleared(&[("note", Nothing)]),
        told: Told::In("consents"),
    },
    Holding {
        table: "customer_channels",
        by: CUSTOMER,
        fate: Fate::Goes,
        told: Told::Not("follows from the consents"),
    },
    Holding {
        table: "merges",
        by: &["into_id", "from_id"],
        fate: Fate::Cleared(&[("key_value", Nothing)]),
        told: Told::In("merges"),
    },
    Holding {
        table: "own_contacts",
        by: CUSTOMER,
        fate: Fate::Goes,
        told: Told::Not("is joined in the customer's contact"),
    },
    Holding {
        table: "separations",
        by: CUSTOMER,
        fate: Fate::Stays,
        told: Told::Not("names customers by their ids alone"),
    },
    Holding { table: "customer_tags", by: CUSTOMER, fate: Fate::Goes, told: Told::In("tags") },
    Holding { table: "tag_changes", by: CUSTOMER, fate: Fate::Goes, told: Told::In("tag_changes") },
    Holding {
        table: "idempotency_keys",
        by: &[],
        fate: Fate::Sought,
        told: Told::Not("repeats what is told elsewhere, for a day"),
    },
    Holding {
        table: "webhook_deliveries",
        by: &[],
        fate: Fate::Sought,
        told: Told::Not("is what platforms sent of what is told elsewhere, as it came, for a month"),
    },
    Holding { table: "notes", by: CUSTOMER, fate: Fate::Goes, told: Told::In("notes") },
    Holding {
        table: "events",
        by: CUSTOMER,
        fate: Fate::Cleared(&[("properties", Json("{}")), ("external_id", Nothing)]),
        told: Told::In("events"),
    },
    // Arms and sums: without them an experiment would come out otherwise than it was drawn.
    Holding { table: "campaign_members", by: CUSTOMER, fate: Fate::Stays, told: Told::In("campaigns") },
    Holding {
        table: "touches",
        by: CUSTOMER,
        fate: Fate::Cleared(&[("objection", Nothing)]),
        told: Told::In("touches"),
    },
];

/// Tables that hold nothing on customers.
pub const IMPERSONAL: &[&str] = &[
    "tenants",
    "shops",
    "products",
    "order_refunds",
    "tags",
    "platform_tags",
    "platform_tag_words",
    "segments",
    "segment_uses",
    "campaigns",
    "campaign_reports",
    "jobs",
    "webhook_rejections",
    "tombstones",
    "audit_log",
    "privacy_requests",
];
