//! Jobs, and the inbox of what platforms push.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    jobs (tenant_id, name) {
        tenant_id -> Guid,
        name -> Text,
        due_at -> Nullable<Instant>,
        run_at -> Nullable<Instant>,
        lease_until -> Nullable<Instant>,
        holder -> Nullable<Guid>,
        failures -> BigInt,
        last_error -> Nullable<Text>,
        finished_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    webhook_deliveries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        shop_id -> Guid,
        platform -> Text,
        delivery_key -> Text,
        topic -> Text,
        subject -> Nullable<Text>,
        status -> Text,
        error -> Nullable<Text>,
        received_at -> Instant,
        event_at -> Nullable<Instant>,
        settled_at -> Nullable<Instant>,
        attempts -> BigInt,
        headers -> JsonText,
        tail -> Text,
        query -> Text,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    webhook_rejections (tenant_id, shop_id, slot) {
        tenant_id -> Guid,
        shop_id -> Guid,
        slot -> BigInt,
        rejected_at -> Instant,
        reason -> Text,
        body_bytes -> BigInt,
        user_agent -> Nullable<Text>,
    }
}
