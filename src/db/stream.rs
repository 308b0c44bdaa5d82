//! Rows one after the other, however many, without holding them: for exports and reports.
//!
//! PostgreSQL hands them out by a cursor, a batch at a time, or one by one as they come; SQLite steps through the statement. Cells are looked at
//! where the driver has them, so that nothing is copied on the way.

use diesel::connection::LoadConnection;
use diesel::row::{Field, Row};
use uuid::Uuid;

use super::{AnyConnection, DbError, Sql};
use crate::ids::{Id, IdKind};
#[cfg(feature = "postgres")]
use crate::sql;
use crate::time::Timestamp;

/// What a column of a statement holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    Int,
    Instant,
    Guid,
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw<'a> {
    Null,
    Text(&'a str),
    Int(i64),
    Instant(Timestamp),
    Guid(Uuid),
}

/// A row, as long as it is looked at.
pub trait Cells {
    /// Shows the value in this place.
    fn look(&self, place: usize, shape: Shape, see: &mut dyn FnMut(Raw<'_>)) -> Result<(), DbError>;
}

impl dyn Cells + '_ {
    /// A whole number, where there is one.
    pub fn int(&self, place: usize) -> Result<Option<i64>, DbError> {
        self.take(place, Shape::Int, |raw| if let Raw::Int(number) = raw { Some(number) } else { None })
    }

    /// A moment, where there is one.
    pub fn instant(&self, place: usize) -> Result<Option<Timestamp>, DbError> {
        self.take(place, Shape::Instant, |raw| if let Raw::Instant(at) = raw { Some(at) } else { None })
    }

    /// An id, where there is one.
    pub fn id<K: IdKind>(&self, place: usize) -> Result<Option<Id<K>>, DbError> {
        self.take(
            place,
            Shape::Guid,
            |raw| if let Raw::Guid(id) = raw { Some(Id::from_uuid(id)) } else { None },
        )
    }

    /// A text, where there is one.
    pub fn text(&self, place: usize) -> Result<Option<String>, DbError> {
        self.take(
            place,
            Shape::Text,
            |raw| if let Raw::Text(text) = raw { Some(text.to_owned()) } else { None },
        )
    }

    fn take<T>(
        &self,
        place: usize,
        shape: Shape,
        own: impl Fn(Raw<'_>) -> Option<T>,
    ) -> Result<Option<T>, DbError> {
        let mut found = None;
        self.look(place, shape, &mut |raw| found = own(raw))?;
        Ok(found)
    }
}

/// Shows every row that the statement answers, in its order, until one is enough (an error). To be called within a
/// transaction; see [`super::snapshot`].
pub fn each_row<E: From<DbError>>(
    connection: &mut AnyConnection,
    query: &Sql<'_>,
    mut see: impl FnMut(&dyn Cells) -> Result<(), E>,
) -> Result<(), E> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => postgres::each_row(connection, query, &mut see),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(connection) => {
            let rows = LoadConnection::load(connection, query).map_err(DbError::from)?;
            for row in rows {
                see(&sqlite::row(&row.map_err(DbError::from)?))?;
            }
            Ok(())
        }
    }
}

/// [`each_row`] for statements that are long in the making and answer fewer rows: PostgreSQL works on a cursor with one
/// process alone, on a whole statement with several.
pub fn each_row_of_all<E: From<DbError>>(
    connection: &mut AnyConnection,
    query: &Sql<'_>,
    mut see: impl FnMut(&dyn Cells) -> Result<(), E>,
) -> Result<(), E> {
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => postgres::each_row_of_all(connection, query, &mut see),
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => each_row(connection, query, &mut see),
    }
}

