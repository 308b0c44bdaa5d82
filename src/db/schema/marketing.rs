//! Campaigns, who was in them, and every contact with a customer.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    campaigns (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        purpose -> Text,
        state -> Text,
        plan -> JsonText,
        seed -> Text,
        external -> Bool,
        scheduled_at -> Nullable<Instant>,
        launched_at -> Nullable<Instant>,
        ends_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        launch_token -> Nullable<Guid>,
        launch_until -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Guid;

    campaign_members (tenant_id, campaign_id, origin_id) {
        tenant_id -> Guid,
        campaign_id -> Guid,
        origin_id -> Guid,
        customer_id -> Guid,
        arm -> Nullable<Text>,
        suppressed -> Nullable<Text>,
        stage -> Nullable<Text>,
        spend_band -> Nullable<Text>,
        shop_id -> Nullable<Guid>,
        covariate_amount -> Nullable<BigInt>,
        segments -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Guid;

    campaign_reports (tenant_id, campaign_id) {
        tenant_id -> Guid,
        campaign_id -> Guid,
        version -> Text,
        report -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    touches (tenant_id, channel, external_id) {
        tenant_id -> Guid,
        channel -> Text,
        external_id -> Text,
        id -> Guid,
        customer_id -> Guid,
        origin_id -> Guid,
        campaign_id -> Nullable<Guid>,
        arm -> Nullable<Text>,
        subject -> Nullable<Text>,
        touched_at -> Instant,
        sent_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        opened_at -> Nullable<Instant>,
        clicked_at -> Nullable<Instant>,
        replied_at -> Nullable<Instant>,
        answered_at -> Nullable<Instant>,
        refused_at -> Nullable<Instant>,
        objected_at -> Nullable<Instant>,
        objection -> Nullable<Text>,
        bounced_at -> Nullable<Instant>,
        complained_at -> Nullable<Instant>,
        unsubscribed_at -> Nullable<Instant>,
        units -> Nullable<BigInt>,
        seconds -> Nullable<BigInt>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(campaigns, campaign_members, campaign_reports, touches);
