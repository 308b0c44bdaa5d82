//! What platforms asked for in people's names.

use crate::db::schema::privacy_requests;
use crate::db::{AnyConnection, Column, OnConflict, Sql, Table, Upsert};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, PrivacyRequestId, ShopId, TenantId};
use crate::privacy::model::{PrivacyRequestResponse, RequestKind};
use crate::sql;
use crate::time::Timestamp;

/// A request on its way in.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: PrivacyRequestId,
    pub kind: RequestKind,
    pub shop_id: ShopId,
    /// The platform's own id of the request, by which it is one however often it comes.
    pub request_key: Option<String>,
    pub customer_id: Option<CustomerId>,
}

const REQUESTS: Table = Table {
    name: "privacy_requests",
    columns: &["tenant_id", "id", "kind", "shop_id", "request_key", "person", "requested_at"],
    key: &["tenant_id", "shop_id", "kind", "request_key"],
};

/// Keeps a request, and tells whether it is new.
pub fn ask(
    connection: &mut AnyConnection,
    tenant: TenantId,
    request: &Request,
    now: Timestamp,
) -> Result<bool> {
    let person = request.customer_id.map(|id| id.to_string());
    let upsert = Upsert {
        table: &REQUESTS,
        values: vec![
            Column::ids([tenant]),
            Column::ids([request.id]),
            Column::texts([request.kind.as_str()]),
            Column::ids([request.shop_id]),
            Column::optional_texts([request.request_key.as_deref()]),
            Column::optional_texts([person.as_deref()]),
            Column::instants([now]),
        ],
        on_conflict: OnConflict::Keep,
    };
    Ok(upsert.execute(connection)? == 1)
}

#[derive(diesel::QueryableByName)]
#[diesel(table_name = privacy_requests)]
struct Row {
    id: PrivacyRequestId,
    kind: String,
    shop_id: ShopId,
    request_key: Option<String>,
    person: Option<String>,
    requested_at: Timestamp,
    closed_at: Option<Timestamp>,
    closed_by: Option<String>,
}

/// A month, as most laws have it.
const DUE_SECONDS: i64 = 30 * 24 * 60 * 60;

impl Row {
    fn show(self) -> Result<PrivacyRequestResponse> {
        let kind = RequestKind::parse(&self.kind);
        let customer_id: Option<CustomerId> = self.person.and_then(|person| person.parse().ok());
        Ok(PrivacyRequestResponse {
            id: self.id,
            kind: kind.ok_or_else(|| Error::internal(format!("there is no request for {}", self.kind)))?,
            shop_id: self.shop_id,
            external_id: self.request_key,
            customer_id,
            export: customer_id.map(|id| format!("/v1/customers/{id}/export")),
            requested_at: self.requested_at,
            due_at: self.requested_at.plus_seconds(DUE_SECONDS),
            closed_at: self.closed_at,
            closed_by: self.closed_by,
        })
    }
}

fn select(
    connection: &mut AnyConnection,
    tenant: TenantId,
    condition: Sql<'_>,
) -> Result<Vec<PrivacyRequestResponse>> {
    let rows: Vec<Row> = sql!(
        "SELECT q.id, q.kind, q.shop_id, q.request_key, q.person, q.requested_at, q.closed_at, q.closed_by
         FROM privacy_requests q WHERE q.tenant_id = {}{}",
        tenant,
        condition
    )
    .load(connection)?;
    rows.into_iter().map(Row::show).collect()
}

/// Requests, newest first, from a place on: all, those that are open, or those that are closed.
pub fn list_requests(
    connection: &mut AnyConnection,
    tenant: TenantId,
    open: Option<bool>,
    after: Option<PrivacyRequestId>,
    limit: i64,
) -> Result<Vec<PrivacyRequestResponse>> {
    let mut condition = Sql::text(match open {
        None => "",
        Some(true) => " AND q.closed_at IS NULL",
        Some(false) => " AND q.closed_at IS NOT NULL",
    });
    if let Some(id) = after {
        condition.push(sql!(" AND q.id < {}", id));
    }
    condition.push(sql!(" ORDER BY q.id DESC LIMIT {}", limit));
    select(connection, tenant, condition)
}

/// The request, if the tenant has it.
pub fn request(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: PrivacyRequestId,
) -> Result<Option<PrivacyRequestResponse>> {
    Ok(select(connection, tenant, sql!(" AND q.id = {}", id))?.pop())
}

/// Closes a request that is open, and tells whether it was.
pub fn close(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: PrivacyRequestId,
    by: &str,
    now: Timestamp,
) -> Result<bool> {
    let closed = sql!(
        "UPDATE privacy_requests SET closed_at = {}, closed_by = {}
         WHERE tenant_id = {} AND id = {} AND closed_at IS NULL",
        now,
        by,
        tenant,
        id
    );
    Ok(closed.execute(connection)? == 1)
}

/// How many requests the list has in all.
pub fn count_requests(connection: &mut AnyConnection, tenant: TenantId, open: Option<bool>) -> Result<i64> {
    use diesel::prelude::*;
    let all = privacy_requests::table.filter(privacy_requests::tenant_id.eq(tenant)).count();
    Ok(match open {
        None => all.get_result(connection)?,
        Some(true) => all.filter(privacy_requests::closed_at.is_null()).get_result(connection)?,
        Some(false) => all.filter(privacy_requests::closed_at.is_not_null()).get_result(connection)?,
    })
}
