//! Short secrets at rest: XChaCha20-Poly1305 under the key of the configuration.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::ids::{ShopId, TenantId};

/// The key of the configuration.
#[derive(Clone)]
pub struct SecretsKey(XChaCha20Poly1305);

/// Why a stored secret cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret cannot be decrypted: SECRETS_KEY is another one than when it was stored, or it was tampered with"
)]
pub struct Undecryptable;

const NONCE_BYTES: usize = 24;

impl SecretsKey {
    /// Reads 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, String> {
        let key = STANDARD.decode(text.trim()).map_err(|_| {
            "is not base64; it must be 32 bytes in base64 (openssl rand -base64 32 makes one)".to_string()
        })?;
        XChaCha20Poly1305::new_from_slice(&key).map(Self).map_err(|_| {
            format!(
                "has {} bytes; it must be 32 bytes in base64 (openssl rand -base64 32 makes one)",
                key.len()
            )
        })
    }

    /// Encrypts a shop's secret. It can be read only for the same shop of the same tenant.
    pub fn encrypt(&self, text: &str, tenant: TenantId, shop: ShopId) -> String {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let place = place(tenant, shop);
        let payload = Payload { msg: text.as_bytes(), aad: &place };
        // The cipher refuses only texts of 256 GiB and more.
        let sealed = self.0.encrypt(&nonce, payload).unwrap_or_default();
        STANDARD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// What [`SecretsKey::encrypt`] was given.
    pub fn decrypt(&self, sealed: &str, tenant: TenantId, shop: ShopId) -> Result<String, Undecryptable> {
        let bytes = STANDARD.decode(sealed).map_err(|_| Undecryptable)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(Undecryptable)?;
        let place = place(tenant, shop);
        let payload = Payload { msg: sealed, aad: &place };
        let text = self.0.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| Undecryptable)?;
        String::from_utf8(text).map_err(|_| Undecryptable)
    }
}

fn place(tenant: TenantId, shop: ShopId) -> Vec<u8> {
    [tenant.uuid().into_bytes(), shop.uuid().into_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(byte: u8) -> SecretsKey {
        SecretsKey::parse(&STANDARD.encode([byte; 32])).unwrap()
    }

    #[test]
    fn a_secret_is_read_only_with_its_key_and_for_its_shop() {
        let (tenant, shop) = (TenantId::nil(), ShopId::from_uuid(Uuid::from_u128(1)));
        let sealed = key(1).encrypt("whsec_abc", tenant, shop);
        assert!(!sealed.contains("whsec"));
        assert_eq!(key(1).decrypt(&sealed, tenant, shop).as_deref(), Ok("whsec_abc"));
        assert_eq!(key(2).decrypt(&sealed, tenant, shop), Err(Undecryptable));
        assert_eq!(key(1).decrypt(&sealed, tenant, ShopId::nil()), Err(Undecryptable));
    }

    #[test]
    fn the_same_secret_looks_different_each_time() {
        let (tenant, shop) = (TenantId::nil(), ShopId::nil());
        assert_ne!(key(1).encrypt("a", tenant, shop), key(1).encrypt("a", tenant, shop));
    }

    #[test]
    fn a_key_has_32_bytes() {
        assert!(SecretsKey::parse("bm90IDMyIGJ5dGVz").is_err());
        assert!(SecretsKey::parse("%").is_err());
    }
}
