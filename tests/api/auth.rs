//! Tokens: which are taken, and what they allow.

use huitou::auth::Claims;
use huitou::config::Config;
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use crate::support::{On, Send, TestApp, TestTenant, claims, on_both, sign};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/keys");

fn read_key(name: &str) -> Vec<u8> {
    std::fs::read(format!("{KEYS}/{name}")).expect("the key is there")
}

fn for_tenant(tenant: &TestTenant, scopes: &str) -> Claims {
    Claims { tenant: Some(tenant.id.clone()), ..claims(scopes) }
}

async fn ask(app: &TestApp, token: &str) -> crate::support::response::Response {
    app.get("/v1/settings").bearer_auth(token).answer().await
}

on_both! {
    async fn without_a_token_nobody_gets_in(app: TestApp) {
        let answer = app.get("/v1/settings").answer().await;
        answer.assert_problem(401, "missing_token");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let basic = app.get("/v1/settings").basic_auth("user", Some("word")).answer().await;
        basic.assert_problem(401, "missing_token");
    }

    async fn a_token_that_was_tampered_with_or_signed_by_another_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read");
        let other = EncodingKey::from_secret(b"another secret, just as long as it must be");
        let foreign = jsonwebtoken::encode(&Header::default(), &for_tenant(&tenant, "settings:read"), &other);
        let tampered = format!("{}x", &token[..token.len() - 1]);
        for bad in [tampered, foreign.expect("it can be signed"), "not.a.token".into(), "x".into()] {
            ask(&app, &bad).await.assert_problem(401, "invalid_token");
        }
        assert_eq!(ask(&app, &token).await.status, 200);
    }

    async fn a_token_without_a_signature_is_refused(app: TestApp) {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;

        let tenant = app.tenant().await;
        let body = serde_json::to_vec(&for_tenant(&tenant, "settings:read")).expect("claims are JSON");
        for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"None"}"#, r#"{"typ":"JWT"}"#] {
            let head = URL_SAFE_NO_PAD.encode(header);
            let token = format!("{head}.{}.", URL_SAFE_NO_PAD.encode(&body));
            ask(&app, &token).await.assert_problem(401, "invalid_token");
        }
    }

    async fn a_token_that_has_expired_or_does_not_hold_yet_is_refused(app: TestApp) {
        let tenant = app.tenant().await;
        let now = claims("").exp - 3_600;
        let expired = Claims { exp: now - 60, ..for_tenant(&tenant, "settings:read") };
        ask(&app, &sign(&expired)).await.assert_problem(401, "token_expired");
        let early = Claims { nbf: Some(now + 600), ..for_tenant(&tenant, "settings:read") };
        ask(&app, &sign(&early)).await.assert_problem(401, "invalid_token");
    }

    async fn a_token_must_say_when_it_ends_and_whom_it_names(app: TestApp) {
        let tenant = app.tenant().await;
        for missing in ["exp", "sub"] {
            let mut claims = serde_json::to_value(for_tenant(&tenant, "settings:read")).expect("JSON");
            claims.as_object_mut().expect("an object").remove(missing);
            let key = EncodingKey::from_secret(crate::support::app::SECRET.as_bytes());
            let token = jsonwebtoken::encode(&Header::default(), &claims, &key).expect("it can be signed");
            ask(&app, &token).await.assert_problem(401, "invalid_token");
        }
    }

    async fn a_token_without_the_scope_is_told_which_one_it_lacks(app: TestApp) {
        let tenant = app.tenant().await;
        let answer = ask(&app, &app.token(&tenant, "settings:write orders:read")).await;
        answer.assert_problem(403, "insufficient_scope");
        assert!(answer.text("detail").contains("`settings:read`"));
        let admin = app.get("/v1/tenants").bearer_auth(app.token(&tenant, "settings:read")).answer().await;
        admin.assert_problem(403, "insufficient_scope");
    }

    async fn a_tenant_that_does_not_exist_is_unknown(app: TestApp) {
        let nobody = TestTenant { id: "ten_01jd7zk3v8e4qbm2n5r9x6t0wy".into() };
        ask(&app, &app.token(&nobody, "settings:read")).await.assert_problem(401, "unknown_tenant");
        let nonsense = TestTenant { id: "red-scarf".into() };
        ask(&app, &app.token(&nonsense, "settings:read")).await.assert_problem(401, "unknown_tenant");
        let none = sign(&claims("settings:read"));
        ask(&app, &none).await.assert_problem(403, "tenant_required");
    }
}

