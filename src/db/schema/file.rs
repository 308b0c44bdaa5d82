//! The rest of a customer's file: consents, notes, behaviour events.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    consents (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        channel -> Text,
        granted -> Bool,
        stated_at -> Instant,
        source -> Text,
        note -> Nullable<Text>,
        recorded_by -> Nullable<Text>,
        recorded_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    customer_channels (tenant_id, customer_id, channel) {
        tenant_id -> Guid,
        customer_id -> Guid,
        channel -> Text,
        granted -> Bool,
        since -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    notes (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        body -> Text,
        author -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    events (tenant_id, occurred_at, id) {
        tenant_id -> Guid,
        id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        shop_id -> Nullable<Guid>,
        #[sql_name = "type"]
        kind -> Text,
        occurred_at -> Instant,
        properties -> JsonText,
        external_id -> Nullable<Text>,
        recorded_at -> Instant,
    }
}
