//! The archive: tenants, shops, customers, products, orders and their facts.

use crate::db::types::{Guid, Instant, JsonText};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    tenants (tenant_id) {
        tenant_id -> Guid,
        name -> Text,
        timezone -> Text,
        currency -> Text,
        country -> Nullable<Text>,
        settings -> JsonText,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    shops (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        platform -> Text,
        external_id -> Text,
        name -> Text,
        timezone -> Text,
        currency -> Text,
        lifecycle -> JsonText,
        webhook_secrets -> Nullable<Text>,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    customers (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Nullable<Text>,
        name_key -> Nullable<Text>,
        nick -> Nullable<Text>,
        nick_key -> Nullable<Text>,
        gender -> Nullable<Text>,
        birthday -> Nullable<Text>,
        language -> Nullable<Text>,
        phone -> Nullable<Text>,
        phone_reversed -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        country -> Nullable<Text>,
        province -> Nullable<Text>,
        city -> Nullable<Text>,
        district -> Nullable<Text>,
        address_line -> Nullable<Text>,
        postcode -> Nullable<Text>,
        attributes -> JsonText,
        stamps -> JsonText,
        merged_into -> Nullable<Guid>,
        erased_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
        regrouped -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    identities (tenant_id, kind, scope, value) {
        tenant_id -> Guid,
        kind -> Text,
        scope -> Text,
        value -> Text,
        id -> Guid,
        customer_id -> Guid,
        verified -> Bool,
        source -> Text,
        created_at -> Instant,
        origin_id -> Nullable<Guid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    products (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        shop_id -> Guid,
        external_id -> Text,
        title -> Text,
        category -> Nullable<Text>,
        brand -> Nullable<Text>,
        tags -> JsonText,
        currency -> Text,
        price_amount -> Nullable<BigInt>,
        cost_amount -> Nullable<BigInt>,
        attributes -> JsonText,
        variants -> JsonText,
        status -> Text,
        url -> Nullable<Text>,
        image_url -> Nullable<Text>,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    orders (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        shop_id -> Guid,
        external_id -> Text,
        customer_id -> Nullable<Guid>,
        identity_id -> Nullable<Guid>,
        status -> Text,
        version -> Instant,
        ordered_at -> Instant,
        paid_at -> Nullable<Instant>,
        shipped_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        completed_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        currency -> Nullable<Text>,
        total_amount -> Nullable<BigInt>,
        discount_amount -> Nullable<BigInt>,
        shipping_amount -> Nullable<BigInt>,
        refunded_amount -> BigInt,
        exchange_rate -> Nullable<Text>,
        gross_amount -> Nullable<BigInt>,
        net_amount -> Nullable<BigInt>,
        items -> BigInt,
        source -> Nullable<Text>,
        promotions -> JsonText,
        coupon_codes -> JsonText,
        personal -> JsonText,
        attributes -> JsonText,
        merge_state -> JsonText,
        created_at -> Instant,
        updated_at -> Instant,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    order_lines (tenant_id, order_id, position) {
        tenant_id -> Guid,
        order_id -> Guid,
        position -> BigInt,
        shop_id -> Guid,
        customer_id -> Nullable<Guid>,
        paid_at -> Nullable<Instant>,
        external_id -> Nullable<Text>,
        sku -> Nullable<Text>,
        product_external_id -> Nullable<Text>,
        title -> Nullable<Text>,
        category -> Nullable<Text>,
        attributes -> JsonText,
        quantity -> BigInt,
        unit_amount -> Nullable<BigInt>,
        total_amount -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    order_refunds (tenant_id, order_id, external_id) {
        tenant_id -> Guid,
        order_id -> Guid,
        external_id -> Text,
        refunded_at -> Instant,
        amount -> BigInt,
        derived -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    customer_facts (tenant_id, customer_id) {
        tenant_id -> Guid,
        customer_id -> Guid,
        orders -> BigInt,
        orders_kept -> BigInt,
        orders_unconverted -> BigInt,
        orders_refunded -> BigInt,
        unpaid_orders -> BigInt,
        gross_amount -> BigInt,
        refunded_amount -> BigInt,
        spent_amount -> BigInt,
        items -> BigInt,
        first_order_at -> Nullable<Instant>,
        last_order_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};

    customer_shop_facts (tenant_id, customer_id, shop_id) {
        tenant_id -> Guid,
        customer_id -> Guid,
        shop_id -> Guid,
        orders -> BigInt,
        orders_kept -> BigInt,
        orders_unconverted -> BigInt,
        orders_refunded -> BigInt,
        unpaid_orders -> BigInt,
        gross_amount -> BigInt,
        refunded_amount -> BigInt,
        spent_amount -> BigInt,
        items -> BigInt,
        first_order_at -> Nullable<Instant>,
        last_order_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant, JsonText};

    idempotency_keys (tenant_id, subject, route, key) {
        tenant_id -> Guid,
        subject -> Text,
        route -> Text,
        key -> Text,
        body_hash -> Text,
        status -> BigInt,
        answer -> JsonText,
        created_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    tenants,
    shops,
    customers,
    identities,
    products,
    orders,
    order_lines,
    order_refunds,
    customer_facts,
    customer_shop_facts,
    idempotency_keys,
);
