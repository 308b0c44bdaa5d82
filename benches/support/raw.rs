//! The same orders as documents and as rows: what a loader by hand would write.

use diesel::prelude::*;
use huitou::clock::IdGen;
use huitou::db::schema::{shops, tenants};
use huitou::db::types::Json;
use huitou::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use huitou::ids::{OrderId, ShopId, TenantId};
use huitou::ingest::Incoming;
use huitou::time::Timestamp;
use serde_json::json;

/// Copies of the order tables with nothing but their natural keys.
pub const BARE: &str = "
    CREATE TABLE bare_orders (tenant_id uuid NOT NULL, id uuid NOT NULL, shop_id uuid NOT NULL, external_id text NOT NULL,
        status text, version timestamptz, ordered_at timestamptz, paid_at timestamptz, currency text,
        total_amount bigint, discount_amount bigint, shipping_amount bigint, refunded_amount bigint, gross_amount bigint,
        net_amount bigint, items bigint, promotions jsonb, coupon_codes jsonb, personal jsonb, attributes jsonb,
        merge_state jsonb, created_at timestamptz, updated_at timestamptz, revision bigint,
        PRIMARY KEY (tenant_id, shop_id, external_id));
    CREATE TABLE bare_lines (tenant_id uuid NOT NULL, order_id uuid NOT NULL, position bigint NOT NULL, shop_id uuid,
        paid_at timestamptz, sku text, title text, category text, attributes jsonb, quantity bigint,
        unit_amount bigint, total_amount bigint, PRIMARY KEY (tenant_id, order_id, position));";

pub struct Tables {
    orders: Table,
    lines: Table,
}

const ORDER_COLUMNS: &[&str] = &[
    "tenant_id",
    "id",
    "shop_id",
    "external_id",
    "status",
    "version",
    "ordered_at",
    "paid_at",
    "currency",
    "total_amount",
    "discount_amount",
    "shipping_amount",
    "refunded_amount",
    "gross_amount",
    "net_amount",
    "items",
    "promotions",
    "coupon_codes",
    "personal",
    "attributes",
    "merge_state",
    "created_at",
    "updated_at",
    "revision",
];
const LINE_COLUMNS: &[&str] = &[
    "tenant_id",
    "order_id",
    "position",
    "shop_id",
    "paid_at",
    "sku",
    "title",
    "category",
    "attributes",
    "quantity",
    "unit_amount",
    "total_amount",
];
const ORDER_KEY: &[&str] = &["tenant_id", "shop_id", "external_id"];
const LINE_KEY: &[&str] = &["tenant_id", "order_id", "position"];

pub static BARE_TABLES: Tables = tables("bare_orders", "bare_lines");
/// The project's own, with all their indexes.
pub static REAL_TABLES: Tables = tables("orders", "order_lines");

/// Tables of these names with the columns that both sides of the comparison write.
pub const fn tables(orders: &'static str, lines: &'static str) -> Tables {
    Tables {
        orders: Table { name: orders, columns: ORDER_COLUMNS, key: ORDER_KEY },
        lines: Table { name: lines, columns: LINE_COLUMNS, key: LINE_KEY },
    }
}

pub fn tenant_and_shop(connection: &mut AnyConnection, tenant: TenantId, shop: ShopId, now: Timestamp) {
    diesel::insert_into(tenants::table)
        .values((
            (tenants::tenant_id.eq(tenant), tenants::name.eq("bench"), tenants::timezone.eq("Asia/Shanghai")),
            (
                tenants::currency.eq("CNY"),
                tenants::country.eq(Some("CN")),
                tenants::settings.eq(Json(json!({}))),
            ),
            (tenants::created_at.eq(now), tenants::updated_at.eq(now), tenants::revision.eq(1i64)),
        ))
        .execute(connection)
        .expect("a tenant");
    diesel::insert_into(shops::table)
        .values((
            (shops::tenant_id.eq(tenant), shops::id.eq(shop), shops::platform.eq("standard")),
            (shops::external_id.eq("1"), shops::name.eq("bench"), shops::timezone.eq("Asia/Shanghai")),
            (shops::currency.eq("CNY"), shops::lifecycle.eq(Json(json!({}))), shops::revision.eq(1i64)),
            (shops::created_at.eq(now), shops::updated_at.eq(now)),
        ))
        .execute(connection)
        .expect("a shop");
}

