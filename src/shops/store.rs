//! All SQL on shops.

use diesel::prelude::*;

use super::model::{Platform, Shop};
use crate::db::schema::{customer_shop_facts, events, identities, orders, products, shops};
use crate::db::types::Json;
use crate::db::{AnyConnection, Backend, DbError};
use crate::error::{Error, Result};
use crate::ids::{ShopId, TenantId};
use crate::sql;
use crate::time::Timestamp;

#[derive(Queryable, Insertable)]
#[diesel(table_name = shops)]
struct ShopRow {
    tenant_id: TenantId,
    id: ShopId,
    platform: String,
    external_id: String,
    name: String,
    timezone: String,
    currency: String,
    lifecycle: Json,
    webhook_secrets: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

impl ShopRow {
    fn new(shop: &Shop) -> Result<Self> {
        let secrets = Some(&shop.webhook_secrets).filter(|secrets| !secrets.is_empty());
        Ok(Self {
            tenant_id: shop.tenant,
            id: shop.id,
            platform: shop.platform.as_str().into(),
            external_id: shop.external_id.clone(),
            name: shop.name.clone(),
            timezone: shop.timezone.clone(),
            currency: shop.currency.clone(),
            lifecycle: Json(serde_json::to_value(shop.lifecycle)?),
            webhook_secrets: secrets.map(serde_json::to_string).transpose()?,
            created_at: shop.created_at,
            updated_at: shop.updated_at,
            revision: shop.revision,
        })
    }

    fn into_shop(self) -> Result<Shop> {
        let secrets = self.webhook_secrets.map(|text| serde_json::from_str(&text)).transpose()?;
        Ok(Shop {
            tenant: self.tenant_id,
            id: self.id,
            platform: Platform::parse(&self.platform)
                .ok_or_else(|| Error::internal(format!("shop {} is on an unknown platform", self.id)))?,
            external_id: self.external_id,
            name: self.name,
            timezone: self.timezone,
            currency: self.currency,
            lifecycle: self.lifecycle.parse()?,
            webhook_secrets: secrets.unwrap_or_default(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}

pub fn insert(connection: &mut AnyConnection, shop: &Shop) -> Result<()> {
    let inserted = diesel::insert_into(shops::table).values(ShopRow::new(shop)?).execute(connection);
    inserted.map_err(taken)?;
    Ok(())
}

/// The shop, if the tenant has it.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: ShopId) -> Result<Option<Shop>> {
    let row: Option<ShopRow> = shops::table
        .filter(shops::tenant_id.eq(tenant))
        .filter(shops::id.eq(id))
        .first(connection)
        .optional()?;
    row.map(ShopRow::into_shop).transpose()
}

/// Shops in the order of their ids, which is that of their creation.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: Option<ShopId>,
    rows: i64,
) -> Result<Vec<Shop>> {
    let found: Vec<ShopRow> = shops::table
        .filter(shops::tenant_id.eq(tenant))
        .filter(shops::id.gt(after.unwrap_or(ShopId::nil())))
        .order(shops::id)
        .limit(rows)
        .load(connection)?;
    found.into_iter().map(ShopRow::into_shop).collect()
}

pub fn count(connection: &mut AnyConnection, tenant: TenantId) -> Result<i64> {
    Ok(shops::table.filter(shops::tenant_id.eq(tenant)).count().get_result(connection)?)
}

/// Writes what may change, as long as the stored revision is the one before.
pub fn update(connection: &mut AnyConnection, shop: &Shop) -> Result<bool> {
    let row = ShopRow::new(shop)?;
    let target = shops::table
        .filter(shops::tenant_id.eq(shop.tenant))
        .filter(shops::id.eq(shop.id))
        .filter(shops::revision.eq(shop.revision - 1));
    let written = diesel::update(target)
        .set((
            shops::external_id.eq(row.external_id),
            shops::name.eq(row.name),
            shops::timezone.eq(row.timezone),
            shops::currency.eq(row.currency),
            shops::lifecycle.eq(row.lifecycle),
            shops::webhook_secrets.eq(row.webhook_secrets),
            shops::updated_at.eq(row.updated_at),
            shops::revision.eq(row.revision),
        ))
        .execute(connection)
        .map_err(taken)?;
    Ok(written == 1)
}

pub fn delete(connection: &mut AnyConnection, tenant: TenantId, id: ShopId) -> Result<()> {
    let target = shops::table.filter(shops::tenant_id.eq(tenant)).filter(shops::id.eq(id));
    diesel::delete(target).execute(connection)?;
    Ok(())
}

/// Waits for those who use the shop, and keeps others from it until the end of the transaction. (On SQLite the writer is
/// alone anyway.)
pub fn lock(connection: &mut AnyConnection, tenant: TenantId, id: ShopId) -> Result<()> {
    if connection.backend() == Backend::Postgres {
        sql!("SELECT id FROM shops WHERE tenant_id = {} AND id = {} FOR UPDATE", tenant, id)
            .execute(connection)?;
    }
    Ok(())
}

/// Whether anything belongs to the shop.
pub fn is_in_use(connection: &mut AnyConnection, tenant: TenantId, id: ShopId) -> Result<bool> {
    let orders = orders::table
        .filter(orders::tenant_id.eq(tenant))
        .filter(orders::shop_id.eq(id))
        .select(orders::shop_id);
    let products = products::table
        .filter(products::tenant_id.eq(tenant))
        .filter(products::shop_id.eq(id))
        .select(products::shop_id);
    let events = events::table
        .filter(events::tenant_id.eq(tenant))
        .filter(events::shop_id.eq(id))
        .select(events::recorded_at);
    let facts = customer_shop_facts::table
        .filter(customer_shop_facts::tenant_id.eq(tenant))
        .filter(customer_shop_facts::shop_id.eq(id))
        .select(customer_shop_facts::shop_id);
    let known_buyers = identities::table
        .filter(identities::tenant_id.eq(tenant))
        .filter(identities::kind.eq("external"))
        .filter(identities::scope.eq(id.to_string()))
        .select(identities::scope);
    Ok(orders.first::<ShopId>(connection).optional()?.is_some()
        || products.first::<ShopId>(connection).optional()?.is_some()
        || events.first::<Timestamp>(connection).optional()?.is_some()
        || facts.first::<ShopId>(connection).optional()?.is_some()
        || known_buyers.first::<String>(connection).optional()?.is_some())
}

fn taken(error: diesel::result::Error) -> Error {
    match DbError::from(error) {
        DbError::Taken(_) => {
            Error::conflict("shop_exists", "there is a shop with this platform and external_id already")
        }
        other => other.into(),
    }
}
