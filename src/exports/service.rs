//! One export, from the first row to the last.

use std::io::{self, Write};
use std::time::Duration;

use super::columns::{Basis, Column};
#[cfg(feature = "parquet")]
use super::format::Parquet;
use super::format::{Csv, Format, Ndjson, Sheet};
use super::row;
use super::store::Statement;
use crate::db::{AnyConnection, DbError, Sql, snapshot};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lifecycle;

/// What is to be in a file, and how it is to look.
pub struct Export {
    pub tenant: TenantId,
    pub columns: Vec<Column>,
    pub basis: Basis,
    /// Personal data is masked.
    pub masked: bool,
    pub layout: Layout,
}

/// How a file is to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    pub format: Format,
    /// A CSV file begins with a byte order mark.
    pub bom: bool,
    /// What a spreadsheet would take for formulas are texts in a CSV file.
    pub excel_safe: bool,
}

/// Why an export ended before its end.
pub enum Stop {
    /// It cannot be had like this.
    Refused(Error),
    /// Whoever reads it is gone, or reads nothing.
    Unread(io::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Refused(error.into())
    }
}
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

/// How long an export may take, its reader's time included.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Whom an export is of: a statement that answers their ids as `id`, within the same read; everybody for none.
pub type Whom = Box<dyn FnOnce(&mut AnyConnection) -> Result<Option<Sql<'static>>> + Send>;

/// Writes the file, as the data is at one moment. How many rows it will have is told before the first is written.
pub fn run(
    connection: &mut AnyConnection,
    export: &Export,
    whom: Whom,
    out: &mut (impl Write + Send),
    begin: impl FnOnce(i64),
) -> Result<i64, Stop> {
    snapshot(connection, LONGEST, |connection| {
        let members = whom(connection)?;
        let statement = Statement { tenant: export.tenant, members, columns: &export.columns };
        let rows = statement.count(connection)?;
        let mut basis = export.basis.clone();
        if export.columns.iter().any(|column| column.source.is_scored()) {
            basis.cuts = lifecycle::cuts(connection, basis.rules.facts, &basis.rfm, &basis.rules.moment)?;
        }
        let basis = &basis;
        begin(rows);
        let Layout { format, bom, excel_safe } = export.layout;
        match format {
            Format::Csv => {
                let names: Vec<&str> = export.columns.iter().map(|column| column.name.as_str()).collect();
                write(connection, export, basis, &statement, Csv::new(out, &names, bom, excel_safe))?;
            }
            Format::Ndjson => {
                write(connection, export, basis, &statement, Ndjson::new(out, &export.columns))?;
            }
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                write(connection, export, basis, &statement, Parquet::new(out, &export.columns)?)?;
            }
        }
        Ok(rows)
    })
}

fn write<S: Sheet>(
    connection: &mut AnyConnection,
    export: &Export,
    basis: &Basis,
    statement: &Statement<'_>,
    mut sheet: S,
) -> Result<(), Stop> {
    statement.each_row::<Stop>(connection, |cells| {
        row::write(cells, &export.columns, basis, export.masked, &mut sheet)?;
        Ok(sheet.end_row()?)
    })?;
    Ok(sheet.finish()?)
}
