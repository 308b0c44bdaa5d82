//! JSON Web Tokens: one algorithm, fixed by the configuration, whatever a token says about itself.

use std::collections::HashMap;
use std::path::Path;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::config::{Secret, TokenConfig};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who calls.
    pub sub: String,
    /// When the token ends, in seconds since 1970.
    pub exp: i64,
    /// When it begins to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The tenant that it is for; absent for tokens that only create and list tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Scopes, separated by spaces.
    #[serde(default)]
    pub scope: String,
}

/// Seconds that clocks may differ.
const LEEWAY: i64 = 30;

/// Checks tokens.
pub struct Authenticator {
    validation: Validation,
    keys: Keys,
}

enum Keys {
    One(DecodingKey),
    /// By `kid`.
    Named(HashMap<String, DecodingKey>),
}

impl Authenticator {
    /// Reads the keys that the configuration names.
    pub fn new(config: &TokenConfig) -> Result<Self, String> {
        let mut validation = Validation::new(config.algorithm);
        validation.validate_aud = false;
        // The moment is checked against the service's own clock.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        let keys = match (config.algorithm, &config.secret, &config.public_key_file, &config.jwks_file) {
            (Algorithm::HS256, Some(secret), ..) => {
                Keys::One(DecodingKey::from_secret(secret.reveal().as_bytes()))
            }
            (Algorithm::HS256, None, ..) => return Err("JWT_SECRET is not set".into()),
            (algorithm, _, Some(file), _) => Keys::One(from_pem(algorithm, file)?),
            (algorithm, _, None, Some(file)) => Keys::Named(from_key_set(algorithm, file)?),
            _ => return Err("neither JWT_PUBLIC_KEY_FILE nor JWKS_FILE is set".into()),
        };
        Ok(Self { validation, keys })
    }

    /// What the token says, if it is genuine and holds now.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let invalid = || Error::unauthorized("invalid_token", "the token is not valid");
        let key = match &self.keys {
            Keys::One(key) => key,
            Keys::Named(keys) => {
                let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
                let kid = header.kid.ok_or_else(invalid)?;
                keys.get(&kid).ok_or_else(invalid)?
            }
        };
        let claims =
            jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| invalid())?.claims;
        let seconds = now.micros().div_euclid(1_000_000);
        if claims.exp.saturating_add(LEEWAY) <= seconds {
            return Err(Error::unauthorized("token_expired", "the token has expired"));
        }
        if claims.nbf.is_some_and(|begin| begin > seconds.saturating_add(LEEWAY)) {
            return Err(Error::unauthorized("invalid_token", "the token does not hold yet"));
        }
        Ok(claims)
    }
}

fn from_pem(algorithm: Algorithm, file: &Path) -> Result<DecodingKey, String> {
    let pem = read("JWT_PUBLIC_KEY_FILE", file)?;
    let key = match algorithm {
        Algorithm::RS256 => DecodingKey::from_rsa_pem(&pem),
        Algorithm::ES256 => DecodingKey::from_ec_pem(&pem),
        _ => DecodingKey::from_ed_pem(&pem),
    };
    key.map_err(|error| {
        format!(
            "JWT_PUBLIC_KEY_FILE: {} holds no public key for {algorithm:?} as PEM ({error})",
            file.display()
        )
    })
}

fn from_key_set(algorithm: Algorithm, file: &Path) -> Result<HashMap<String, DecodingKey>, String> {
    let bytes = read("JWKS_FILE", file)?;
    let set: JwkSet = serde_json::from_slice(&bytes)
        .map_err(|error| format!("JWKS_FILE: {} is no JSON Web Key Set ({error})", file.display()))?;
    let fitting = |jwk: &&Jwk| {
        let named = jwk.common.key_algorithm.map(|named| named.to_string());
        named.is_none_or(|named| named == format!("{algorithm:?}"))
    };
    let mut keys = HashMap::new();
    for jwk in set.keys.iter().filter(fitting) {
        let (Some(kid), Ok(key)) = (jwk.common.key_id.clone(), DecodingKey::from_jwk(jwk)) else {
            continue;
        };
        if key.family() == algorithm.family() {
            keys.insert(kid, key);
        }
    }
    if keys.is_empty() {
        return Err(format!("JWKS_FILE: {} has no key with a `kid` for {algorithm:?}", file.display()));
    }
    Ok(keys)
}

fn read(variable: &str, file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{variable}: {} cannot be read ({error})", file.display()))
}

/// Signs a token with the shared secret, for development and tests.
pub fn mint(secret: &Secret, claims: &Claims) -> Result<String> {
    let key = EncodingKey::from_secret(secret.reveal().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).map_err(Error::internal)
}
