//! Privacy: tombstones, the audit log, what people asked for.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    tombstones (tenant_id, key_hash) {
        tenant_id -> Guid,
        key_hash -> Text,
        erased_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    audit_log (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        at -> Instant,
        actor -> Text,
        action -> Text,
        object -> Nullable<Text>,
        details -> JsonText,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    privacy_requests (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        kind -> Text,
        shop_id -> Guid,
        request_key -> Nullable<Text>,
        person -> Nullable<Text>,
        requested_at -> Instant,
        closed_at -> Nullable<Instant>,
        closed_by -> Nullable<Text>,
    }
}
