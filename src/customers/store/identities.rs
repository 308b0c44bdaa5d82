//! By what a customer is known.

use diesel::QueryableByName;

use crate::customers::model::IdentityResponse;
use crate::db::AnyConnection;
use crate::db::schema::identities;
use crate::error::Result;
use crate::ids::{CustomerId, IdentityId, TenantId};
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
#[diesel(table_name = identities)]
struct IdentityRow {
    kind: String,
    scope: String,
    value: String,
    id: IdentityId,
    verified: bool,
    source: String,
    created_at: Timestamp,
}

/// A customer's identities, oldest first.
pub fn identities(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Vec<IdentityResponse>> {
    let rows: Vec<IdentityRow> = sql!(
        "SELECT i.kind, i.scope, i.value, i.id, i.verified, i.source, i.created_at FROM identities i
         WHERE i.tenant_id = {} AND i.customer_id = {} ORDER BY i.created_at, i.id",
        tenant,
        customer
    )
    .load(connection)?;
    let show = |row: IdentityRow| IdentityResponse {
        id: row.id,
        shop_id: row.scope.parse().ok(),
        kind: row.kind,
        value: row.value,
        verified: row.verified,
        source: row.source,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(show).collect())
}
