//! `huitou generate`

use std::sync::atomic::Ordering;

use clap::Args;
use indicatif::HumanCount;

use super::door::Door;
use super::progress::Progress;
use super::stocking::{self, Shops};
use super::{Failure, Outcome, configuration, database, place, print, serve};
use crate::config::Purpose;
use crate::db::{AnyConnection, Backend, Db};
use crate::shops::Platform;
use crate::synthetic::{History, Plan};
use crate::time::Timestamp;

/// Fill the database with a made-up clothes shop of any size
///
/// The orders go through the same door as all others, so identities, facts and history are those of a real shop. The same
/// seed, numbers and last day give the same orders; doing it twice changes nothing. A million customers take some
/// minutes and little memory:
///
///   huitou generate --customers 1000000 --until 2026-06-30
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// How many customers; each has ordered at least once
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    customers: u64,
    /// How many orders a customer has on average; many have one, some have hundreds
    #[arg(long, default_value_t = 5.0, value_parser = average)]
    orders_per_customer: f64,
    /// Another seed makes another shop
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The tenant, by id or name; one of that name is made if there is none
    #[arg(long, default_value = "Synthetic")]
    tenant: String,
    /// The last day of the history (YYYY-MM-DD); yesterday if not told
    #[arg(long)]
    until: Option<jiff::civil::Date>,
    /// How many days the history is long
    #[arg(long, default_value_t = 1_095, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Transactions at the same time; 2 on PostgreSQL, always 1 on SQLite
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=16))]
    writers: Option<u8>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let config = configuration(Purpose::Database)?;
    serve::prepare_database(&config, false)?;
    let db = database(&config)?;
    let (door, shops) = open(&db, &arguments.tenant)?;
    let plan = Plan {
        seed: arguments.seed,
        customers: arguments.customers,
        orders_per_customer: arguments.orders_per_customer,
        until: end(arguments.until, door.clock.now())?,
        days: arguments.days,
        till_share: 0.0,
    };
    stocking::put_catalogue(&door, &[shops.online])?;
    let expected = (plan.customers as f64 * plan.orders_per_customer) as u64;
    let progress = Progress::of(expected, "orders");
    let loaded = stocking::load(
        &door,
        History::new(plan),
        shops,
        writers(db.backend(), arguments.writers),
        &progress,
        &|_, _| {},
    )?;
    let seconds = progress.finish().as_secs_f64();
    refresh_statistics(&db)?;
    let orders = loaded.orders.load(Ordering::Relaxed);
    print(&format!(
        "tenant    {}\nshop      {}\ncustomers {}\norders    {} ({} new or changed)\nlines     {}\ntime      {seconds:.1} s, {} orders a second\n",
        door.tenant,
        shops.online,
        HumanCount(arguments.customers),
        HumanCount(orders),
        HumanCount(loaded.applied.load(Ordering::Relaxed)),
        HumanCount(loaded.lines.load(Ordering::Relaxed)),
        HumanCount((orders as f64 / seconds) as u64),
    ));
    Ok(())
}

fn open(db: &Db, tenant: &str) -> Result<(Door, Shops), Failure> {
    let mut door = Door::new(db.clone(), crate::ids::TenantId::nil());
    let (clock, ids) = (door.clock.clone(), door.ids.clone());
    let (tenant, shop) = db.write_blocking(|connection: &mut AnyConnection| {
        let tenant = match place::find_tenant(connection, tenant)? {
            Some(tenant) => tenant,
            None if tenant.parse::<crate::ids::TenantId>().is_ok() => {
                return Err(Failure::from(format!("there is no tenant `{tenant}`")));
            }
            None => place::make_tenant(connection, tenant, &*clock, &*ids)?,
        };
        let shop = (Platform::Tmall, "synthetic", "Synthetic");
        let shop = place::take_shop(connection, &tenant, shop, &*clock, &*ids)?;
        Ok((tenant, shop))
    })?;
    door.tenant = tenant.id;
    Ok((door, Shops { online: shop.id, till: shop.id }))
}

/// The end of the day in China; without one the last midnight, so that a second run on the same day gives the same.
fn end(day: Option<jiff::civil::Date>, now: Timestamp) -> Result<Timestamp, Failure> {
    let Some(day) = day else {
        let local = now.plus_seconds(8 * 60 * 60).to_string();
        return Ok(format!("{}T00:00:00+08:00", &local[..10]).parse()?);
    };
    let end: Timestamp = format!("{day}T23:59:59+08:00").parse()?;
    if day.year() < 2000 || end > now.plus_seconds(24 * 60 * 60) {
        return Err(Failure::from("--until must lie between the year 2000 and today"));
    }
    Ok(end.min(now))
}

fn writers(backend: Backend, wanted: Option<u8>) -> usize {
    match backend {
        Backend::Sqlite => 1,
        Backend::Postgres => wanted.map_or(2, usize::from),
    }
}

/// So many new rows make the planner's figures useless; those of SQLite are fixed by the migrations.
fn refresh_statistics(db: &Db) -> Outcome {
    use diesel::connection::SimpleConnection;
    match db.backend() {
        Backend::Sqlite => Ok(()),
        Backend::Postgres => Ok(db.dedicated()?.batch_execute("ANALYZE")?),
    }
}

fn average(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| (1.0..=100.0).contains(number))
        .ok_or_else(|| "expected a number from 1 to 100".into())
}
