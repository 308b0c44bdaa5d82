//! Who is one person: a customer and all who were merged into them.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};

use crate::customers;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, TenantId};
use crate::privacy::tombstones::PersonKey;
use crate::sql;

/// A person as a whole.
#[derive(Debug, Clone)]
pub struct Person {
    /// Under whom they are found.
    pub id: CustomerId,
    /// Every customer who is this person.
    pub customers: BTreeSet<CustomerId>,
    pub erased: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Bool)]
    erased: bool,
}

/// The person whom this customer is.
pub fn person(connection: &mut AnyConnection, tenant: TenantId, id: CustomerId) -> Result<Option<Person>> {
    let Some(found) = customers::store::find(connection, tenant, id)?.map(|found| found.id) else {
        return Ok(None);
    };
    let main = rows(connection, tenant, sql!("c.id = {}", found))?.pop();
    let Some(Row { erased, .. }) = main else {
        return Ok(None);
    };
    let customers = with_merged(connection, tenant, BTreeSet::from([found]))?;
    Ok(Some(Person { id: found, customers, erased }))
}

/// These customers and all who were merged into them.
pub fn with_merged(
    connection: &mut AnyConnection,
    tenant: TenantId,
    mut customers: BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>> {
    let mut last = customers.clone();
    while !last.is_empty() {
        let into = Column::ids(last.iter().copied());
        let merged = rows(connection, tenant, sql!("c.merged_into {}", into))?;
        last = merged.into_iter().map(|row| row.id).filter(|id| customers.insert(*id)).collect();
    }
    Ok(customers)
}

fn rows(connection: &mut AnyConnection, tenant: TenantId, condition: Sql<'_>) -> Result<Vec<Row>> {
    let rows = sql!(
        "SELECT c.id, c.erased_at IS NOT NULL AS erased FROM customers c WHERE c.tenant_id = {} AND {}",
        tenant,
        condition
    );
    Ok(rows.load(connection)?)
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Text)]
    value: String,
}

impl KeyRow {
    fn key(self) -> PersonKey {
        (self.kind, self.scope, self.value)
    }
}

/// By what people are known: as shops know them, and by phones and mailboxes that were vouched for.
pub fn person_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<PersonKey>> {
    let mut known = keys(connection, tenant, customers, Sql::default())?;
    let told: Vec<KeyRow> = sql!(
        "SELECT l.kind, {} AS scope, l.value FROM match_links l WHERE l.tenant_id = {} AND l.customer_id {}",
        "",
        tenant,
        Column::ids(customers.iter().copied())
    )
    .load(connection)?;
    known.extend(told.into_iter().map(KeyRow::key));
    Ok(known)
}

/// Of the keys of these people those that are nobody's own, for many share them.
pub fn shared_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<PersonKey>> {
    let rows: Vec<KeyRow> = sql!(
        "SELECT l.kind, {} AS scope, l.value FROM match_links l
         JOIN match_keys k ON k.tenant_id = {} AND k.kind = l.kind AND k.value = l.value
         WHERE l.tenant_id = {} AND l.customer_id {} AND k.shared_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM identities i
             WHERE i.tenant_id = {} AND i.kind = l.kind AND i.scope = {} AND i.value = l.value)",
        "",
        tenant,
        tenant,
        Column::ids(customers.iter().copied()),
        tenant,
        ""
    )
    .load(connection)?;
    Ok(rows.into_iter().map(KeyRow::key).collect())
}

/// By what a shop knows people.
pub fn keys_in_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: crate::ids::ShopId,
    customers: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<PersonKey>> {
    keys(connection, tenant, customers, sql!(" AND i.scope = {}", shop.to_string()))
}

fn keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
    condition: Sql<'_>,
) -> Result<BTreeSet<PersonKey>> {
    let rows: Vec<KeyRow> = sql!(
        "SELECT i.kind, i.scope, i.value FROM identities i WHERE i.tenant_id = {} AND i.customer_id {}{}",
        tenant,
        Column::ids(customers.iter().copied()),
        condition
    )
    .load(connection)?;
    Ok(rows.into_iter().map(KeyRow::key).collect())
}
