//! The rules of shops.

use super::model::Shop;
use super::store;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::{ShopId, TenantId};
use crate::time::Timestamp;

const SHOP: Error = Error::NotFound { what: "shop" };

pub fn get(connection: &mut AnyConnection, tenant: TenantId, id: ShopId) -> Result<Shop> {
    store::find(connection, tenant, id)?.ok_or(SHOP)
}

/// Changes a shop; `change` may refuse.
pub fn update(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: ShopId,
    now: Timestamp,
    change: impl FnOnce(&mut Shop) -> Result<()>,
) -> Result<Shop> {
    let before = get(connection, tenant, id)?;
    let mut shop = before.clone();
    change(&mut shop)?;
    if shop == before {
        return Ok(shop);
    }
    if shop.currency != before.currency && store::is_in_use(connection, tenant, id)? {
        return Err(Error::conflict(
            "currency_in_use",
            "the shop has orders or products in its present currency",
        ));
    }
    shop.updated_at = now;
    shop.revision += 1;
    if store::update(connection, &shop)? {
        Ok(shop)
    } else {
        Err(Error::conflict("conflict", "another request changed the shop; try again"))
    }
}

/// Deletes a shop to which nothing belongs; `allow` may refuse.
pub fn delete(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: ShopId,
    allow: impl FnOnce(&Shop) -> Result<()>,
) -> Result<()> {
    // Orders that are on their way keep the shop until they are there, and those that come later find none.
    store::lock(connection, tenant, id)?;
    allow(&get(connection, tenant, id)?)?;
    if store::is_in_use(connection, tenant, id)? {
        return Err(Error::conflict("shop_in_use", "orders, customers or products belong to the shop"));
    }
    store::delete(connection, tenant, id)
}
