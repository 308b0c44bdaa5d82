//! Tenants by id, remembered for a moment: every request needs its tenant.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::model::Tenant;
use super::store;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::time::Timestamp;

/// Finds tenants. What another instance changes is seen within `KEPT_SECONDS`.
pub struct TenantCache {
    db: Db,
    clock: Arc<dyn Clock>,
    known: RwLock<HashMap<TenantId, Known>>,
}

struct Known {
    tenant: Arc<Tenant>,
    until: Timestamp,
}

const KEPT_SECONDS: i64 = 5;

impl TenantCache {
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock, known: RwLock::default() }
    }

    /// The tenant, if there is one.
    pub async fn find(&self, id: TenantId) -> Result<Option<Arc<Tenant>>> {
        if let Some(tenant) = self.remembered(id) {
            return Ok(Some(tenant));
        }
        let found = self.db.read(move |connection| store::find(connection, id)).await?;
        Ok(found.map(|tenant| self.remember(tenant)))
    }

    /// The tenant of a caller, who has one.
    pub async fn get(&self, id: TenantId) -> Result<Arc<Tenant>> {
        self.find(id).await?.ok_or(Error::NotFound { what: "tenant" })
    }

    /// Forgets what may have changed.
    pub fn forget(&self, id: TenantId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn remembered(&self, id: TenantId) -> Option<Arc<Tenant>> {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).filter(|known| known.until > now).map(|known| Arc::clone(&known.tenant))
    }

    fn remember(&self, tenant: Tenant) -> Arc<Tenant> {
        let tenant = Arc::new(tenant);
        let until = self.clock.now().plus_seconds(KEPT_SECONDS);
        let known = Known { tenant: Arc::clone(&tenant), until };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, known);
        tenant
    }
}
