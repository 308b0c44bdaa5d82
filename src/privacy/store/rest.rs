//! What an export tells of tags, merges and the keys that told who is one person.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, MergeId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// A tag that a person has.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct HeldTag {
    #[diesel(sql_type = Text)]
    pub tag: String,
    /// Who gave it: `hand`, `rule` or an identity whose platform tells it.
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Instant)]
    pub since: Timestamp,
}

/// A tag that a person got or lost.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct ToldTagChange {
    #[diesel(sql_type = Text)]
    pub tag: String,
    #[diesel(sql_type = Bool)]
    pub gained: bool,
    #[diesel(sql_type = Instant)]
    pub changed_at: Timestamp,
}

/// Two customers who became one.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct ToldMerge {
    #[diesel(sql_type = Guid)]
    pub id: MergeId,
    #[diesel(sql_type = Guid)]
    pub into_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub from_id: CustomerId,
    /// The phone or mailbox that told it.
    #[diesel(sql_type = Nullable<Text>)]
    pub key: Option<String>,
    #[diesel(sql_type = Instant)]
    pub created_at: Timestamp,
    #[diesel(sql_type = Nullable<Instant>)]
    pub undone_at: Option<Timestamp>,
}

/// A phone or a mailbox that somebody vouched for.
#[derive(Debug, Serialize, ToSchema, QueryableByName)]
pub struct ToldKey {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub value: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Instant)]
    pub created_at: Timestamp,
}

fn ids(customers: &BTreeSet<CustomerId>) -> Column<'static> {
    Column::ids(customers.iter().copied())
}

fn load<R: crate::db::Row>(connection: &mut AnyConnection, query: Sql<'_>) -> Result<Vec<R>> {
    Ok(query.load(connection)?)
}

pub fn tags(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<HeldTag>> {
    let held = sql!(
        "SELECT t.name AS tag, h.source, h.since FROM customer_tags h
         JOIN tags t ON t.tenant_id = {} AND t.id = h.tag_id
         WHERE h.tenant_id = {} AND h.customer_id {} ORDER BY h.since DESC, t.name",
        tenant,
        tenant,
        ids(customers)
    );
    load(connection, held)
}

pub fn tag_changes(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<ToldTagChange>> {
    let changes = sql!(
        "SELECT t.name AS tag, h.gained, h.changed_at FROM tag_changes h
         JOIN tags t ON t.tenant_id = {} AND t.id = h.tag_id
         WHERE h.tenant_id = {} AND h.customer_id {} ORDER BY h.changed_at DESC, t.name",
        tenant,
        tenant,
        ids(customers)
    );
    load(connection, changes)
}

pub fn merges(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<ToldMerge>> {
    let merges = sql!(
        "SELECT m.id, m.into_id, m.from_id, m.key_value AS key, m.created_at, m.undone_at FROM merges m
         WHERE m.tenant_id = {} AND (m.into_id {} OR m.from_id {}) ORDER BY m.id DESC",
        tenant,
        ids(customers),
        ids(customers)
    );
    load(connection, merges)
}

pub fn match_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<ToldKey>> {
    let keys = sql!(
        "SELECT l.kind, l.value, l.source, l.created_at FROM match_links l
         WHERE l.tenant_id = {} AND l.customer_id {} ORDER BY l.created_at DESC, l.kind, l.value",
        tenant,
        ids(customers)
    );
    load(connection, keys)
}
