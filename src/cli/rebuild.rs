//! `huitou rebuild`

use clap::{Args, Subcommand};
use indicatif::HumanCount;

use super::progress::Progress;
use super::{Outcome, configuration, database, place, print, serve};
use crate::clock::{Clock, RandomIds, SystemClock};
use crate::config::Purpose;
use crate::ingest::rebuild;

/// Compute derived data anew
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What customers' orders add up to: counts, sums, first and last dates
    ///
    /// The result is the same as what is there, unless exchange rates came in later or the database was changed by other
    /// means. The service may run meanwhile.
    Facts {
        /// One tenant, by id or name; all of them if not told
        #[arg(long)]
        tenant: Option<String>,
    },
}

pub fn run(arguments: &Arguments) -> Outcome {
    let What::Facts { tenant } = &arguments.what;
    let config = configuration(Purpose::Database)?;
    serve::prepare_database(&config, false)?;
    let mut connection = database(&config)?.dedicated()?;
    let tenants = match tenant {
        Some(wanted) => vec![place::tenant(&mut connection, wanted)?],
        None => place::all_tenants(&mut connection)?,
    };
    let progress = Progress::of(0, "customers");
    let ids = RandomIds::default();
    for tenant in tenants {
        let mut shown = 0;
        let rebuilt = rebuild::facts(&mut connection, tenant.id, SystemClock.now(), &ids, |so_far| {
            progress.advance((so_far.customers - shown) as u64);
            shown = so_far.customers;
        })?;
        print(&format!(
            "{} ({}): facts of {} customers; {} orders converted\n",
            tenant.id,
            tenant.name,
            HumanCount(rebuilt.customers as u64),
            HumanCount(rebuilt.converted as u64),
        ));
    }
    progress.finish();
    Ok(())
}
