//! Saved segments.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    segments (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        description -> Nullable<Text>,
        query -> Text,
        filter -> JsonText,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Guid;

    segment_uses (tenant_id, segment_id, used_id) {
        tenant_id -> Guid,
        segment_id -> Guid,
        used_id -> Guid,
    }
}

diesel::allow_tables_to_appear_in_same_query!(segments, segment_uses);
