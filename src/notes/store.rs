//! All SQL on notes.

use diesel::prelude::*;

use super::NoteResponse;
use crate::customers::Owner;
use crate::db::schema::notes;
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, NoteId, TenantId};
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
#[diesel(table_name = notes)]
struct NoteRow {
    id: NoteId,
    body: String,
    author: String,
    created_at: Timestamp,
}

/// The place of a note in a list.
pub type Place = (Timestamp, NoteId);

/// A customer's notes, newest first, from a place on.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<NoteResponse>> {
    let mut condition = sql!("n.customer_id = {}", customer);
    if let Some((at, id)) = after {
        condition.push(sql!(" AND (n.created_at, n.id) < ({}, {})", at, id));
    }
    condition.push(sql!(" ORDER BY n.created_at DESC, n.id DESC LIMIT {}", limit));
    select(connection, tenant, condition)
}

/// These notes, in any order.
pub fn these(connection: &mut AnyConnection, tenant: TenantId, ids: &[NoteId]) -> Result<Vec<NoteResponse>> {
    select(connection, tenant, sql!("n.id {}", Column::ids(ids.iter().copied())))
}

fn select(connection: &mut AnyConnection, tenant: TenantId, condition: Sql<'_>) -> Result<Vec<NoteResponse>> {
    let rows: Vec<NoteRow> = sql!(
        "SELECT n.id, n.body, n.author, n.created_at FROM notes n WHERE n.tenant_id = {} AND {}",
        tenant,
        condition
    )
    .load(connection)?;
    let show = |row: NoteRow| NoteResponse {
        id: row.id,
        text: row.body,
        author: row.author,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(show).collect())
}

/// How many notes a customer has.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, customer: CustomerId) -> Result<i64> {
    let all = notes::table.filter(notes::tenant_id.eq(tenant)).filter(notes::customer_id.eq(customer));
    Ok(all.count().get_result(connection)?)
}

pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    owner: Owner,
    note: &NoteResponse,
) -> Result<()> {
    let row = (
        notes::tenant_id.eq(tenant),
        notes::id.eq(note.id),
        notes::customer_id.eq(owner.customer_id),
        notes::origin_id.eq(owner.origin_id),
        notes::body.eq(&note.text),
        notes::author.eq(&note.author),
        notes::created_at.eq(note.created_at),
    );
    diesel::insert_into(notes::table).values(row).execute(connection)?;
    Ok(())
}

/// Takes a note out of a customer's file; tells whether it was there.
pub fn delete(connection: &mut AnyConnection, tenant: TenantId, id: NoteId) -> Result<bool> {
    let target = notes::table.filter(notes::tenant_id.eq(tenant)).filter(notes::id.eq(id));
    Ok(diesel::delete(target).execute(connection)? == 1)
}
