//! The tables as diesel's query builder sees them; the migrations are the authority and a test compares the two.

mod archive;
mod file;
mod inbox;
mod marketing;
mod people;
mod privacy;
mod saved_segments;
mod tagging;

pub use archive::*;
pub use file::*;
pub use inbox::*;
pub use marketing::*;
pub use people::*;
pub use privacy::*;
pub use saved_segments::*;
pub use tagging::*;
