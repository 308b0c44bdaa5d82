//! All SQL on tenants.

use diesel::prelude::*;

use super::model::{Settings, Tenant};
use crate::db::AnyConnection;
use crate::db::schema::{orders, tenants};
use crate::db::types::Json;
use crate::error::Result;
use crate::ids::TenantId;
use crate::time::Timestamp;

#[derive(Queryable, Insertable)]
#[diesel(table_name = tenants)]
struct TenantRow {
    tenant_id: TenantId,
    name: String,
    timezone: String,
    currency: String,
    country: Option<String>,
    settings: Json,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

impl TenantRow {
    fn new(tenant: &Tenant) -> Result<Self> {
        Ok(Self {
            tenant_id: tenant.id,
            name: tenant.name.clone(),
            timezone: tenant.timezone.clone(),
            currency: tenant.currency.clone(),
            country: tenant.country.clone(),
            settings: Json(serde_json::to_value(&tenant.settings)?),
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
            revision: tenant.revision,
        })
    }

    fn into_tenant(self) -> Result<Tenant> {
        Ok(Tenant {
            id: self.tenant_id,
            name: self.name,
            timezone: self.timezone,
            currency: self.currency,
            country: self.country,
            settings: self.settings.parse::<Settings>()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}

pub fn insert(connection: &mut AnyConnection, tenant: &Tenant) -> Result<()> {
    diesel::insert_into(tenants::table).values(TenantRow::new(tenant)?).execute(connection)?;
    Ok(())
}

pub fn find(connection: &mut AnyConnection, id: TenantId) -> Result<Option<Tenant>> {
    let row: Option<TenantRow> =
        tenants::table.filter(tenants::tenant_id.eq(id)).first(connection).optional()?;
    row.map(TenantRow::into_tenant).transpose()
}

/// Writes what may change, as long as the stored revision is the one before.
pub fn update(connection: &mut AnyConnection, tenant: &Tenant) -> Result<bool> {
    let row = TenantRow::new(tenant)?;
    let target = tenants::table
        .filter(tenants::tenant_id.eq(tenant.id))
        .filter(tenants::revision.eq(tenant.revision - 1));
    let written = diesel::update(target)
        .set((
            tenants::name.eq(row.name),
            tenants::timezone.eq(row.timezone),
            tenants::currency.eq(row.currency),
            tenants::country.eq(row.country),
            tenants::settings.eq(row.settings),
            tenants::updated_at.eq(row.updated_at),
            tenants::revision.eq(row.revision),
        ))
        .execute(connection)?;
    Ok(written == 1)
}

/// Tenants in the order of their ids, which is that of their creation.
pub fn list(connection: &mut AnyConnection, after: Option<TenantId>, rows: i64) -> Result<Vec<Tenant>> {
    let found: Vec<TenantRow> = tenants::table
        .filter(tenants::tenant_id.gt(after.unwrap_or(TenantId::nil())))
        .order(tenants::tenant_id)
        .limit(rows)
        .load(connection)?;
    found.into_iter().map(TenantRow::into_tenant).collect()
}

pub fn count(connection: &mut AnyConnection) -> Result<i64> {
    Ok(tenants::table.count().get_result(connection)?)
}

pub fn has_orders(connection: &mut AnyConnection, id: TenantId) -> Result<bool> {
    let first: Option<TenantId> = orders::table
        .filter(orders::tenant_id.eq(id))
        .select(orders::tenant_id)
        .first(connection)
        .optional()?;
    Ok(first.is_some())
}
