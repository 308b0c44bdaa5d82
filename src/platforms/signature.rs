//! Secrets, and the comparisons that signatures are made of.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a shop and its platform share: one text, or for platforms that need more several by name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    Text(String),
    Fields(BTreeMap<String, String>),
}

impl Secret {
    /// The text. An empty one signs for everybody, so it counts as none.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Self::Fields(_) => None,
        }
    }

    /// A named part that is not empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Fields(fields) => fields.get(name).map(String::as_str).filter(|text| !text.is_empty()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a request is not taken for the platform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the shop has no secret that fits its platform")]
    NoSecret,
    #[error("the header `{0}` is missing or no text")]
    MissingHeader(&'static str),
    #[error("the header `{0}` has not the form that the scheme wants")]
    MalformedHeader(&'static str),
    #[error("the signature fits none of the shop's secrets")]
    Mismatch,
    #[error("the request is signed for another time than now: it is late, or replayed")]
    Stale,
}

/// Decodes standard base64 with its padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether HMAC-SHA256 of the parts in a row, by one of the keys, is the signature. Constant time for each key.
pub fn hmac_sha256<K: AsRef<[u8]>>(
    keys: impl IntoIterator<Item = K>,
    message: &[&[u8]],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let checked = keys.into_iter().filter_map(|key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).ok()?;
        message.iter().for_each(|part| mac.update(part));
        Some(mac.verify_slice(signature).is_ok())
    });
    any(checked)
}

/// Whether MD5 of `before`, the body and `after` is the signature, for one of the pairs, in hexadecimal of either case.
///
/// MD5 with the secret behind the message is weak and is what these platforms define; use HTTPS only.
pub fn md5_around<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
    signature: &[u8; 16],
) -> Result<(), VerifyError> {
    let checked = pairs.into_iter().map(|(before, after)| {
        let digest = Md5::new().chain_update(before).chain_update(body).chain_update(after).finalize();
        digest.as_slice().ct_eq(signature).into()
    });
    any(checked)
}

fn any(checked: impl Iterator<Item = bool>) -> Result<(), VerifyError> {
    // Every secret is tried, so that the time taken does not tell which one fits.
    let fits: Vec<bool> = checked.collect();
    match (fits.is_empty(), fits.contains(&true)) {
        (true, _) => Err(VerifyError::NoSecret),
        (false, true) => Ok(()),
        (false, false) => Err(VerifyError::Mismatch),
    }
}

/// Reads the 32 hexadecimal digits of an MD5 digest.
pub fn md5_from_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| (digit as char).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(bytes)
}

/// The first 128 bits of SHA-256 in hexadecimal: a name for a content.
pub fn fingerprint(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
