//! Who is one person: the tables of identities beyond platforms' own ids, and of merges.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    match_keys (tenant_id, kind, value) {
        tenant_id -> Guid,
        kind -> Text,
        value -> Text,
        shared_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    match_links (tenant_id, kind, value, customer_id) {
        tenant_id -> Guid,
        kind -> Text,
        value -> Text,
        customer_id -> Guid,
        id -> Guid,
        shop_id -> Nullable<Guid>,
        source -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    merges (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        kind -> Text,
        into_id -> Guid,
        from_id -> Guid,
        key_kind -> Nullable<Text>,
        key_value -> Nullable<Text>,
        sides -> JsonText,
        created_at -> Instant,
        created_by -> Nullable<Text>,
        undone_at -> Nullable<Instant>,
        undone_by -> Nullable<Text>,
        undone_because -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    separations (tenant_id, id, customer_id) {
        tenant_id -> Guid,
        id -> Guid,
        customer_id -> Guid,
        side -> BigInt,
        created_at -> Instant,
        created_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    own_contacts (tenant_id, customer_id) {
        tenant_id -> Guid,
        customer_id -> Guid,
        contact -> JsonText,
    }
}
