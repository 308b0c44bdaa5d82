//! Parquet, written column by column in groups of rows that are few enough to gather.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};
use bytes::Bytes;

use super::Sheet;
use super::text::{joined, unquoted};
use crate::exports::columns::{Column, Kind};
use crate::exports::row::Cell;

/// A Parquet file; a missing value is null.
pub struct Parquet<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Gathered>,
    rows: usize,
}

/// Rows of one group, and the bytes of text at which a group ends before.
const GROUP_ROWS: usize = 50_000;
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// The values of one column in the group that is being gathered.
struct Gathered {
    /// For each row whether there is a value.
    present: Vec<i16>,
    values: Values,
}

enum Values {
    /// All texts one after the other, and where each ends.
    Texts {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
    Ints(Vec<i64>),
    Numbers(Vec<f64>),
}

impl<W: Write + Send> Parquet<W> {
    pub fn new(out: W, columns: &[Column]) -> io::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = SerializedFileWriter::new(out, schema(columns).map_err(failed)?, Arc::new(properties));
        let gathered = columns.iter().map(|column| Gathered::of(column.source.kind())).collect();
        Ok(Self { file: file.map_err(failed)?, columns: gathered, rows: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for gathered in &mut self.columns {
            let Some(mut column) = group.next_column()? else { break };
            let present = std::mem::take(&mut gathered.present);
            match &mut gathered.values {
                Values::Texts { bytes, ends } => {
                    let all = Bytes::from(std::mem::take(bytes));
                    let starts = std::iter::once(0).chain(ends.iter().copied());
                    let texts: Vec<ByteArray> =
                        starts.zip(ends.iter()).map(|(start, end)| all.slice(start..*end).into()).collect();
                    ends.clear();
                    column.typed::<ByteArrayType>().write_batch(&texts, Some(&present), None)?;
                }
                Values::Ints(values) => {
                    column.typed::<Int64Type>().write_batch(values, Some(&present), None)?;
                    values.clear();
                }
                Values::Numbers(values) => {
                    column.typed::<DoubleType>().write_batch(values, Some(&present), None)?;
                    values.clear();
                }
            }
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Gathered {
    fn of(kind: Kind) -> Self {
        let values = match kind {
            Kind::Integer | Kind::Timestamp => Values::Ints(Vec::new()),
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Text | Kind::Json | Kind::List => Values::Texts { bytes: Vec::new(), ends: Vec::new() },
        };
        Self { present: Vec::new(), values }
    }

    /// Whether the value fits into the column; what does not is missing.
    fn push(&mut self, cell: Cell<'_>) -> bool {
        match (&mut self.values, cell) {
            (Values::Texts { bytes, ends }, Cell::Text(text)) => push_text(bytes, ends, text),
            (Values::Texts { bytes, ends }, Cell::Json(json)) => push_text(bytes, ends, &unquoted(json)),
            (Values::Texts { .. }, Cell::List("[]")) => return false,
            (Values::Texts { bytes, ends }, Cell::List(list)) => push_text(bytes, ends, &joined(list)),
            (Values::Ints(values), Cell::Int(number)) => values.push(number),
            (Values::Ints(values), Cell::Moment(moment)) => values.push(moment.micros()),
            (Values::Numbers(values), Cell::Number(number)) => values.push(number),
            _ => return false,
        }
        true
    }

    fn bytes(&self) -> usize {
        match &self.values {
            Values::Texts { bytes, .. } => bytes.len(),
            _ => 0,
        }
    }
}

fn push_text(bytes: &mut Vec<u8>, ends: &mut Vec<usize>, text: &str) {
    bytes.extend_from_slice(text.as_bytes());
    ends.push(bytes.len());
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let field = |column: &Column| {
        let (physical, logical) = match column.source.kind() {
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Timestamp => {
                let moment = LogicalType::timestamp(true, TimeUnit::MICROS);
                (Physical::INT64, Some(moment))
            }
            Kind::Text | Kind::Json | Kind::List => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        Ok::<_, ParquetError>(Arc::new(field))
    };
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Arc::new(Type::group_type_builder("customers").with_fields(fields).build()?))
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        // The client is gone, most likely, and the writer has wrapped that.
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        error => io::Error::other(error),
    }
}

impl<W: Write + Send> Sheet for Parquet<W> {
    fn cell(&mut self, column: usize, cell: Cell<'_>) {
        if let Some(gathered) = self.columns.get_mut(column) {
            let present = gathered.push(cell);
            gathered.present.push(i16::from(present));
        }
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.rows += 1;
        let bytes = || self.columns.iter().map(Gathered::bytes).sum::<usize>();
        // Adding up costs time, so not for every row.
        let full = self.rows >= GROUP_ROWS || (self.rows.is_multiple_of(1_000) && bytes() >= GROUP_BYTES);
        if full { self.write_group().map_err(failed) } else { Ok(()) }
    }

    fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(failed)?;
        }
        self.file.close().map_err(failed)?;
        Ok(())
    }
}
