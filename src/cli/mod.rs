//! The command line: one file a subcommand.
//!
//! Exit codes: 0 done, 1 failed with the reason on standard error, 2 wrong usage.

mod demo;
mod door;
mod generate;
mod import;
mod importable;
mod migrate;
mod openapi;
mod place;
mod progress;
mod rebuild;
mod serve;
mod stocking;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Purpose};
use crate::db::{Db, DbError};
use crate::telemetry;

/// Huitou keeps the customer archive of shops that live from customers who come back.
///
/// Orders go in through a JSON REST API, the customer's file comes out, on SQLite or PostgreSQL. Settings come from the
/// environment and from .env; .env.example lists them all.
#[derive(Parser)]
#[command(name = "huitou", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Token(token::Arguments),
    Openapi(openapi::Arguments),
    Demo(demo::Arguments),
    Generate(generate::Arguments),
    Import(import::Arguments),
    Rebuild(rebuild::Arguments),
}

/// Why a command did not do what it was asked to; a sentence for whoever typed it.
#[derive(Debug)]
pub struct Failure(String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            // Nothing is left to do where standard error is gone.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("huitou: {reason}\n"));
            ExitCode::FAILURE
        }
    }
}

/// The configuration, with logging started as it says.
fn configuration(purpose: Purpose) -> Result<Config, Failure> {
    let config = Config::load(purpose)?;
    telemetry::log(config.log_format);
    Ok(config)
}

/// The database of the configuration.
fn database(config: &Config) -> Result<Db, DbError> {
    Db::new(&config.database.target, config.database.replica.as_ref(), &config.database.options)
}

/// Writes to standard output; a reader that went away is no failure.
fn print(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
}

/// Writes to standard error.
fn note(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}
