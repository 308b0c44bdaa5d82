//! What came of an import.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Refusal;

/// The counts of an import; `applied`, `unchanged` and `refused` add up to `rows`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records in the file, without the header and blank lines.
    pub rows: u64,
    /// Records that changed something.
    pub applied: u64,
    /// Records that told nothing new.
    pub unchanged: u64,
    /// Records that were not taken.
    pub refused: u64,
}

impl Summary {
    pub fn applied(&mut self, rows: u64) {
        self.rows += rows;
        self.applied += rows;
    }

    pub fn unchanged(&mut self, rows: u64) {
        self.rows += rows;
        self.unchanged += rows;
    }

    pub fn refused(&mut self, rows: u64) {
        self.rows += rows;
        self.refused += rows;
    }
}

/// The refused records, as a CSV file that is made when there is the first of them.
pub struct RefusalFile {
    path: PathBuf,
    writer: Option<::csv::Writer<File>>,
}

impl RefusalFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, writer: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn add(&mut self, refusal: &Refusal) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let mut writer = ::csv::Writer::from_path(&self.path)?;
                writer.write_record(["line", "column", "reason"])?;
                self.writer.insert(writer)
            }
        };
        writer.write_record([&refusal.line.to_string(), &refusal.column, &refusal.reason])?;
        Ok(())
    }

    /// Writes what is held back; tells whether anything was refused.
    pub fn finish(mut self) -> io::Result<bool> {
        match &mut self.writer {
            Some(writer) => writer.flush().map(|()| true),
            None => Ok(false),
        }
    }
}
