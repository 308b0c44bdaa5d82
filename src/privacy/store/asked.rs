//! Whom a platform asks about.

use std::collections::BTreeSet;

use diesel::QueryableByName;

use crate::customers::keys::{email_key, phone_forms};
use crate::db::types::{Guid, Json};
use crate::db::{AnyConnection, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::identities::EXTERNAL;
use crate::platforms::PrivacyRequest;
use crate::privacy::store::erase::clear_lines_of;
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
}

fn customers(connection: &mut AnyConnection, query: Sql<'_>) -> Result<BTreeSet<CustomerId>> {
    let rows: Vec<Row> = query.load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The customers whom a request's keys lead to: the platform's id of the person, else the orders that it names, else
/// those of the shop's customers who have the mailbox or the phone.
pub fn people_asked_about(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    request: &PrivacyRequest,
) -> Result<Vec<CustomerId>> {
    let mut found = BTreeSet::new();
    if let Some(external_id) = &request.external_id {
        found = customers(
            connection,
            sql!(
                "SELECT i.customer_id AS id FROM identities i
                 WHERE i.tenant_id = {} AND i.kind = {} AND i.scope = {} AND i.value = {}",
                tenant,
                EXTERNAL,
                shop.to_string(),
                external_id
            ),
        )?;
    }
    if found.is_empty() && !request.orders.is_empty() {
        let orders = Column::texts(request.orders.iter().map(String::as_str));
        found = customers(
            connection,
            sql!(
                "SELECT o.customer_id AS id FROM orders o
                 WHERE o.tenant_id = {} AND o.shop_id = {} AND o.external_id {} AND o.customer_id IS NOT NULL",
                tenant,
                shop,
                orders
            ),
        )?;
    }
    let contact = if found.is_empty() { contact(request) } else { None };
    if let Some(contact) = contact {
        found = customers(
            connection,
            sql!(
                "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.merged_into IS NULL AND ({})
                 AND c.id IN (SELECT i.customer_id FROM identities i WHERE i.tenant_id = {} AND i.scope = {}
                     UNION SELECT f.customer_id FROM customer_shop_facts f WHERE f.tenant_id = {} AND f.shop_id = {})",
                tenant,
                contact,
                tenant,
                shop.to_string(),
                tenant,
                shop
            ),
        )?;
    }
    Ok(found.into_iter().collect())
}

/// A condition on the mailbox or the phone of a request.
fn contact(request: &PrivacyRequest) -> Option<Sql<'static>> {
    let email = request.email.as_deref().and_then(email_key).map(|key| sql!("c.email_key = {}", key));
    let phone =
        request.phone.as_deref().map(|phone| phone_forms(phone, None)).filter(|forms| !forms.is_empty());
    let phone = phone.map(|forms| {
        let forms = forms.into_iter().map(|form| Some(form.into())).collect();
        sql!("c.phone_reversed {}", Column::Text(forms))
    });
    match (email, phone) {
        (Some(email), Some(phone)) => Some(sql!("{} OR {}", email, phone)),
        (email, phone) => email.or(phone),
    }
}

/// Takes what these orders say of a buyer out of them.
pub fn clear_orders(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    external_ids: &[String],
    now: Timestamp,
) -> Result<()> {
    if external_ids.is_empty() {
        return Ok(());
    }
    let orders = Column::texts(external_ids.iter().map(String::as_str));
    let which = sql!("o.shop_id = {} AND o.external_id {}", shop, orders);
    clear(connection, tenant, which.clone(), now)?;
    clear_lines_of(connection, tenant, which)
}

/// Takes what the orders of a shop say of buyers out of them.
pub fn clear_orders_of_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    now: Timestamp,
) -> Result<()> {
    let of_shop = sql!("o.shop_id = {}", shop);
    clear(connection, tenant, sql!("{} AND o.personal <> {}", of_shop.clone(), nothing()), now)?;
    clear_lines_of(connection, tenant, of_shop)
}

/// What stands in an order of somebody erased.
fn nothing() -> Json {
    Json(serde_json::json!({"erased": true}))
}

fn clear(connection: &mut AnyConnection, tenant: TenantId, which: Sql<'_>, now: Timestamp) -> Result<()> {
    sql!(
        "UPDATE orders AS o SET personal = {}, attributes = {}, updated_at = {}, revision = revision + 1
         WHERE o.tenant_id = {} AND {}",
        nothing(),
        Json(serde_json::json!({})),
        now,
        tenant,
        which
    )
    .execute(connection)?;
    Ok(())
}

/// Some of those whom a shop knows by an id.
pub fn known_to_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    limit: i64,
) -> Result<BTreeSet<CustomerId>> {
    customers(
        connection,
        sql!(
            "SELECT DISTINCT i.customer_id AS id FROM identities i
             WHERE i.tenant_id = {} AND i.kind = {} AND i.scope = {} LIMIT {}",
            tenant,
            EXTERNAL,
            shop.to_string(),
            limit
        ),
    )
}

/// Those of them whom anybody else knows as well.
pub fn known_elsewhere(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    known: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>> {
    customers(
        connection,
        sql!(
            "SELECT DISTINCT i.customer_id AS id FROM identities i
             WHERE i.tenant_id = {} AND i.customer_id {} AND i.scope <> {} AND i.scope <> {}",
            tenant,
            Column::ids(known.iter().copied()),
            shop.to_string(),
            ""
        ),
    )
}

/// Of these people the customers for whom a shop's ids of them were made: who they are to that shop alone.
pub fn told_by_shop(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    people: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>> {
    customers(
        connection,
        sql!(
            "SELECT DISTINCT i.origin_id AS id FROM identities i
             WHERE i.tenant_id = {} AND i.customer_id {} AND i.scope = {}",
            tenant,
            Column::ids(people.iter().copied()),
            shop.to_string()
        ),
    )
}
