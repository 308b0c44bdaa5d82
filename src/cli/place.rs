//! Which tenant and shop a command works on, by id or by name.

use super::Failure;
use crate::clock::{Clock, IdGen};
use crate::db::AnyConnection;
use crate::error::Error;
use crate::ids::{ShopId, TenantId};
use crate::shops::{self, Platform, Shop};
use crate::tenants::{self, LifecycleOverrides, NewTenant, Tenant};

const PAGE: i64 = 200;

/// The tenant of that id or name, if there is one.
pub fn find_tenant(connection: &mut AnyConnection, wanted: &str) -> Result<Option<Tenant>, Failure> {
    if let Ok(id) = wanted.parse::<TenantId>() {
        return Ok(tenants::find_tenant(connection, id)?);
    }
    let mut found = all_tenants(connection)?;
    found.retain(|tenant| tenant.name == wanted);
    the_one(found, "tenant", wanted)
}

pub fn all_tenants(connection: &mut AnyConnection) -> Result<Vec<Tenant>, Failure> {
    all(|after| tenants::list_tenants(connection, after, PAGE), |tenant| tenant.id)
}

pub fn tenant(connection: &mut AnyConnection, wanted: &str) -> Result<Tenant, Failure> {
    find_tenant(connection, wanted)?
        .ok_or_else(|| Failure::from(format!("there is no tenant `{wanted}`, neither by id nor by name")))
}

/// The tenant's shop of that id, external id or name.
pub fn shop(connection: &mut AnyConnection, tenant: TenantId, wanted: &str) -> Result<Shop, Failure> {
    let mut found = all(|after| shops::list_shops(connection, tenant, after, PAGE), |shop| shop.id)?;
    let names: Vec<&str> = found.iter().map(|shop| shop.name.as_str()).collect();
    let missing = format!("the tenant has no shop `{wanted}`; it has: {}", names.join(", "));
    let id = wanted.parse::<ShopId>().ok();
    found.retain(|shop| Some(shop.id) == id || shop.external_id == wanted || shop.name == wanted);
    the_one(found, "shop", wanted)?.ok_or_else(|| Failure::from(missing))
}

/// Makes a Chinese tenant of that name.
pub fn make_tenant(
    connection: &mut AnyConnection,
    name: &str,
    clock: &dyn Clock,
    ids: &dyn IdGen,
) -> Result<Tenant, Error> {
    let now = clock.now();
    let new = NewTenant {
        name: name.into(),
        timezone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: Some("CN".into()),
    };
    tenants::create_tenant(connection, new, ids.id(now), now)
}

/// The tenant's shop on that platform, which is made if there is none.
pub fn take_shop(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    (platform, external_id, name): (Platform, &str, &str),
    clock: &dyn Clock,
    ids: &dyn IdGen,
) -> Result<Shop, Failure> {
    let found = all(|after| shops::list_shops(connection, tenant.id, after, PAGE), |shop| shop.id)?;
    let known = found.into_iter().find(|shop| shop.platform == platform && shop.external_id == external_id);
    if let Some(shop) = known {
        return Ok(shop);
    }
    let now = clock.now();
    let shop = Shop {
        tenant: tenant.id,
        id: ids.id(now),
        platform,
        external_id: external_id.into(),
        name: name.into(),
        timezone: tenant.timezone.clone(),
        currency: tenant.currency.clone(),
        lifecycle: LifecycleOverrides::default(),
        webhook_secrets: Vec::new(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    shops::insert_shop(connection, &shop)?;
    Ok(shop)
}

/// Reads a list to its end.
fn all<T, I: Copy>(
    mut page: impl FnMut(Option<I>) -> Result<Vec<T>, Error>,
    id: impl Fn(&T) -> I,
) -> Result<Vec<T>, Failure> {
    let mut found: Vec<T> = Vec::new();
    loop {
        let next = page(found.last().map(&id))?;
        if next.is_empty() {
            return Ok(found);
        }
        found.extend(next);
    }
}

fn the_one<T>(mut found: Vec<T>, noun: &str, name: &str) -> Result<Option<T>, Failure> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        several => Err(Failure::from(format!("{several} {noun}s are called `{name}`; tell the id"))),
    }
}
