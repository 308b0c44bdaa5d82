//! Who was forgotten: hashes of the keys by which shops knew them.
//!
//! A record of somebody erased that is older than the erasure tells no personal data and makes no customer; what they do
//! later makes a new one. The hash is HMAC-SHA-256 under a random key that each tenant has for itself, made at its first
//! erasure and kept with its settings: a tenant that never erased anybody pays nothing, rotating `SECRETS_KEY` takes no
//! tombstone away, and the same person in two tenants leaves two different hashes.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::Text;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::IdGen;
use crate::db::types::Instant;
use crate::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

/// What a tenant's tombstones are hashed under.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TombstoneKey(String);

impl std::fmt::Debug for TombstoneKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TombstoneKey(…)")
    }
}

/// A key by which a shop or a channel knows somebody: kind, scope and value of an identity.
pub type PersonKey = (String, String, String);

impl TombstoneKey {
    /// A fresh one. Each id brings at least 62 bits of the operating system's randomness.
    pub fn random(now: Timestamp, ids: &dyn IdGen) -> Self {
        let mut seed = Sha256::new();
        for _ in 0..8 {
            seed.update(ids.uuid(now).as_bytes());
        }
        Self(hex(&seed.finalize()))
    }

    /// What is kept of a key.
    pub fn hash(&self, (kind, scope, value): &PersonKey) -> String {
        // Any length of key will do for an HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        for part in [kind, scope, value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex(&mac.finalize().into_bytes())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const TOMBSTONES: Table = Table {
    name: "tombstones",
    columns: &["tenant_id", "key_hash", "erased_at"],
    key: &["tenant_id", "key_hash"],
};

/// Leaves a tombstone for each of these keys.
pub fn leave(
    connection: &mut AnyConnection,
    tenant: TenantId,
    key: &TombstoneKey,
    keys: &BTreeSet<PersonKey>,
    now: Timestamp,
) -> Result<(), DbError> {
    let hashes: BTreeSet<String> = keys.iter().map(|person| key.hash(person)).collect();
    let upsert = Upsert {
        table: &TOMBSTONES,
        values: vec![
            Column::ids(hashes.iter().map(|_| tenant)),
            Column::texts(hashes.iter().map(String::as_str)),
            Column::instants(hashes.iter().map(|_| now)),
        ],
        on_conflict: OnConflict::Update(&["erased_at"]),
    };
    upsert.execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key_hash: String,
    #[diesel(sql_type = Instant)]
    erased_at: Timestamp,
}

/// Which of these keys are of somebody erased, and since when.
pub fn find<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    key: &TombstoneKey,
    keys: impl Iterator<Item = &'k PersonKey>,
) -> Result<BTreeMap<PersonKey, Timestamp>, DbError> {
    let hashes: BTreeMap<String, &PersonKey> = keys.map(|person| (key.hash(person), person)).collect();
    if hashes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = Column::texts(hashes.keys().map(String::as_str));
    let rows: Vec<Row> = sql!(
        "SELECT t.key_hash, t.erased_at FROM tombstones t WHERE t.tenant_id = {} AND t.key_hash {}",
        tenant,
        wanted
    )
    .load(connection)?;
    let found =
        rows.into_iter().filter_map(|row| Some(((*hashes.get(&row.key_hash)?).clone(), row.erased_at)));
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RandomIds;

    #[test]
    fn a_key_hashes_the_same_under_the_same_key_alone() {
        let (now, ids) = (Timestamp::from_micros(1_700_000_000_000_000), RandomIds::default());
        let (mine, other) = (TombstoneKey::random(now, &ids), TombstoneKey::random(now, &ids));
        let person = |kind: &str, value: &str| (kind.to_string(), "shp".to_string(), value.to_string());
        assert_eq!(mine.hash(&person("external", "1")), mine.hash(&person("external", "1")));
        assert_ne!(mine.hash(&person("external", "1")), other.hash(&person("external", "1")));
        assert_ne!(mine.hash(&person("external", "1")), mine.hash(&person("external1", "")));
        assert!(!format!("{mine:?}").contains(&mine.0));
    }
}
