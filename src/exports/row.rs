//! From a row of the statement to the cells of a file.

use super::columns::{Basis, Column, Fact, Source, Standing};
use super::format::Sheet;
use crate::currency::average;
use crate::customers::facts::average_gap_days;
use crate::db::{Cells, DbError, Raw, Shape};
use crate::ids::{self, CustomerKind, IdKind};
use crate::lifecycle::Group;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Text(&'a str),
    Int(i64),
    Number(f64),
    Moment(crate::time::Timestamp),
    /// A JSON value as its text.
    Json(&'a str),
    /// A JSON array of texts as its text.
    List(&'a str),
}

/// Writes one row into the sheet.
pub fn write<S: Sheet>(
    row: &dyn Cells,
    columns: &[Column],
    basis: &Basis,
    masked: bool,
    sheet: &mut S,
) -> Result<(), DbError> {
    let mut place = 0;
    for (number, column) in columns.iter().enumerate() {
        place += write_cell(row, place, column, basis, masked, &mut |cell| sheet.cell(number, cell))?;
    }
    Ok(())
}

/// Writes one cell and tells how many values of the row it took.
fn write_cell(
    row: &dyn Cells,
    place: usize,
    column: &Column,
    basis: &Basis,
    masked: bool,
    put: &mut dyn FnMut(Cell<'_>),
) -> Result<usize, DbError> {
    match &column.source {
        Source::Id => row.look(place, Shape::Guid, &mut |raw| {
            let Raw::Guid(uuid) = raw else { return put(Cell::Null) };
            let mut text = [0; LONGEST_ID];
            text[..PREFIX.len()].copy_from_slice(PREFIX.as_bytes());
            text[PREFIX.len()] = b'_';
            text[PREFIX.len() + 1..].copy_from_slice(&ids::digits(uuid));
            put(std::str::from_utf8(&text).map_or(Cell::Null, Cell::Text));
        })?,
        Source::Text(_) | Source::Consent(_) => {
            let mask = column.mask.filter(|_| masked);
            row.look(place, Shape::Text, &mut |raw| match (raw, mask) {
                (Raw::Text(text), None) => put(Cell::Text(text)),
                (Raw::Text(text), Some(mask)) => put(Cell::Text(&mask(text))),
                _ => put(Cell::Null),
            })?;
        }
        Source::Moment(_) => put(row.instant(place)?.map_or(Cell::Null, Cell::Moment)),
        Source::Attributes | Source::Attribute(_) => row.look(place, Shape::Text, &mut |raw| match raw {
            Raw::Text("null") => put(Cell::Null),
            Raw::Text(json) => put(Cell::Json(json)),
            _ => put(Cell::Null),
        })?,
        Source::Tags | Source::ExternalIds(_) => row.look(place, Shape::Text, &mut |raw| match raw {
            Raw::Text(list) => put(Cell::List(list)),
            _ => put(Cell::List("[]")),
        })?,
        Source::Currency => {
            put(Cell::Text(&basis.currency));
            return Ok(0);
        }
        Source::Fact(_, fact) => {
            put(figure(row, place, *fact, basis)?);
            return Ok(fact.inputs().len());
        }
        Source::Standing(wanted) => {
            put(standing(row, place, *wanted, basis)?);
            return Ok(wanted.inputs().len());
        }
    }
    Ok(1)
}

const PREFIX: &str = CustomerKind::PREFIX;
const LONGEST_ID: usize = PREFIX.len() + 1 + ids::DIGITS;

fn figure(row: &dyn Cells, place: usize, fact: Fact, basis: &Basis) -> Result<Cell<'static>, DbError> {
    let int = |offset: usize| Ok::<_, DbError>(row.int(place + offset)?.unwrap_or_default());
    let moment = |offset: usize| row.instant(place + offset);
    Ok(match fact {
        Fact::AverageOrderAmount => average(int(0)?, int(1)? - int(2)?).map_or(Cell::Null, Cell::Int),
        Fact::AverageGapDays => {
            average_gap_days(int(0)?, moment(1)?, moment(2)?).map_or(Cell::Null, Cell::Number)
        }
        Fact::DaysSinceFirstOrder | Fact::DaysSinceLastOrder => {
            moment(0)?.map_or(Cell::Null, |moment| Cell::Int(basis.rules.moment.days_since(moment)))
        }
        Fact::FirstOrderAt | Fact::LastOrderAt => moment(0)?.map_or(Cell::Null, Cell::Moment),
        _ => Cell::Int(int(0)?),
    })
}

fn standing(
    row: &dyn Cells,
    place: usize,
    wanted: Standing,
    basis: &Basis,
) -> Result<Cell<'static>, DbError> {
    let rules = &basis.rules;
    let Some(last) = row.instant(place)? else {
        let group = if wanted == Standing::RfmGroup { Some(Group::Prospects) } else { None };
        return Ok(group.map_or(Cell::Null, |group| Cell::Text(group.as_str())));
    };
    let days = rules.moment.days_since(last);
    if wanted == Standing::DaysUntilDormant {
        return Ok(Cell::Int(rules.thresholds.dormant_after_days - days));
    }
    if wanted == Standing::Stage {
        let first = row.instant(place + 1)?.unwrap_or(last);
        return Ok(Cell::Text(basis.bounds.stage(first, last).as_str()));
    }
    let Some(cuts) = &basis.cuts else { return Ok(Cell::Null) };
    let int = |offset: usize| Ok::<_, DbError>(row.int(place + offset)?.unwrap_or_default());
    let scores = cuts.scores(days, int(1)?, int(2)?);
    Ok(match wanted {
        Standing::RfmR => Cell::Int(scores.r),
        Standing::RfmF => Cell::Int(scores.f),
        Standing::RfmM => Cell::Int(scores.m),
        _ => Cell::Text(Group::of(scores).as_str()),
    })
}
