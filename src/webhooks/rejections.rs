//! What was turned away: the last hundred requests of each shop whose signature is wrong, without their bodies.
//!
//! Anybody can send such requests as fast as they like. So they are noted in memory, the newest of each shop only, and
//! written every few seconds over the oldest rows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

use super::store;
use crate::db::{AnyConnection, Db, DbError};
use crate::error::Result;
use crate::http::PersonalData;
use crate::ids::{ShopId, TenantId};
use crate::time::Timestamp;

/// Rejections that are kept of a shop.
const KEPT: i64 = 100;

/// A request that was turned away.
#[derive(Debug, Clone)]
pub struct Rejection {
    pub at: Timestamp,
    pub reason: String,
    pub body_bytes: i64,
    pub user_agent: Option<String>,
}

/// A request whose signature is wrong. Its body is not kept.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RejectionResponse {
    pub shop_id: ShopId,
    pub rejected_at: Timestamp,
    /// What was wrong.
    #[schema(example = "the signature fits none of the shop's secrets")]
    pub reason: String,
    /// How many bytes its body had.
    #[schema(example = 2_048)]
    pub body_bytes: i64,
    /// What the sender calls itself.
    #[schema(example = "Shopify-Captain-Hook")]
    pub user_agent: Option<String>,
}

impl PersonalData for RejectionResponse {}

/// The place of a rejection in the list.
pub type Place = store::RejectionPlace;

/// A rejection and its place.
pub type Placed = (Place, RejectionResponse);

/// A page of rejections, newest first, and how many there are in all.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: Option<ShopId>,
    after: Option<Place>,
    limit: i64,
    counted: bool,
) -> Result<(Vec<Placed>, Option<i64>)> {
    let total = counted.then(|| store::count_rejections(connection, tenant, shop)).transpose()?;
    Ok((store::rejections(connection, tenant, shop, after, limit)?, total))
}

/// Notes rejections of this instance.
#[derive(Default)]
pub struct Rejections(Mutex<HashMap<(TenantId, ShopId), Noted>>);

struct Noted {
    /// The slot after the last one; they go round.
    next: i64,
    unwritten: Vec<(i64, Rejection)>,
}

impl Rejections {
    pub fn note(&self, tenant: TenantId, shop: ShopId, rejection: Rejection) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = all.entry((tenant, shop)).or_insert_with(|| {
            // Begins anywhere, so that restarts do not always overwrite the same ones.
            Noted { next: rejection.at.micros() / 1_000_000 % KEPT, unwritten: Vec::new() }
        });
        let slot = noted.next;
        noted.next = (slot + 1) % KEPT;
        noted.unwritten.retain(|(taken, _)| *taken != slot);
        noted.unwritten.push((slot, rejection));
    }

    /// Writes what was noted since the last time.
    pub async fn write(&self, db: &Db) -> Result<(), DbError> {
        let mut by_tenant: HashMap<TenantId, Vec<(ShopId, i64, Rejection)>> = HashMap::new();
        for ((tenant, shop), noted) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            let unwritten = std::mem::take(&mut noted.unwritten).into_iter();
            let rows = unwritten.map(|(slot, rejection)| (*shop, slot, rejection));
            by_tenant.entry(*tenant).or_default().extend(rows);
        }
        for (tenant, rows) in by_tenant.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            db.write(move |connection| {
                let mut rows: Vec<_> =
                    rows.iter().map(|(shop, slot, rejection)| (*shop, *slot, rejection)).collect();
                rows.sort_by_key(|(shop, slot, _)| (*shop, *slot));
                store::reject(connection, tenant, &rows)
            })
            .await?;
        }
        Ok(())
    }
}