/// The order with this number, paid so many seconds into the year by one of so many customers, as it comes over HTTP.
pub fn body(number: usize, second: usize, customers: usize) -> String {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a date");
    let at = first.plus_seconds(second as i64);
    // A stride that is prime to the number of customers visits them in a scattered order.
    let customer = number.wrapping_mul(7_919) % customers;
    let line = |sku: usize| {
        format!(
            r#"{{"sku":"DC-{sku}","title":"羽绒服","category":"女装/羽绒服","quantity":1,
               "attributes":{{"尺码":"XXXXL","颜色":"红色"}},"unit_amount":27800,"total_amount":12900}}"#
        )
    };
    format!(
        r#"{{"version":"{at}","status":"paid","ordered_at":"{at}","paid_at":"{at}","currency":"CNY",
        "total_amount":25800,"discount_amount":2000,"shipping_amount":0,
        "customer":{{"external_id":"buyer-{customer}","name":"小4","phone":"138{customer:08}",
                     "address":{{"country":"CN","city":"杭州"}}}},
        "lines":[{},{}]}}"#,
        line(number % 500),
        line(number % 700)
    )
}

/// The same, read.
pub fn order(shop: ShopId, number: usize, customers: usize) -> Incoming {
    let document = serde_json::from_str(&body(number, number, customers)).expect("a canonical order");
    Incoming { shop_id: shop, external_id: format!("order-{number}"), document }
}

/// One multi-row upsert for the orders and one for their lines.
pub fn upsert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    batch: &[Incoming],
    ids: &dyn IdGen,
    tables: &'static Tables,
) -> Result<(), DbError> {
    let version = |item: &Incoming| item.document.version;
    let order_ids: Vec<OrderId> = batch.iter().map(|item| ids.id(version(item))).collect();
    let constant = |value: serde_json::Value| Column::jsons(batch.iter().map(move |_| value.clone()));
    let total = || batch.iter().map(|item| item.document.total_amount);
    Upsert {
        table: &tables.orders,
        values: vec![
            Column::ids(batch.iter().map(|_| tenant)),
            Column::ids(order_ids.iter().copied()),
            Column::ids(batch.iter().map(|item| item.shop_id)),
            Column::texts(batch.iter().map(|item| item.external_id.as_str())),
            Column::texts(batch.iter().map(|_| "paid")),
            Column::instants(batch.iter().map(version)),
            Column::optional_instants(batch.iter().map(|item| item.document.ordered_at)),
            Column::optional_instants(batch.iter().map(|item| item.document.paid_at)),
            Column::texts(batch.iter().map(|_| "CNY")),
            Column::optional_ints(total()),
            Column::optional_ints(batch.iter().map(|item| item.document.discount_amount)),
            Column::optional_ints(batch.iter().map(|item| item.document.shipping_amount)),
            Column::ints(batch.iter().map(|_| 0)),
            Column::optional_ints(total()),
            Column::optional_ints(total()),
            Column::ints(batch.iter().map(|_| 2)),
            constant(json!([])),
            constant(json!([])),
            Column::jsons(batch.iter().map(|item| json!({"buyer": item.document.customer}))),
            constant(json!({})),
            constant(json!({"stamps": [[1_780_000_000_000_000i64, 1, "abilops"]], "seen": {"paid": 1_780_000_000_000_000i64}})),
            Column::instants(batch.iter().map(version)),
            Column::instants(batch.iter().map(version)),
            Column::ints(batch.iter().map(|_| 1)),
        ],
        on_conflict: OnConflict::Update(&["status", "version", "paid_at", "total_amount", "updated_at", "revision"]),
    }
    .execute(connection)?;
    let lines: Vec<_> = batch
        .iter()
        .zip(&order_ids)
        .flat_map(|(item, id)| {
            item.document.lines.iter().flatten().enumerate().map(move |(at, line)| (item, *id, at, line))
        })
        .collect();
    Upsert {
        table: &tables.lines,
        values: vec![
            Column::ids(lines.iter().map(|_| tenant)),
            Column::ids(lines.iter().map(|(_, order, ..)| *order)),
            Column::ints(lines.iter().map(|(_, _, position, _)| *position as i64)),
            Column::ids(lines.iter().map(|(item, ..)| item.shop_id)),
            Column::optional_instants(lines.iter().map(|(item, ..)| item.document.paid_at)),
            Column::optional_texts(lines.iter().map(|(.., line)| line.sku.as_deref())),
            Column::optional_texts(lines.iter().map(|(.., line)| line.title.as_deref())),
            Column::optional_texts(lines.iter().map(|(.., line)| line.category.as_deref())),
            Column::jsons(lines.iter().map(|(.., line)| json!(line.attributes))),
            Column::ints(lines.iter().map(|(.., line)| line.quantity)),
            Column::optional_ints(lines.iter().map(|(.., line)| line.unit_amount)),
            Column::ints(lines.iter().map(|(.., line)| line.total_amount)),
        ],
        on_conflict: OnConflict::Update(&["quantity", "total_amount"]),
    }
    .execute(connection)?;
    Ok(())
}