/// The row has fewer columns than were asked for, or others.
fn misfit(place: usize) -> DbError {
    DbError::Failed(format!("column {place} of a streamed row is not what was expected"))
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::marker::PhantomData;

    use diesel::pg::{Pg, PgConnection, PgRowByRowLoadingMode};

    use super::*;

    /// Rows in one round trip. Few enough to be small, many enough that the trips do not count.
    const BATCH: usize = 2_000;

    pub(super) fn each_row<E: From<DbError>>(
        connection: &mut AnyConnection,
        query: &Sql<'_>,
        see: &mut dyn FnMut(&dyn Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        // All rows will be asked for, so the plan that is quickest to the last one is the right one.
        sql!("SET LOCAL cursor_tuple_fraction = 1").execute(connection).map_err(DbError::from)?;
        let declared = sql!("DECLARE streamed NO SCROLL CURSOR FOR {}", query.clone());
        declared.execute(connection).map_err(DbError::from)?;
        let text = format!("FETCH FORWARD {BATCH} FROM streamed");
        let fetch = sql!(&text);
        loop {
            #[cfg_attr(
                not(feature = "sqlite"),
                expect(irrefutable_let_patterns, reason = "one database alone")
            )]
            let AnyConnection::Postgres(connection) = &mut *connection else { return Ok(()) };
            let rows = LoadConnection::<diesel::connection::DefaultLoadingMode>::load(connection, &fetch);
            let mut seen = 0;
            for row in rows.map_err(DbError::from)? {
                see(&PgCells { row: &row.map_err(DbError::from)?, life: PhantomData })?;
                seen += 1;
            }
            if seen < BATCH {
                break;
            }
        }
        sql!("CLOSE streamed").execute(connection).map_err(DbError::from)?;
        Ok(())
    }

    /// Takes each row as it comes over the wire.
    pub(super) fn each_row_of_all<E: From<DbError>>(
        connection: &mut PgConnection,
        query: &Sql<'_>,
        see: &mut dyn FnMut(&dyn Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = LoadConnection::<PgRowByRowLoadingMode>::load(connection, query).map_err(DbError::from)?;
        for row in rows {
            see(&PgCells { row: &row.map_err(DbError::from)?, life: PhantomData })?;
        }
        Ok(())
    }

    struct PgCells<'r, 'c, R: Row<'c, Pg>> {
        row: &'r R,
        life: PhantomData<&'c ()>,
    }

    /// PostgreSQL counts from 2000-01-01.
    const EPOCH: i64 = 946_684_800_000_000;

    impl<'c, R: Row<'c, Pg>> Cells for PgCells<'_, 'c, R> {
        fn look(&self, place: usize, shape: Shape, see: &mut dyn FnMut(Raw<'_>)) -> Result<(), DbError> {
            let field = self.row.get(place).ok_or_else(|| misfit(place))?;
            let Some(value) = field.value() else {
                see(Raw::Null);
                return Ok(());
            };
            let bytes = value.as_bytes();
            let number = || bytes.try_into().map(i64::from_be_bytes).map_err(|_| misfit(place));
            see(match shape {
                Shape::Text => Raw::Text(std::str::from_utf8(bytes).map_err(|_| misfit(place))?),
                Shape::Int => Raw::Int(number()?),
                Shape::Instant => Raw::Instant(Timestamp::from_micros(number()? + EPOCH)),
                Shape::Guid => Raw::Guid(Uuid::from_slice(bytes).map_err(|_| misfit(place))?),
            });
            Ok(())
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::marker::PhantomData;

    use diesel::sqlite::Sqlite;

    use super::*;

    pub(super) fn row<'r, 'c, R: Row<'c, Sqlite>>(row: &'r R) -> SqliteCells<'r, 'c, R> {
        SqliteCells { row, life: PhantomData }
    }

    pub(super) struct SqliteCells<'r, 'c, R: Row<'c, Sqlite>> {
        row: &'r R,
        life: PhantomData<&'c ()>,
    }

    impl<'c, R: Row<'c, Sqlite>> Cells for SqliteCells<'_, 'c, R> {
        fn look(&self, place: usize, shape: Shape, see: &mut dyn FnMut(Raw<'_>)) -> Result<(), DbError> {
            let field = self.row.get(place).ok_or_else(|| misfit(place))?;
            let Some(mut value) = field.value() else {
                see(Raw::Null);
                return Ok(());
            };
            see(match shape {
                Shape::Text => Raw::Text(value.read_text()),
                Shape::Int => Raw::Int(value.read_long()),
                Shape::Instant => Raw::Instant(Timestamp::from_micros(value.read_long())),
                Shape::Guid => Raw::Guid(Uuid::from_slice(value.read_blob()).map_err(|_| misfit(place))?),
            });
            Ok(())
        }
    }
}
