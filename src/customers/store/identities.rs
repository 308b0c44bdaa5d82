//! By what a customer is known.

use std::collections::HashSet;

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

/// A customer's identities, oldest first: those by which orders find them, and the phones and mailboxes that platforms
/// vouched for.
pub fn identities(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Vec<IdentityResponse>> {
    let mut rows: Vec<IdentityRow> = sql!(
        "SELECT i.kind, i.scope, i.value, i.id, i.verified, i.source, i.created_at FROM identities i
         WHERE i.tenant_id = {} AND i.customer_id = {}
         UNION ALL
         SELECT l.kind, {} AS scope, l.value, l.id, {} AS verified, l.source, l.created_at FROM match_links l
         WHERE l.tenant_id = {} AND l.customer_id IN (
             SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.id = {}
             UNION ALL SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.merged_into = {})",
        tenant,
        customer,
        "",
        true,
        tenant,
        tenant,
        customer,
        tenant,
        customer
    )
    .load(connection)?;
    rows.sort_by_key(|row| (row.created_at, row.id));
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert((row.kind.clone(), row.scope.clone(), row.value.clone())));
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
