//! docs/PLATFORMS.md shows an adapter: it compiles, and does what the guide says.

mod acme;

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;

/// The guide's blocks in a language.
fn blocks(language: &str) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/PLATFORMS.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let start = format!("```{language}\n");
    let blocks = guide.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_guide_shows_the_adapter_that_is_compiled_here() {
    let source = include_str!("guide/acme.rs");
    let shown = &source[source.find("const SIGNATURE").unwrap()..];
    assert_eq!(
        blocks("rust"),
        [shown],
        "copy one into the other: the source is src/platforms/tests/guide/acme.rs"
    );
}

#[test]
fn the_guides_adapter_verifies_and_reads_the_guides_message() {
    let body = blocks("json").remove(0);
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
    mac.update(body.as_bytes());
    let signature =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, mac.finalize().into_bytes());
    let headers = vec![("X-Acme-Signature".to_owned(), signature)];
    let sent = Sent { platform: &acme::Acme, headers, body: body.into_bytes() };
    let now = at("2026-11-22T00:00:00Z");
    assert_eq!(sent.verify(&[secret("hush")], now), Ok(Authenticity::Signed));
    assert_eq!(sent.verify(&[secret("guess")], now), Err(VerifyError::Mismatch));
    assert_eq!(sent.parse().delivery_key, "order.paid:e-17");
    let (id, document) = sent.order();
    let expected = json!({
        "version": "2026-11-11T00:03:10Z", "status": "paid", "paid_at": "2026-11-11T00:01:40Z", "total_amount": 25_800,
        "customer": {"external_id": "b-9"},
        "lines": [{"sku": "DC-XXXXL-RED", "title": "Down coat", "quantity": 1, "total_amount": 25_800}]
    });
    assert_eq!((id.as_str(), serde_json::to_value(document).unwrap()), ("4711", expected));
}
