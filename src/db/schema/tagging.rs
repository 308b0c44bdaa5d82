//! Tags, who has them, and their history.

use crate::db::types::{Guid, Instant};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    tags (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        name_key -> Text,
        description -> Nullable<Text>,
        color -> Nullable<Text>,
        segment_id -> Nullable<Guid>,
        refreshed_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    customer_tags (tenant_id, tag_id, customer_id, origin_id, source) {
        tenant_id -> Guid,
        tag_id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        source -> Text,
        since -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    tag_changes (tenant_id, tag_id, act_id, customer_id, origin_id, source) {
        tenant_id -> Guid,
        tag_id -> Guid,
        act_id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        source -> Text,
        gained -> Bool,
        actor -> Text,
        changed_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    platform_tags (tenant_id, identity_id) {
        tenant_id -> Guid,
        identity_id -> Guid,
        version -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    platform_tag_words (tenant_id, identity_id, name_key) {
        tenant_id -> Guid,
        identity_id -> Guid,
        name_key -> Text,
        given -> Bool,
        version -> Instant,
    }
}
