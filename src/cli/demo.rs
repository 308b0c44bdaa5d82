//! `huitou demo`

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use rand::TryRng;
use rand::rngs::SysRng;

use super::door::Door;
use super::progress::Progress;
use super::stocking::{self, Shops};
use super::{Failure, Outcome, database, place, print, serve};
use crate::auth::{Claims, mint, scope};
use crate::config::{Config, Purpose};
use crate::db::AnyConnection;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::Incoming;
use crate::shops::Platform;
use crate::synthetic::{History, Plan};
use crate::telemetry;
use crate::time::Timestamp;

/// Start the service with a made-up clothes shop to look at
///
/// Makes a fresh SQLite file with a year of a shop on Tmall and its till: 300 customers who come back or do not, orders
/// in every state. Prints the address, a token and calls worth making. The file is gone when the service stops, unless
/// it is kept.
#[derive(Args)]
pub struct Arguments {
    /// The port on this machine
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Keep the data in this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

const CUSTOMERS: u64 = 300;
const ORDERS_PER_CUSTOMER: f64 = 3.6;
const DAYS: u32 = 365;
const TOKEN_SECONDS: i64 = 30 * 24 * 60 * 60;

pub fn run(arguments: &Arguments) -> Outcome {
    let address = format!("127.0.0.1:{}", arguments.port);
    let home = Home::make(arguments.keep.as_deref())?;
    std::net::TcpListener::bind(&address)
        .map_err(|error| format!("{address} cannot be bound ({error}); choose another with --port"))?;
    let config = configuration(&home.file, &address)?;
    telemetry::log(config.log_format);
    serve::prepare_database(&config, false)?;
    let shop = load(&config)?;
    print(&welcome(&address, &shop, &token(&config, shop.tenant)?));
    let outcome = serve::serve(config);
    drop(home);
    outcome
}

/// Where the data lies; a folder of our own goes with the process.
struct Home {
    file: PathBuf,
    folder: Option<PathBuf>,
}

impl Home {
    fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        if let Some(file) = keep {
            if file.exists() {
                let message = format!(
                    "{} exists; DATABASE_URL=sqlite://{} huitou serve goes on with it",
                    file.display(),
                    file.display()
                );
                return Err(Failure::from(message));
            }
            return Ok(Self { file: file.to_owned(), folder: None });
        }
        let folder = std::env::temp_dir().join(format!("huitou-demo-{}", std::process::id()));
        std::fs::create_dir(&folder)
            .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        Ok(Self { file: folder.join("huitou.db"), folder: Some(folder) })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What stays behind lies where temporary files are cleared away anyhow.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// The defaults, with keys of its own; nothing of the environment but how to log.
fn configuration(file: &Path, address: &str) -> Result<Config, Failure> {
    let secret = random(48)?;
    let key = random(32)?;
    let file = file.to_str().ok_or("the path of the file is not UTF-8")?;
    let lookup = |name: &str| match name {
        "DATABASE_URL" => Some(format!("sqlite://{file}")),
        "BIND_ADDR" => Some(address.to_owned()),
        "JWT_SECRET" => Some(secret.clone()),
        "SECRETS_KEY" => Some(key.clone()),
        "RUST_LOG" | "LOG_FORMAT" => std::env::var(name).ok(),
        _ => None,
    };
    Ok(Config::from_variables(lookup, Purpose::Serve)?)
}

fn random(bytes: usize) -> Result<String, Failure> {
    let mut buffer = vec![0; bytes];
    SysRng.try_fill_bytes(&mut buffer)?;
    Ok(STANDARD.encode(buffer))
}

/// What the welcome tells of the shop.
struct DemoShop {
    tenant: TenantId,
    orders: u64,
    seconds: f64,
    /// The customer who ordered most.
    loyal: Loyal,
}

#[derive(Default, Clone)]
struct Loyal {
    id: Option<CustomerId>,
    orders: u32,
    name: String,
    phone: String,
    /// As their shop knows them, and since when.
    known: Option<(ShopId, String, Timestamp)>,
}

fn load(config: &Config) -> Result<DemoShop, Failure> {
    let db = database(config)?;
    let mut door = Door::new(db.clone(), TenantId::nil());
    let shops = open(&mut door)?;
    stocking::put_catalogue(&door, &[shops.online, shops.till])?;
    let plan = Plan {
        seed: 1,
        customers: CUSTOMERS,
        orders_per_customer: ORDERS_PER_CUSTOMER,
        until: door.clock.now(),
        days: DAYS,
        till_share: 0.2,
    };
    let progress = Progress::of((CUSTOMERS as f64 * ORDERS_PER_CUSTOMER) as u64, "orders");
    let buyers: Mutex<HashMap<CustomerId, Loyal>> = Mutex::default();
    let count = |item: &Incoming, customer: Option<CustomerId>| {
        let (Some(id), Some(buyer)) = (customer, &item.document.customer) else { return };
        let mut buyers = buyers.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = buyers.entry(id).or_default();
        entry.id = Some(id);
        entry.orders += 1;
        entry.name = buyer.name.clone().unwrap_or_default();
        entry.phone = buyer.phone.clone().unwrap_or_default();
        if let (None, Some(external_id), Some(at)) =
            (&entry.known, &buyer.external_id, item.document.ordered_at)
        {
            entry.known = Some((item.shop_id, external_id.clone(), at));
        }
    };
    let loaded = stocking::load(&door, History::new(plan), shops, 1, &progress, &count)?;
    let seconds = progress.finish().as_secs_f64();
    let buyers = buyers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let known: Vec<_> = buyers.values().filter_map(|buyer| buyer.known.clone()).collect();
    stocking::record_consents(&door, &known)?;
    let loyal = buyers.into_values().max_by_key(|buyer| (buyer.orders, buyer.id)).unwrap_or_default();
    Ok(DemoShop { tenant: door.tenant, orders: loaded.orders.load(Ordering::Relaxed), seconds, loyal })
}

/// Makes the tenant and its two shops.
fn open(door: &mut Door) -> Result<Shops, Failure> {
    let (clock, ids) = (door.clock.clone(), door.ids.clone());
    let (tenant, shops) = door.db.write_blocking(|connection: &mut AnyConnection| {
        let tenant = place::make_tenant(connection, "回头衣橱", &*clock, &*ids)?;
        let mut shop = |shop| place::take_shop(connection, &tenant, shop, &*clock, &*ids);
        let online = shop((Platform::Tmall, "huitou-flagship", "回头衣橱旗舰店"))?;
        let till = shop((Platform::Pos, "hangzhou-1", "西湖门店"))?;
        Ok::<_, Failure>((tenant, Shops { online: online.id, till: till.id }))
    })?;
    door.tenant = tenant.id;
    Ok(shops)
}

/// Everything allowed, for the demo's tenant.
fn token(config: &Config, tenant: TenantId) -> Result<String, Failure> {
    let secret = config.tokens.secret.as_ref().ok_or("there is no secret to sign tokens with")?;
    let scopes: Vec<&str> = scope::ALL.iter().map(|(name, _)| *name).collect();
    let now = crate::clock::Clock::now(&crate::clock::SystemClock).micros() / 1_000_000;
    let claims = Claims {
        sub: "demo".into(),
        exp: now + TOKEN_SECONDS,
        nbf: None,
        tenant: Some(tenant.to_string()),
        scope: scopes.join(" "),
    };
    Ok(mint(secret, &claims)?)
}

fn welcome(address: &str, shop: &DemoShop, token: &str) -> String {
    let DemoShop { orders, seconds, loyal, .. } = shop;
    let customer = loyal.id.map(|id| id.to_string()).unwrap_or_default();
    let digits = &loyal.phone[loyal.phone.len().saturating_sub(4)..];
    format!(
        r#"
A clothes shop with {CUSTOMERS} customers and {orders} orders, loaded in {seconds:.1} s.

  service  http://{address}
  docs     http://{address}/docs   (the token goes behind "Authorize")

Calls worth making, in another terminal, with a token that may do everything:

TOKEN={token}

# The file of {name}, who ordered {times} times
curl -s -H "Authorization: Bearer $TOKEN" http://{address}/v1/customers/{customer}/profile

# Whose phone ends in {digits}?
curl -s -H "Authorization: Bearer $TOKEN" 'http://{address}/v1/customers?q={digits}'

# How the shop does: buyers, repeat buyers, orders, money
curl -s -H "Authorization: Bearer $TOKEN" http://{address}/v1/analytics/summary

Ctrl-C stops it.

"#,
        name = loyal.name,
        times = loyal.orders,
    )
}
