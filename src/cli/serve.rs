//! `huitou serve`

use clap::Args;

use super::{Failure, Outcome, configuration, database, print};
use crate::app::Application;
use crate::config::{Config, Purpose};
use crate::db::{Backend, migrate};

/// Answer requests until told to stop
///
/// An embedded database (SQLite) is made and brought up to date by itself; PostgreSQL only with --migrate. On SIGTERM or
/// Ctrl-C the service takes no more requests, finishes those in progress and writes every order that it took.
#[derive(Args)]
pub struct Arguments {
    /// Bring a PostgreSQL database up to date first
    #[arg(long)]
    migrate: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let config = configuration(Purpose::Serve)?;
    prepare_database(&config, arguments.migrate)?;
    serve(config)
}

/// Runs the service on a database that is up to date.
pub fn serve(config: Config) -> Outcome {
    actix_web::rt::System::new().block_on(async {
        let application = Application::build(config)?;
        print(&format!("Huitou listens on http://{}\n", application.address()));
        tracing::info!(address = %application.address(), "listening");
        application.run().await.map_err(Failure::from)
    })
}

/// Sees to it that the database has the schema of this version.
pub fn prepare_database(config: &Config, asked_to: bool) -> Outcome {
    let mut connection = database(config)?.dedicated()?;
    let missing: Vec<String> = migrate::status(&mut connection)?
        .into_iter()
        .filter(|migration| !migration.applied)
        .map(|migration| migration.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if asked_to || config.database.target.backend() == Backend::Sqlite {
        for name in migrate::up(&mut connection)? {
            tracing::info!(migration = name, "applied");
        }
        return Ok(());
    }
    Err(Failure(format!(
        "the database lacks {} migration(s) of this version ({}); run `huitou migrate up`, or `huitou serve --migrate`",
        missing.len(),
        missing.join(", ")
    )))
}
