//! `Idempotency-Key`: a `POST` that is sent again is answered again and takes effect once.
//!
//! The answer is stored in the transaction of its effect, so that there is never one without the other. It is stored
//! as it is, and masked like every answer when it is told again.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use super::body::state;
use super::reply::Reply;
use crate::auth::Caller;
use crate::db::schema::idempotency_keys as keys;
use crate::db::types::Json;
use crate::db::{AnyConnection, DbError};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

/// The key that came with a request, if one did.
pub struct Idempotency {
    key: Option<String>,
    route: String,
    in_flight: Arc<InFlight>,
}

/// How the header is described; only for the description of the API.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the fields describe the header of `Idempotency`")]
struct IdempotencyHeader {
    /// A name for this request, such as a UUID. Sent again within a day, the request is answered as the first time and
    /// takes effect once.
    #[param(rename = "Idempotency-Key", max_length = 255, example = "6f1ed002-ab5f-11eb-8529-0242ac130003")]
    idempotency_key: Option<String>,
}

impl IntoParams for Idempotency {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        IdempotencyHeader::into_params(place)
    }
}

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;
const KEPT_SECONDS: i64 = 24 * 60 * 60;

impl FromRequest for Idempotency {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Idempotency> {
    let key = request.headers().get(HEADER).map(|value| {
        let text = value.to_str().unwrap_or_default();
        let sane =
            (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        sane.then(|| text.to_string()).ok_or_else(|| {
            Error::bad_request(
                "invalid_idempotency_key",
                format!("Idempotency-Key must have 1 to {LONGEST_KEY} visible ASCII characters"),
            )
        })
    });
    Ok(Idempotency {
        key: key.transpose()?,
        route: format!("{} {}", request.method(), request.path()),
        in_flight: Arc::clone(&state(request)?.in_flight),
    })
}

/// The requests with a key that this process is working on.
#[derive(Default)]
pub struct InFlight(Mutex<HashSet<Slot>>);

/// Where an answer is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Slot {
    tenant: TenantId,
    subject: String,
    route: String,
    key: String,
}

/// One request's hold on its key, until it is dropped.
pub struct Claim(Option<Held>);

struct Held {
    slot: Slot,
    body_hash: String,
    in_flight: Arc<InFlight>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut slots = self.in_flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.remove(&self.slot);
    }
}

/// What a request comes to, the first time or again.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    pub status: StatusCode,
    pub value: T,
    pub replayed: bool,
}

impl<T> Stored<T> {
    pub fn reply(self) -> Reply<T> {
        Reply::ok(self.value).status(self.status).replayed(self.replayed)
    }
}

impl Idempotency {
    /// Takes hold of the key for the caller and the body; refused while the same request is being worked on.
    pub fn claim(&self, caller: &Caller, body: &[u8]) -> Result<Claim> {
        self.claim_for(caller.tenant, &caller.subject, body)
    }

    /// [`Idempotency::claim`] for callers without a tenant.
    pub fn claim_for(&self, tenant: TenantId, subject: &str, body: &[u8]) -> Result<Claim> {
        let Some(key) = self.key.clone() else {
            return Ok(Claim(None));
        };
        let slot = Slot { tenant, subject: subject.into(), route: self.route.clone(), key };
        let mut slots = self.in_flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !slots.insert(slot.clone()) {
            return Err(in_flight());
        }
        Ok(Claim(Some(Held {
            slot,
            body_hash: format!("{:x}", Sha256::digest(body)),
            in_flight: Arc::clone(&self.in_flight),
        })))
    }
}

/// Deletes the answers of a tenant that are no longer told again.
pub fn forget_old_answers(connection: &mut AnyConnection, tenant: TenantId, now: Timestamp) -> Result<()> {
    let old = keys::table
        .filter(keys::tenant_id.eq(tenant))
        .filter(keys::created_at.le(now.plus_seconds(-KEPT_SECONDS)));
    diesel::delete(old).execute(connection)?;
    Ok(())
}

fn in_flight() -> Error {
    Error::conflict(
        "idempotency_key_in_flight",
        "a request with this Idempotency-Key is being worked on; try again in a moment",
    )
}

impl Claim {
    /// Does the work, or answers what it came to before. To be called within the work's own transaction.
    pub fn once<T: Serialize + DeserializeOwned>(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
        work: impl FnOnce(&mut AnyConnection) -> Result<(StatusCode, T)>,
    ) -> Result<Stored<T>> {
        if let Some(stored) = self.earlier(connection, now)? {
            return Ok(stored);
        }
        let (status, value) = work(connection)?;
        self.keep(connection, now, status, &value)?;
        Ok(Stored { status, value, replayed: false })
    }

    /// The answer that is stored under the key, as long as it was to the same body.
    pub fn earlier<T: DeserializeOwned>(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<Option<Stored<T>>> {
        let Some(Held { slot, body_hash, .. }) = &self.0 else {
            return Ok(None);
        };
        let found: Option<(String, i64, Json)> = keys::table
            .filter(keys::tenant_id.eq(slot.tenant))
            .filter(keys::subject.eq(&slot.subject))
            .filter(keys::route.eq(&slot.route))
            .filter(keys::key.eq(&slot.key))
            .filter(keys::created_at.gt(now.plus_seconds(-KEPT_SECONDS)))
            .select((keys::body_hash, keys::status, keys::answer))
            .first(connection)
            .optional()?;
        let Some((hash, status, answer)) = found else {
            return Ok(None);
        };
        if hash != *body_hash {
            return Err(Error::unprocessable(
                "idempotency_key_reused",
                "this Idempotency-Key was used with another body",
            ));
        }
        Ok(Some(Stored {
            status: StatusCode::from_u16(status as u16).map_err(Error::internal)?,
            value: answer.parse()?,
            replayed: true,
        }))
    }

    /// Stores the answer; to be called within the transaction of its effect.
    pub fn keep<T: Serialize>(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
        status: StatusCode,
        value: &T,
    ) -> Result<()> {
        let Some(Held { slot, body_hash, .. }) = &self.0 else {
            return Ok(());
        };
        forget_old_answers(connection, slot.tenant, now)?;
        let written = sql!(
            "INSERT INTO idempotency_keys
                (tenant_id, subject, route, key, body_hash, status, answer, created_at)
             VALUES ({}, {}, {}, {}, {}, {}, {}, {})
             ON CONFLICT (tenant_id, subject, route, key) DO NOTHING",
            slot.tenant,
            &slot.subject,
            &slot.route,
            &slot.key,
            body_hash,
            i64::from(status.as_u16()),
            Json(serde_json::to_value(value)?),
            now
        )
        .execute(connection)
        .map_err(DbError::from)?;
        // Another instance was faster: its answer counts, and this transaction is rolled back.
        if written == 0 { Err(in_flight()) } else { Ok(()) }
    }
}
