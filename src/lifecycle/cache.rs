//! The bounds between RFM scores, remembered: they move slowly, and finding them takes a look at every customer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::service::{Rules, cuts};
use super::{Cuts, RfmSettings};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::tenants::Tenant;
use crate::time::Timestamp;

/// The bounds of each tenant over all shops.
#[derive(Clone, Default)]
pub struct CutsCache(Arc<Mutex<HashMap<TenantId, Arc<Entry>>>>);

#[derive(Default)]
struct Entry {
    known: Mutex<Option<Known>>,
    /// Held by whoever looks, so that one does and the others wait without a connection.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    settings: RfmSettings,
    cuts: Option<Cuts>,
    until: Timestamp,
}

/// How long bounds are as good as new.
const KEPT_SECONDS: i64 = 600;
/// How long a request waits for the first.
const PATIENCE: Duration = Duration::from_secs(1);

impl CutsCache {
    /// The bounds as they were about ten minutes ago at most. Older ones are answered once more while new ones are
    /// looked for; where none are known yet and a million customers take their time, nobody waits longer than a second.
    pub async fn get(&self, db: &Db, tenant: &Arc<Tenant>, now: Timestamp) -> Result<Option<Cuts>> {
        let entry = Arc::clone(lock(&self.0).entry(tenant.id).or_default());
        if let Some(known) = entry.known(tenant) {
            if known.until <= now {
                entry.renew(db.clone(), Arc::clone(tenant), now);
            }
            return Ok(known.cuts);
        }
        // A task of its own goes on when whoever asked first has gone.
        let first = actix_web::rt::spawn(entry.find(db.clone(), Arc::clone(tenant), now));
        match tokio::time::timeout(PATIENCE, first).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => Ok(None),
        }
    }
}

impl Entry {
    fn known(&self, tenant: &Tenant) -> Option<Known> {
        lock(&self.known).clone().filter(|known| known.settings == tenant.settings.rfm)
    }

    /// Looks for bounds, or waits for whoever does.
    async fn find(self: Arc<Self>, db: Db, tenant: Arc<Tenant>, now: Timestamp) -> Result<Option<Cuts>> {
        let _turn = self.turn.lock().await;
        match self.known(&tenant) {
            Some(known) => Ok(known.cuts),
            None => self.look(&db, &tenant, now).await,
        }
    }

    /// Looks for new bounds beside, unless somebody does.
    fn renew(self: Arc<Self>, db: Db, tenant: Arc<Tenant>, now: Timestamp) {
        actix_web::rt::spawn(async move {
            let Ok(_turn) = self.turn.try_lock() else { return };
            if let Err(error) = self.look(&db, &tenant, now).await {
                tracing::warn!(%error, "the bounds between RFM scores stay as they were");
            }
        });
    }

    async fn look(&self, db: &Db, tenant: &Arc<Tenant>, now: Timestamp) -> Result<Option<Cuts>> {
        let of = Arc::clone(tenant);
        let look = move |connection: &mut crate::db::AnyConnection| {
            let rules = Rules::overall(&of, now)?;
            cuts(connection, rules.facts, &of.settings.rfm, &rules.moment)
        };
        let cuts = db.read(look).await?;
        let until = now.plus_seconds(KEPT_SECONDS);
        *lock(&self.known) = Some(Known { settings: tenant.settings.rfm.clone(), cuts, until });
        Ok(cuts)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