/// Tokens of a service that goes by public keys.
struct Signed {
    algorithm: Algorithm,
    name: &'static str,
}

const ALGORITHMS: [Signed; 3] = [
    Signed { algorithm: Algorithm::RS256, name: "rs256" },
    Signed { algorithm: Algorithm::ES256, name: "es256" },
    Signed { algorithm: Algorithm::EdDSA, name: "eddsa" },
];

impl Signed {
    fn token(&self, claims: &Claims) -> String {
        let pem = read_key(&format!("{}.private.pem", self.name));
        let key = match self.algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(&pem),
            Algorithm::ES256 => EncodingKey::from_ec_pem(&pem),
            _ => EncodingKey::from_ed_pem(&pem),
        };
        let header = Header { kid: Some(self.name.into()), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &key.expect("the key is right")).expect("it can be signed")
    }

    /// Holds that a service takes this algorithm's tokens and no others.
    async fn assert_only_this_is_taken(&self, change: impl FnOnce(&mut Config)) {
        let app = TestApp::start_with(On::Sqlite, |config| {
            config.tokens.algorithm = self.algorithm;
            config.tokens.secret = None;
            change(config);
        });
        let app = app.expect("SQLite is always there");
        let admin = claims("admin");
        let list = async |token: String| app.get("/v1/tenants").bearer_auth(token).answer().await;
        assert_eq!(list(self.token(&admin)).await.status, 200, "{}", self.name);
        for other in ALGORITHMS.iter().filter(|other| other.algorithm != self.algorithm) {
            list(other.token(&admin)).await.assert_problem(401, "invalid_token");
        }
        list(sign(&admin)).await.assert_problem(401, "invalid_token");
        list(self.confused(&admin)).await.assert_problem(401, "invalid_token");
    }

    /// The old trick: HS256 with the public key as its secret.
    fn confused(&self, claims: &Claims) -> String {
        let key = EncodingKey::from_secret(&read_key(&format!("{}.public.pem", self.name)));
        let header = Header { kid: Some(self.name.into()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, &key).expect("it can be signed")
    }
}

#[test]
fn tokens_are_checked_by_a_public_key_file() {
    actix_web::rt::System::new().block_on(async {
        for signed in ALGORITHMS {
            let file = format!("{KEYS}/{}.public.pem", signed.name);
            let set = |config: &mut Config| config.tokens.public_key_file = Some(file.into());
            signed.assert_only_this_is_taken(set).await;
        }
    });
}

#[test]
fn tokens_are_checked_by_a_key_set() {
    actix_web::rt::System::new().block_on(async {
        for signed in ALGORITHMS {
            let file = format!("{KEYS}/jwks.json");
            let set = |config: &mut Config| config.tokens.jwks_file = Some(file.into());
            signed.assert_only_this_is_taken(set).await;
        }
    });
}

#[test]
fn a_token_that_names_no_key_of_the_set_is_refused() {
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(On::Sqlite, |config| {
            config.tokens.algorithm = Algorithm::EdDSA;
            config.tokens.secret = None;
            config.tokens.jwks_file = Some(format!("{KEYS}/jwks.json").into());
        });
        let app = app.expect("SQLite is always there");
        let key = EncodingKey::from_ed_pem(&read_key("eddsa.private.pem")).expect("the key is right");
        for kid in [None, Some("another".to_string())] {
            let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
            let token = jsonwebtoken::encode(&header, &claims("admin"), &key).expect("it can be signed");
            app.get("/v1/tenants").bearer_auth(token).answer().await.assert_problem(401, "invalid_token");
        }
    });
}
