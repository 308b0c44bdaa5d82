//! Webhook secrets: checked by platform, encrypted before they are stored, never answered.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::Platform;
use crate::error::{Error, Result};
use crate::ids::{ShopId, TenantId};
use crate::platforms::is_relayed;
use crate::secrets::SecretsKey;
use crate::validation::Report;

/// What signs a platform's webhooks: a text, or for platforms that need more an object. Only for the description of
/// the API.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the forms that `check` accepts")]
pub enum WebhookSecret {
    /// Most platforms; those for which relays speak, too: what the relay signs with.
    Text(String),
    /// `youzan`
    Youzan { client_id: String, client_secret: String },
    /// `douyin`
    Douyin { app_key: String, app_secret: String },
    /// `wechat_store`
    WechatStore { token: String, encoding_aes_key: String, app_id: String },
}

/// As many as a rotation needs.
const MOST_SECRETS: usize = 10;
const LONGEST_SECRET: usize = 500;

/// The fields of a platform's secret; none where it is a text.
const fn fields(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Youzan => &["client_id", "client_secret"],
        Platform::Douyin => &["app_key", "app_secret"],
        Platform::WechatStore => &["token", "encoding_aes_key", "app_id"],
        _ => &[],
    }
}

/// Whether a text is a secret of the platform: its own, or that of a relay that speaks for it.
fn takes_text(platform: Platform) -> bool {
    fields(platform).is_empty() || is_relayed(platform.as_str())
}

/// Checks the secrets of a shop on `platform`.
pub fn check(platform: Platform, secrets: &[Value], report: &mut Report) {
    if !report.list_length("webhook_secrets", secrets.len(), MOST_SECRETS) {
        return;
    }
    report.under("webhook_secrets", |report| {
        for (index, secret) in secrets.iter().enumerate() {
            match (secret, fields(platform)) {
                (Value::String(text), _) if takes_text(platform) => {
                    report.text(&index.to_string(), Some(text), LONGEST_SECRET);
                }
                (Value::Object(object), fields @ [_, ..]) => {
                    report.under(index, |report| check_fields(object, fields, report));
                }
                (_, []) => report.add(&index.to_string(), "invalid_type", "must be a text"),
                (_, fields) => {
                    let text = if takes_text(platform) { "a text, or " } else { "" };
                    let detail = format!("must be {text}an object with {}", fields.join(", "));
                    report.add(&index.to_string(), "invalid_type", detail);
                }
            }
        }
    });
}

fn check_fields(object: &Map<String, Value>, fields: &[&str], report: &mut Report) {
    for field in fields {
        match object.get(*field) {
            Some(Value::String(text)) => report.text(field, Some(text), LONGEST_SECRET),
            Some(_) => report.add(field, "invalid_type", "must be a text"),
            None => report.add(field, "required", "is needed"),
        }
    }
    for name in object.keys().filter(|name| !fields.contains(&name.as_str())) {
        report.add(name, "unknown_field", "there is no such field");
    }
}

/// Encrypts each secret for its shop. Without a key of the configuration none can be kept.
pub fn seal(
    key: Option<&SecretsKey>,
    secrets: &[Value],
    tenant: TenantId,
    shop: ShopId,
) -> Result<Vec<String>> {
    if secrets.is_empty() {
        return Ok(Vec::new());
    }
    let key = key.ok_or_else(|| {
        Error::conflict(
            "secrets_key_missing",
            "webhook secrets are stored encrypted, and the service was started without SECRETS_KEY",
        )
    })?;
    Ok(secrets.iter().map(|secret| key.encrypt(&secret.to_string(), tenant, shop)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(platform: Platform, secret: Value) -> Vec<String> {
        let mut report = Report::default();
        check(platform, &[secret], &mut report);
        report.into_violations().into_iter().map(|violation| violation.pointer).collect()
    }

    #[test]
    fn each_platform_has_its_form_of_secret() {
        assert!(problems(Platform::Shopify, json!("abc")).is_empty());
        assert!(problems(Platform::Youzan, json!({"client_id": "a", "client_secret": "b"})).is_empty());
        assert_eq!(problems(Platform::Youzan, json!("abc")), ["/webhook_secrets/0"]);
        assert_eq!(problems(Platform::Shopify, json!({"a": 1})), ["/webhook_secrets/0"]);
        let wechat = json!({"token": "t", "encoding_aes_key": "k", "app_id": "a"});
        assert!(problems(Platform::WechatStore, wechat).is_empty());
        assert!(problems(Platform::WechatStore, json!("whsec_of_a_relay")).is_empty());
        assert_eq!(problems(Platform::WechatStore, json!(1)), ["/webhook_secrets/0"]);
        assert_eq!(
            problems(Platform::Douyin, json!({"app_key": 1, "other": "x"})),
            ["/webhook_secrets/0/app_key", "/webhook_secrets/0/app_secret", "/webhook_secrets/0/other"]
        );
    }
}
