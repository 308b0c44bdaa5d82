//! Who may push to which shop, remembered for a moment: every delivery needs it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::error::{Error, Result};
use crate::ids::{ShopId, TenantId};
use crate::platforms::{self, Adapter, Context, Secret};
use crate::secrets::SecretsKey;
use crate::shops::{Platform, Shop, find_shop};
use crate::time::{Timestamp, time_zone};

/// A shop to which its platform can push.
pub struct Endpoint {
    pub shop_id: ShopId,
    pub platform: Platform,
    pub adapter: &'static dyn Adapter,
    /// Decrypted.
    pub secrets: Vec<Secret>,
    time_zone: TimeZone,
    currency: String,
}

impl Endpoint {
    fn of(shop: &Shop, key: Option<&SecretsKey>) -> Result<Option<Self>> {
        let Some(adapter) = platforms::by_name(shop.platform.as_str()) else {
            return Ok(None);
        };
        let secrets = shop.webhook_secrets.iter().map(|sealed| {
            let unreadable = |cause: String| Error::Unavailable { retry_after: 60, cause };
            let key = key.ok_or_else(|| unreadable("SECRETS_KEY is not set".into()))?;
            let text =
                key.decrypt(sealed, shop.tenant, shop.id).map_err(|error| unreadable(error.to_string()))?;
            Ok(serde_json::from_str(&text)?)
        });
        Ok(Some(Self {
            shop_id: shop.id,
            platform: shop.platform,
            adapter,
            secrets: secrets.collect::<Result<_>>()?,
            time_zone: time_zone(&shop.timezone).unwrap_or(TimeZone::UTC),
            currency: shop.currency.clone(),
        }))
    }

    pub fn context(&self, received_at: Timestamp) -> Context {
        Context { time_zone: self.time_zone.clone(), currency: self.currency.clone(), received_at }
    }
}

/// Finds endpoints. What another instance changes is seen within `KEPT_SECONDS`.
pub struct Endpoints {
    db: Db,
    clock: Arc<dyn Clock>,
    key: Option<SecretsKey>,
    known: RwLock<HashMap<(TenantId, ShopId), Known>>,
}

#[derive(Clone)]
struct Known {
    /// `None` where there is no such endpoint.
    endpoint: Option<Arc<Endpoint>>,
    until: Timestamp,
}

const KEPT_SECONDS: i64 = 5;
/// Anybody can ask for endpoints that do not exist, so they must not fill the memory.
const MOST_KNOWN: usize = 10_000;
/// How long a look-up may take before what was known a while ago has to do.
const PATIENCE: Duration = Duration::from_millis(500);

impl Endpoints {
    pub fn new(db: Db, clock: Arc<dyn Clock>, key: Option<SecretsKey>) -> Self {
        Self { db, clock, key, known: RwLock::default() }
    }

    /// The endpoint, if there is such a tenant and it has the shop. Which of them is missing cannot be told apart.
    pub async fn find(&self, tenant: TenantId, shop: ShopId) -> Result<Option<Arc<Endpoint>>> {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&(tenant, shop)).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.until > now) {
            return Ok(known.endpoint.clone());
        }
        let look = self.db.read(move |connection| find_shop(connection, tenant, shop));
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(found)) => {
                let endpoint = match found {
                    Some(shop) => Endpoint::of(&shop, self.key.as_ref())?.map(Arc::new),
                    None => None,
                };
                self.remember((tenant, shop), endpoint.clone(), now);
                Ok(endpoint)
            }
            // The database stalls: better to verify by what was right a moment ago than to turn the sender away.
            failed => match (known, failed) {
                (Some(known), _) => Ok(known.endpoint),
                (None, Ok(Err(error))) => Err(error),
                (None, _) => Err(DbError::Busy.into()),
            },
        }
    }

    /// Forgets what may have changed.
    pub fn forget(&self, tenant: TenantId, shop: ShopId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&(tenant, shop));
    }

    fn remember(&self, key: (TenantId, ShopId), endpoint: Option<Arc<Endpoint>>, now: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, known| known.until > now && known.endpoint.is_some());
        }
        if known.len() < MOST_KNOWN {
            known.insert(key, Known { endpoint, until: now.plus_seconds(KEPT_SECONDS) });
        }
    }
}
