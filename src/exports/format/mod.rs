//! The formats of files.

mod csv;
mod ndjson;
#[cfg(feature = "parquet")]
mod parquet;
mod text;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::csv::Csv;
pub use self::ndjson::Ndjson;
#[cfg(feature = "parquet")]
pub use self::parquet::Parquet;
use super::row::Cell;

/// How a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// RFC 4180: commas, CRLF, a header line, UTF-8.
    #[default]
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// Apache Parquet, compressed with Snappy.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            #[cfg(feature = "parquet")]
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

/// A file that is being written: the cells of each row in the order of the columns.
pub trait Sheet {
    fn cell(&mut self, column: usize, cell: Cell<'_>);
    /// Ends a row; gathered rows are written from time to time.
    fn end_row(&mut self) -> io::Result<()>;
    /// Ends the file.
    fn finish(self) -> io::Result<()>;
}

/// Text that is gathered before it is written.
struct Page<W> {
    out: W,
    text: Vec<u8>,
}

const PAGE: usize = 60 * 1024;

impl<W: Write> Page<W> {
    fn new(out: W) -> Self {
        Self { out, text: Vec::with_capacity(PAGE + 4 * 1024) }
    }

    fn write_if_full(&mut self) -> io::Result<()> {
        if self.text.len() < PAGE { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }
}
