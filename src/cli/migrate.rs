//! `huitou migrate`

use clap::{Args, Subcommand};

use super::{Outcome, configuration, database, print};
use crate::config::Purpose;
use crate::db::migrate;

/// Bring the database to the schema of this version, or tell where it stands
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Apply what is missing, oldest first
    Up,
    /// List all migrations and whether the database has them
    Status,
    /// Take the newest migration back, with all data that only it can hold
    Down,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let config = configuration(Purpose::Database)?;
    let mut connection = database(&config)?.dedicated()?;
    match arguments.action {
        Action::Up => {
            let applied = migrate::up(&mut connection)?;
            applied.iter().for_each(|name| print(&format!("applied {name}\n")));
            if applied.is_empty() {
                print("nothing to do: the database has all migrations of this version\n");
            }
        }
        Action::Status => {
            for migration in migrate::status(&mut connection)? {
                let state = if migration.applied { "applied" } else { "missing" };
                print(&format!("{state}  {}\n", migration.name));
            }
        }
        Action::Down => match migrate::down(&mut connection)? {
            Some(name) => print(&format!("took back {name}\n")),
            None => print("nothing to do: the database has no migration\n"),
        },
    }
    Ok(())
}
