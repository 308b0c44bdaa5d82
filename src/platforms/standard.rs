//! Standard Webhooks (standardwebhooks.com) with the canonical order as its body: for relays, tills and a shop's own
//! systems.
//!
//! The body is one order with its `external_id`, a list `{"orders": […]}`, or the specification's envelope
//! `{"type": "order.updated", "timestamp": …, "data": …}`. The type's first word says what `data` is: `order` an order
//! or a list of orders, `customer` a customer; `customer.data_request`, `customer.redact` and `shop.redact` are privacy
//! requests, `ping` asks for nothing.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::delivery::{
    Authenticity, Context, CustomerUpdate, Delivery, Event, ParseError, PrivacyRequest, Request,
};
use super::json::{self, Node};
use super::signature::{self, Secret, VerifyError, fingerprint, from_base64};
use super::{Adapter, moment};
use crate::orders::document::OrderDocument;
use crate::time::Timestamp;

/// How far a request's time may lie from now, both ways, in seconds: what all the scheme's libraries allow.
pub const TOLERANCE: i64 = 300;

/// Secrets are handed out with padding and without.
const KEYS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub struct Standard;

impl Adapter for Standard {
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let header = |name| request.headers.get(name).ok_or(VerifyError::MissingHeader(name));
        let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
        let signatures = header("webhook-signature")?;
        let malformed = VerifyError::MalformedHeader("webhook-timestamp");
        let seconds: i64 = time.parse().map_err(|_| malformed)?;
        let keys: Vec<Vec<u8>> = secrets.iter().filter_map(Secret::text).filter_map(key).collect();
        if keys.is_empty() {
            return Err(VerifyError::NoSecret);
        }
        let message = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
        // Other versions (`v1a` is signed with a public key) stand beside ours while a sender changes over. The bound
        // keeps the work linear in the body.
        let ours = signatures
            .split_ascii_whitespace()
            .take(8)
            .filter_map(|signature| from_base64(signature.strip_prefix("v1,")?));
        let mut fits = false;
        for signature in ours {
            fits |= signature::hmac_sha256(&keys, &message, &signature).is_ok();
        }
        if !fits {
            return Err(VerifyError::Mismatch);
        }
        let age = (now.micros() / 1_000_000).saturating_sub(seconds);
        if !(-TOLERANCE..=TOLERANCE).contains(&age) {
            return Err(VerifyError::Stale);
        }
        Ok(Authenticity::Signed)
    }

    fn parse(&self, request: &Request, _context: &Context) -> Result<Delivery, ParseError> {
        let mut body = json::parse(request.body)?;
        let node = Node::new(&body);
        let (topic, told_at) = (node.text("type"), node.rfc3339("timestamp").ok().flatten());
        let events = match &topic {
            Some(topic) => from_envelope(topic, body["data"].take())?,
            None if node.at("orders").exists() => orders(body["orders"].take()),
            None => vec![order(body, "")?],
        };
        let header = |name| request.headers.get(name);
        let signed_at = header("webhook-timestamp").and_then(|time| moment::from_unix(time.parse().ok()?));
        let key = header("webhook-id").map_or_else(|| fingerprint(request.body), |id| Delivery::key(&[id]));
        Ok(Delivery {
            delivery_key: key,
            topic: topic.unwrap_or_else(|| "order".to_owned()),
            event_time: told_at.or(signed_at),
            events,
        })
    }
}

/// The key in a secret such as `whsec_MfKQ…`.
fn key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    KEYS.decode(text).ok().filter(|key| !key.is_empty())
}

fn from_envelope(topic: &str, data: Value) -> Result<Vec<Event>, ParseError> {
    let events = match topic {
        "ping" | "test" => vec![Event::Ping],
        "shop.redact" => vec![Event::ShopRedact],
        "customer.data_request" => {
            vec![Event::CustomerDataRequest(privacy_request(data)?)]
        }
        "customer.redact" => vec![Event::CustomerRedact(privacy_request(data)?)],
        _ if is_about(topic, "order") && data.is_array() => orders(data),
        _ if is_about(topic, "order") => vec![order(data, "/data")?],
        _ if is_about(topic, "customer") => {
            vec![Event::customer(read::<CustomerUpdate>(data, "/data")?)?]
        }
        _ => vec![Event::ignored("an event of a type that is not known here")],
    };
    Ok(events)
}

fn is_about(topic: &str, noun: &str) -> bool {
    topic.strip_prefix(noun).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Each order of a list by itself: a bad one does not take the others with it.
fn orders(list: Value) -> Vec<Event> {
    let Value::Array(entries) = list else { return Vec::new() };
    let entries = entries.into_iter().enumerate();
    let read = |(index, entry)| order(entry, &format!("/{index}"));
    entries.map(|entry| read(entry).unwrap_or_else(|error| Event::Refused { error })).collect()
}

fn order(mut value: Value, at: &str) -> Result<Event, ParseError> {
    let external_id = Node::new(&value).required_id("external_id")?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("external_id");
    }
    Event::order(external_id, read::<OrderDocument>(value, at)?)
}

fn privacy_request(data: Value) -> Result<PrivacyRequest, ParseError> {
    let request: PrivacyRequest = read(data, "/data")?;
    if request.external_id.is_none() && request.email.is_none() && request.phone.is_none() {
        return Err(ParseError::Missing("external_id"));
    }
    Ok(request)
}

fn read<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, ParseError> {
    // Keeping track of the place costs time, so only what does not fit pays for it.
    T::deserialize(&value).or_else(|_| serde_path_to_error::deserialize(value)).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { format!("/{path}") };
        ParseError::Shape {
            at: format!("{at}{path}"),
            problem: without_values(&error.into_inner().to_string()),
        }
    })
}

/// The parser's message without the value that it quotes, which may be personal.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}…{}", &message[..first], &message[last + 1..])
        }
        _ => message.to_owned(),
    }
}
