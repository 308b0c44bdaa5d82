//! The rules of tenants.

use super::model::{Settings, Tenant};
use super::store;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::time::Timestamp;

/// What a tenant is made from.
pub struct NewTenant {
    pub name: String,
    pub timezone: String,
    pub currency: String,
    pub country: Option<String>,
}

pub fn create(
    connection: &mut AnyConnection,
    new: NewTenant,
    id: TenantId,
    now: Timestamp,
) -> Result<Tenant> {
    let tenant = Tenant {
        id,
        name: new.name,
        timezone: new.timezone,
        currency: new.currency,
        country: new.country,
        settings: Settings::default(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    store::insert(connection, &tenant)?;
    Ok(tenant)
}

/// Changes a tenant's settings; `change` may refuse.
pub fn update(
    connection: &mut AnyConnection,
    id: TenantId,
    now: Timestamp,
    change: impl FnOnce(&mut Tenant) -> Result<()>,
) -> Result<Tenant> {
    let before = store::find(connection, id)?.ok_or(Error::NotFound { what: "tenant" })?;
    let mut tenant = before.clone();
    change(&mut tenant)?;
    if tenant == before {
        return Ok(tenant);
    }
    if tenant.currency != before.currency && store::has_orders(connection, id)? {
        return Err(Error::conflict(
            "currency_in_use",
            "there are orders, whose sums are in the present currency",
        ));
    }
    tenant.updated_at = now;
    tenant.revision += 1;
    if store::update(connection, &tenant)? {
        Ok(tenant)
    } else {
        Err(Error::conflict("conflict", "another request changed the settings; try again"))
    }
}
