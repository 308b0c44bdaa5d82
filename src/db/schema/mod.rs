//! The tables as diesel's query builder sees them; the migrations are the authority and a test compares the two.

mod archive;
mod people;
mod tagging;

pub use archive::*;
pub use people::*;
pub use tagging::*;
mod inbox;

pub use archive::*;
pub use inbox::*;
mod file;

pub use archive::*;
mod file;
mod tagging;

pub use archive::*;
pub use file::*;
pub use tagging::*;
