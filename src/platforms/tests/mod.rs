//! The adapters against real payloads, signed requests and whatever else may arrive.

mod any_order;
mod douyin;
mod garbage;
mod guide;
mod samples;
mod shopify;
mod standard;
mod vectors;
mod woocommerce;
mod youzan;

use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::orders::OrderDocument;
use crate::time::time_zone;

/// A request that is still being put together.
struct Sent {
    platform: &'static dyn Adapter,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn new(platform: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { platform: by_name(platform).unwrap(), headers: headers.collect(), body: body.into() }
    }

    fn with<T>(&self, read: impl FnOnce(&Request) -> T) -> T {
        let pairs: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        read(&Request { tail: "", query: "", headers: Headers::new(&pairs), body: &self.body })
    }

    fn verify(&self, secrets: &[Secret], now: Timestamp) -> Result<Authenticity, VerifyError> {
        self.with(|request| self.platform.verify(request, secrets, now))
    }

    fn try_parse(&self) -> Result<Delivery, ParseError> {
        self.with(|request| self.platform.parse(request, &context()))
    }

    fn parse(&self) -> Delivery {
        self.try_parse().unwrap()
    }

    /// The first order that it tells of.
    fn order(&self) -> (String, OrderDocument) {
        self.orders().remove(0)
    }

    fn orders(&self) -> Vec<(String, OrderDocument)> {
        orders(self.parse())
    }
}

fn orders(delivery: Delivery) -> Vec<(String, OrderDocument)> {
    let orders = delivery.events.into_iter().filter_map(|event| match event {
        Event::Order { external_id, document } => Some((external_id, *document)),
        _ => None,
    });
    orders.collect()
}

fn context() -> Context {
    Context {
        time_zone: time_zone("Asia/Shanghai").unwrap(),
        currency: "CNY".to_owned(),
        received_at: at("2026-11-22T00:00:01Z"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::Text(text.to_owned())
}

fn fields<const N: usize>(fields: [(&str, &str); N]) -> Secret {
    Secret::Fields(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// A file of the fixtures that lie in the repository.
fn fixture(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/platforms");
    std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of the collected samples, which lie beside the repository and not in it.
fn sample(path: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    let found = std::fs::read(root.join(path)).ok();
    if found.is_none() {
        println!("SKIPPED: ../shared/samples/{path} is not there");
    }
    found
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn every_platform_of_the_contract_is_heard_by_itself_or_through_a_relay() {
    let own = ["standard", "other", "shopify", "woocommerce", "youzan", "douyin"];
    for platform in crate::shops::Platform::ALL {
        let name = platform.as_str();
        assert!(by_name(name).is_some(), "{name}");
        assert_eq!(is_relayed(name), !own.contains(&name), "{name}");
    }
    for name in ["", "Shopify"] {
        assert!(by_name(name).is_none(), "{name}");
    }
}

#[test]
fn a_secret_reads_as_the_contract_writes_it_and_never_shows_in_logs() {
    let secrets: Vec<Secret> =
        serde_json::from_str(r#"["whsec_x", {"app_key": "k", "app_secret": "s"}]"#).unwrap();
    assert_eq!(secrets[0].text(), Some("whsec_x"));
    assert_eq!(secrets[1].field("app_secret"), Some("s"));
    assert_eq!(format!("{secrets:?}"), "[Secret(…), Secret(…)]");
}

#[test]
fn each_platform_is_answered_as_it_expects() {
    let answer = |name: &str| {
        let sent = Sent::new(name, &[], "");
        let answer = sent.with(|request| sent.platform.acknowledge(request));
        assert_eq!(answer.status, 200);
        answer.body.into_owned()
    };
    assert_eq!(answer("youzan"), r#"{"code":0,"msg":"success"}"#);
    assert_eq!(answer("douyin"), r#"{"code":0,"msg":"success"}"#);
    assert_eq!(answer("shopify"), "{}");
}

#[test]
fn the_samples_of_the_documentation_tell_orders() {
    for (platform, file, topic, told) in [
        ("standard", "standard/order.json", "", 1),
        ("shopify", "shopify/order.json", "orders/updated", 2),
        ("woocommerce", "woocommerce/order.json", "order.updated", 1),
        ("youzan", "youzan/push.json", "", 1),
        ("douyin", "douyin/push.json", "", 2),
    ] {
        let headers = [("X-Shopify-Topic", topic), ("X-WC-Webhook-Topic", topic)];
        let delivery = Sent::new(platform, &headers, fixture(file)).parse();
        let events = delivery.events.len();
        assert_eq!((orders(delivery).len(), events), (told, told), "{platform}");
    }
}
