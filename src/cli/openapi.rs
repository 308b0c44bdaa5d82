//! `huitou openapi`

use clap::Args;

use super::{Outcome, print};
use crate::routes;

/// Print the description of the API (OpenAPI 3.1)
///
/// The checked-in copy is made by it: huitou openapi > openapi/openapi.json
#[derive(Args)]
pub struct Arguments {}

pub fn run(_: &Arguments) -> Outcome {
    print(&routes::as_json(&routes::document()));
    Ok(())
}
