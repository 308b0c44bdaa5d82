//! What platforms push: never a panic, and never an order beyond the limits.
//!
//! The first byte chooses the platform, the first line after it the topic; the rest is the body.
#![no_main]

use huitou::platforms::{Authenticity, Context, Event, Headers, Request, Secret, by_name};
use huitou::time::Timestamp;
use huitou::validation::Report;
use libfuzzer_sys::fuzz_target;

const PLATFORMS: [&str; 5] = ["standard", "shopify", "woocommerce", "youzan", "douyin"];

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let split = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (topic, body) = (&rest[..split], &rest[(split + 1).min(rest.len())..]);
    let Some(adapter) = by_name(PLATFORMS[usize::from(first) % PLATFORMS.len()]) else { return };
    let pairs: [(&str, &[u8]); 10] = [
        ("x-shopify-topic", topic),
        ("x-shopify-hmac-sha256", topic),
        ("x-wc-webhook-topic", topic),
        ("x-wc-webhook-signature", topic),
        ("event-sign", topic),
        ("event-type", topic),
        ("app-id", topic),
        ("webhook-id", topic),
        ("webhook-timestamp", b"1780000000"),
        ("webhook-signature", topic),
    ];
    let request = Request { tail: "", query: "", headers: Headers::new(&pairs), body };
    let now = Timestamp::from_micros(1_780_000_000_000_000);
    let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "hush"].map(|text| Secret::Text(text.to_owned()));
    let verified = adapter.verify(&request, &secrets, now);
    assert_ne!(verified.ok(), Some(Authenticity::Signed), "nobody signed this");
    let _ = adapter.acknowledge(&request);
    let context =
        Context { time_zone: jiff::tz::TimeZone::UTC, currency: "CNY".to_owned(), received_at: now };
    let Ok(delivery) = adapter.parse(&request, &context) else { return };
    for event in &delivery.events {
        if let Event::Order { document, .. } = event {
            let wrong = Report::of(&**document);
            assert!(wrong.is_empty(), "an order that is not valid went on: {wrong:?}");
        }
    }
});
