//! `huitou token`

use std::time::Duration;

use clap::Args;
use jsonwebtoken::Algorithm;

use super::{Failure, Outcome, configuration, print};
use crate::auth::{Claims, mint, scope};
use crate::clock::{Clock, SystemClock};
use crate::config::Purpose;
use crate::ids::TenantId;

/// Print a token for development
///
/// Signed with JWT_SECRET, so only for JWT_ALGORITHM=HS256. Prints the bare token:
///
///   TOKEN=$(huitou token --tenant ten_… --scope "customers:read orders:write" --ttl 8h)
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What the token allows, separated by spaces, such as "customers:read pii:read"
    #[arg(long, value_parser = scopes)]
    scope: String,
    /// The tenant that it is for; needed by every scope but `admin`
    #[arg(long)]
    tenant: Option<TenantId>,
    /// How long it holds: a number with s, m, h or d
    #[arg(long, default_value = "1h", value_parser = lifetime)]
    ttl: Duration,
    /// Whom it names
    #[arg(long, default_value = "developer")]
    sub: String,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let config = configuration(Purpose::Serve)?;
    let secret = config.tokens.secret.filter(|_| config.tokens.algorithm == Algorithm::HS256);
    let secret = secret.ok_or_else(|| {
        Failure("tokens are signed elsewhere: JWT_ALGORITHM goes by public keys here".into())
    })?;
    let now = SystemClock.now().micros() / 1_000_000;
    let claims = Claims {
        sub: arguments.sub.clone(),
        exp: now.saturating_add_unsigned(arguments.ttl.as_secs()),
        nbf: None,
        tenant: arguments.tenant.map(|tenant| tenant.to_string()),
        scope: arguments.scope.clone(),
    };
    print(&format!("{}\n", mint(&secret, &claims)?));
    Ok(())
}

fn scopes(text: &str) -> Result<String, String> {
    let names: Vec<&str> = text.split_ascii_whitespace().collect();
    if names.is_empty() {
        return Err("names no scope".into());
    }
    match names.iter().find(|name| !scope::is_known(name)) {
        None => Ok(names.join(" ")),
        Some(name) => {
            let known: Vec<&str> = scope::ALL.iter().map(|(name, _)| *name).collect();
            Err(format!("`{name}` is no scope; there are {}", known.join(", ")))
        }
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number with s, m, h or d, such as 90m".to_string();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).filter(|seconds| (1..=LONGEST_TTL).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "must lie between a second and ten years".into())
}

const LONGEST_TTL: u64 = 3_650 * 86_400;
