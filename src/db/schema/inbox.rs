//! Jobs, and the inbox of what platforms push.

use crate::db::types::{Guid, Instant};

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
