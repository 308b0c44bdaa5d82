//! What was not authentic: a few rows a shop, the oldest of which are written over.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Count;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, OnConflict, Sql, Table, Upsert};
use crate::error::Result;
use crate::ids::{ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;
use crate::webhooks::rejections::{Rejection, RejectionResponse};

const REJECTIONS: Table = Table {
    name: "webhook_rejections",
    columns: &["tenant_id", "shop_id", "slot", "rejected_at", "reason", "body_bytes", "user_agent"],
    key: &["tenant_id", "shop_id", "slot"],
};

/// Writes rejections over the oldest of their shops.
pub fn reject(
    connection: &mut AnyConnection,
    tenant: TenantId,
    rejections: &[(ShopId, i64, &Rejection)],
) -> Result<(), DbError> {
    let each = || rejections.iter().map(|(_, _, rejection)| *rejection);
    let values = vec![
        Column::ids(each().map(|_| tenant)),
        Column::ids(rejections.iter().map(|(shop, ..)| *shop)),
        Column::ints(rejections.iter().map(|(_, slot, _)| *slot)),
        Column::instants(each().map(|rejection| rejection.at)),
        Column::texts(each().map(|rejection| rejection.reason.as_str())),
        Column::ints(each().map(|rejection| rejection.body_bytes)),
        Column::optional_texts(each().map(|rejection| rejection.user_agent.as_deref())),
    ];
    let on_conflict = OnConflict::Update(&["rejected_at", "reason", "body_bytes", "user_agent"]);
    Upsert { table: &REJECTIONS, values, on_conflict }.execute(connection)?;
    Ok(())
}

/// Deletes what was rejected before a moment.
pub fn purge_rejections(
    connection: &mut AnyConnection,
    tenant: TenantId,
    before: Timestamp,
) -> Result<(), DbError> {
    sql!("DELETE FROM webhook_rejections WHERE tenant_id = {} AND rejected_at < {}", tenant, before)
        .execute(connection)?;
    Ok(())
}

/// How many rejections there are.
pub fn count_rejections(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: Option<ShopId>,
) -> Result<i64> {
    let query = sql!("SELECT COUNT(*) AS count FROM webhook_rejections r WHERE {}", of_shop(tenant, shop));
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

fn of_shop<'a>(tenant: TenantId, shop: Option<ShopId>) -> Sql<'a> {
    let mut condition = sql!("r.tenant_id = {}", tenant);
    if let Some(shop) = shop {
        condition.push(sql!(" AND r.shop_id = {}", shop));
    }
    condition
}

/// The place of a rejection in the list.
pub type RejectionPlace = (Timestamp, ShopId, i64);

/// Up to `limit` rejections after a place, newest first.
pub fn rejections(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: Option<ShopId>,
    after: Option<RejectionPlace>,
    limit: i64,
) -> Result<Vec<(RejectionPlace, RejectionResponse)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        shop_id: ShopId,
        #[diesel(sql_type = BigInt)]
        slot: i64,
        #[diesel(sql_type = Instant)]
        rejected_at: Timestamp,
        #[diesel(sql_type = Text)]
        reason: String,
        #[diesel(sql_type = BigInt)]
        body_bytes: i64,
        #[diesel(sql_type = Nullable<Text>)]
        user_agent: Option<String>,
    }
    let mut condition = of_shop(tenant, shop);
    if let Some((at, shop, slot)) = after {
        condition.push(sql!(" AND (r.rejected_at, r.shop_id, r.slot) < ({}, {}, {})", at, shop, slot));
    }
    let rows: Vec<Row> = sql!(
        "SELECT r.shop_id, r.slot, r.rejected_at, r.reason, r.body_bytes, r.user_agent FROM webhook_rejections r
         WHERE {} ORDER BY r.rejected_at DESC, r.shop_id DESC, r.slot DESC LIMIT {}",
        condition,
        limit,
    )
    .load(connection)?;
    let each = rows.into_iter().map(|row| {
        let place = (row.rejected_at, row.shop_id, row.slot);
        let shown = RejectionResponse {
            shop_id: row.shop_id,
            rejected_at: row.rejected_at,
            reason: row.reason,
            body_bytes: row.body_bytes,
            user_agent: row.user_agent,
        };
        (place, shown)
    });
    Ok(each.collect())
}
