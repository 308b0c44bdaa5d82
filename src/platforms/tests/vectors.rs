//! The collected signed requests: each accepted or refused as marked.

use super::*;

fn secrets(vector: &Value) -> Vec<Secret> {
    let text = |key: &str| vector[key].as_str().unwrap().to_owned();
    let shared = text("secret");
    let right = match vector["platform"].as_str().unwrap() {
        "youzan" => fields([("client_id", &text("client_id")), ("client_secret", &shared)]),
        "douyin" => fields([("app_key", &text("app_key")), ("app_secret", &shared)]),
        _ => secret(&shared),
    };
    // Beside others, as while secrets are rotated.
    let other = fields([("client_id", "x"), ("client_secret", "y"), ("app_key", "x"), ("app_secret", "y")]);
    vec![secret("d2hvIGtub3dzIHdobw=="), other, right]
}

#[test]
fn vectors_are_accepted_and_refused_as_marked() {
    let Some(file) = sample("vectors.json") else { return };
    let mut judged = 0;
    for vector in json(&file).as_array().unwrap() {
        let platform = match vector["platform"].as_str().unwrap() {
            "standardwebhooks" => "standard",
            platform @ ("shopify" | "woocommerce" | "youzan" | "douyin") => platform,
            _ => continue,
        };
        let headers: Vec<(&str, &str)> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let sent = Sent::new(platform, &headers, vector["body"].as_str().unwrap());
        let now = Timestamp::from_micros(vector["clock"].as_i64().unwrap_or(1_790_000_000) * 1_000_000);
        let name = vector["name"].as_str().unwrap();
        let verdict = sent.verify(&secrets(vector), now);
        assert_eq!(verdict.is_ok(), vector["valid"].as_bool().unwrap(), "{name}: {verdict:?}");
        // No other secret will do.
        if name != "woo_ping" {
            assert!(sent.verify(&secrets(vector)[..2], now).is_err(), "{name}");
        }
        // The specification's vector signs a body that is no order.
        if verdict.is_ok() && platform != "standard" {
            assert!(sent.try_parse().is_ok(), "{name}");
        }
        judged += 1;
    }
    assert_eq!(judged, 23);
}

#[test]
fn two_orders_with_one_delivery_id_are_two_deliveries() {
    let Some(file) = sample("vectors.json") else { return };
    let file = json(&file);
    let keys: Vec<String> = file
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| {
            ["woo_order_created", "woo_same_delivery_id_other_order"]
                .contains(&vector["name"].as_str().unwrap())
        })
        .map(|vector| {
            let headers = [("X-WC-Webhook-Topic", "order.created"), ("X-WC-Webhook-Delivery-ID", "511ba7a3")];
            Sent::new("woocommerce", &headers, vector["body"].as_str().unwrap()).parse().delivery_key
        })
        .collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}
