//! SQL text with binds, for what diesel's query builder cannot say to both databases at once.
//!
//! ```text
//! let found: Vec<Row> = sql!("SELECT id FROM orders WHERE tenant_id = {} AND status = {}", tenant, "paid").load(c)?;
//! ```
//!
//! Each `{}` takes a bound value, another [`Sql`], or a [`Column`] of which the expression before it must be one
//! (`id {}`); values never become part of the text.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Text, Untyped};
use uuid::Uuid;

use super::AnyConnection;
use super::types::{Document, Guid, Instant, Json, JsonText};
use crate::ids::{Id, IdKind};
use crate::on_backend;
use crate::time::Timestamp;

/// Writes a [`Sql`] from a text with one `{}` for each argument.
#[macro_export]
macro_rules! sql {
    ($text:expr $(, $argument:expr)* $(,)?) => {
        $crate::db::Sql::new($text, vec![$($crate::db::Bind::from($argument)),*])
    };
}

/// What stands in place of a `{}`.
#[derive(Debug, Clone)]
pub enum Bind<'a> {
    Uuid(Id<AnyKind>),
    Text(Cow<'a, str>),
    Int(i64),
    Double(f64),
    Bool(bool),
    Instant(Timestamp),
    Json(Json),
    /// A comparison with any of these values: `id {}`.
    AnyOf(Column<'a>),
    /// All these values as one, an array; on PostgreSQL only.
    Array(Column<'a>),
    Sql(Sql<'a>),
}

/// Any kind of id; inside the database they are all UUIDs.
#[derive(Debug, Clone, Copy)]
pub struct AnyKind;

impl IdKind for AnyKind {
    const PREFIX: &'static str = "any";
    const NAME: &'static str = "AnyId";
    const EXAMPLE: &'static str = "";
}

/// Values of one column, one for each row.
#[derive(Debug, Clone)]
pub enum Column<'a> {
    Uuid(Vec<Option<Id<AnyKind>>>),
    Text(Vec<Option<Cow<'a, str>>>),
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Instant(Vec<Option<Timestamp>>),
    Json(Vec<Option<Document>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

impl<'a> Column<'a> {
    pub fn ids<K: IdKind>(values: impl IntoIterator<Item = Id<K>>) -> Self {
        Self::Uuid(values.into_iter().map(|id| Some(any(id))).collect())
    }
    pub fn optional_ids<K: IdKind>(values: impl IntoIterator<Item = Option<Id<K>>>) -> Self {
        Self::Uuid(values.into_iter().map(|id| id.map(any)).collect())
    }
    pub fn texts(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Text(values.into_iter().map(|text| Some(Cow::Borrowed(text))).collect())
    }
    pub fn owned_texts(values: impl IntoIterator<Item = String>) -> Self {
        Self::Text(values.into_iter().map(|text| Some(Cow::Owned(text))).collect())
    }
    pub fn optional_texts(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self::Text(values.into_iter().map(|text| text.map(Cow::Borrowed)).collect())
    }
    pub fn ints(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Int(values.into_iter().map(Some).collect())
    }
    pub fn optional_ints(values: impl IntoIterator<Item = Option<i64>>) -> Self {
        Self::Int(values.into_iter().collect())
    }
    pub fn bools(values: impl IntoIterator<Item = bool>) -> Self {
        Self::Bool(values.into_iter().map(Some).collect())
    }
    pub fn instants(values: impl IntoIterator<Item = Timestamp>) -> Self {
        Self::Instant(values.into_iter().map(Some).collect())
    }
    pub fn optional_instants(values: impl IntoIterator<Item = Option<Timestamp>>) -> Self {
        Self::Instant(values.into_iter().collect())
    }
    pub fn jsons(values: impl IntoIterator<Item = serde_json::Value>) -> Self {
        Self::documents(values.into_iter().map(Document::from))
    }
    pub fn optional_jsons(values: impl IntoIterator<Item = Option<serde_json::Value>>) -> Self {
        Self::Json(values.into_iter().map(|value| value.map(Document::from)).collect())
    }
    pub fn documents(values: impl IntoIterator<Item = Document>) -> Self {
        Self::Json(values.into_iter().map(Some).collect())
    }

    pub fn bytes(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::Bytes(values.into_iter().map(Some).collect())
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Uuid(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Instant(values) => values.len(),
            Self::Json(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

pub(super) fn any<K: IdKind>(id: Id<K>) -> Id<AnyKind> {
    Id::from_uuid(id.uuid())
}

impl<K: IdKind> From<Id<K>> for Bind<'_> {
    fn from(id: Id<K>) -> Self {
        Self::Uuid(any(id))
    }
}
impl From<Uuid> for Bind<'_> {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(Id::from_uuid(uuid))
    }
}
impl<'a> From<&'a str> for Bind<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}
impl<'a> From<&'a String> for Bind<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.as_str().into())
    }
}
impl From<String> for Bind<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}
impl From<i64> for Bind<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<f64> for Bind<'_> {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}
impl From<bool> for Bind<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
impl From<Timestamp> for Bind<'_> {
    fn from(moment: Timestamp) -> Self {
        Self::Instant(moment)
    }
}
impl From<Json> for Bind<'_> {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}
impl<'a> From<Column<'a>> for Bind<'a> {
    fn from(column: Column<'a>) -> Self {
        Self::AnyOf(column)
    }
}
impl<'a> From<Sql<'a>> for Bind<'a> {
    fn from(sql: Sql<'a>) -> Self {
        Self::Sql(sql)
    }
}

/// A statement, or a part of one.
#[derive(Debug, Clone, Default)]
pub struct Sql<'a> {
    parts: Vec<Part<'a>>,
    once: bool,
}

#[derive(Debug, Clone)]
enum Part<'a> {
    Text(Cow<'a, str>),
    Bind(Bind<'a>),
}

impl<'a> Sql<'a> {
    /// Splits `text` at each `{}` and puts the arguments between.
    pub fn new(text: &'a str, arguments: Vec<Bind<'a>>) -> Self {
        Self::between(text.split("{}").map(Cow::Borrowed), arguments, text)
    }

    /// [`Sql::new`] for a text that was put together.
    pub fn owned(text: String, arguments: Vec<Bind<'a>>) -> Self {
        Self::between(text.split("{}").map(|piece| Cow::Owned(piece.to_owned())), arguments, &text)
    }

    fn between(mut pieces: impl Iterator<Item = Cow<'a, str>>, arguments: Vec<Bind<'a>>, text: &str) -> Self {
        assert_eq!(text.matches("{}").count(), arguments.len(), "one argument for each {{}} in: {text}");
        let mut parts = Vec::with_capacity(2 * arguments.len() + 1);
        let mut once = false;
        parts.extend(pieces.next().map(Part::Text));
        for (argument, piece) in arguments.into_iter().zip(pieces) {
            match argument {
                Bind::Sql(sql) => {
                    once |= sql.once;
                    parts.extend(sql.parts);
                }
                value => parts.push(Part::Bind(value)),
            }
            parts.push(Part::Text(piece));
        }
        Self { parts, once }
    }

    /// A piece of text as it is, such as a list of columns.
    pub fn text(text: &'a str) -> Self {
        Self { parts: vec![Part::Text(text.into())], once: false }
    }

    /// Appends another piece.
    pub fn push(&mut self, sql: Sql<'a>) {
        self.once |= sql.once;
        self.parts.extend(sql.parts);
    }

    /// The statement that this becomes is one of too many to keep: it is planned for its own values each time.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Runs a statement that answers rows.
    pub fn load<R: Row>(&self, connection: &mut AnyConnection) -> QueryResult<Vec<R>> {
        on_backend!(connection, c => RunQueryDsl::load(self, c))
    }

    /// Runs a statement that answers at most one row.
    pub fn first<R: Row>(&self, connection: &mut AnyConnection) -> QueryResult<Option<R>> {
        Ok(self.load(connection)?.into_iter().next())
    }

    /// Runs a statement that changes rows, and tells how many.
    pub fn execute(&self, connection: &mut AnyConnection) -> QueryResult<usize> {
        on_backend!(connection, c => diesel::connection::Connection::execute_returning_count(c, self))
    }

    #[cfg(feature = "sqlite")]
    fn has_long_list(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Bind(Bind::AnyOf(column) | Bind::Array(column)) => column.len() > LONGEST_KEPT_LIST,
            _ => false,
        })
    }
}

impl QueryId for Sql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Sql<'_> {
    type SqlType = Untyped;
}
impl<C> RunQueryDsl<C> for &Sql<'_> {}

/// Statements with longer lists are not kept prepared on SQLite.
#[cfg(feature = "sqlite")]
const LONGEST_KEPT_LIST: usize = 512;

/// A row that both databases can fill: `#[derive(QueryableByName)]` over [`super::types`] and diesel's plain types.
#[cfg(all(feature = "postgres", feature = "sqlite"))]
pub trait Row: QueryableByName<diesel::pg::Pg> + QueryableByName<diesel::sqlite::Sqlite> + 'static {}
#[cfg(all(feature = "postgres", feature = "sqlite"))]
impl<T> Row for T where T: QueryableByName<diesel::pg::Pg> + QueryableByName<diesel::sqlite::Sqlite> + 'static {}

#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
pub trait Row: QueryableByName<diesel::pg::Pg> + 'static {}
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
impl<T> Row for T where T: QueryableByName<diesel::pg::Pg> + 'static {}

#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
pub trait Row: QueryableByName<diesel::sqlite::Sqlite> + 'static {}
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
impl<T> Row for T where T: QueryableByName<diesel::sqlite::Sqlite> + 'static {}

/// Pushes a single value; a [`Bind::AnyOf`] is the caller's, for each database has its own way.
macro_rules! push_value {
    ($pass:expr, $bind:expr, $set:ident => $push_set:expr, $array:ident => $push_array:expr) => {
        match $bind {
            Bind::Uuid(id) => $pass.push_bind_param::<Guid, _>(id)?,
            Bind::Text(text) => $pass.push_bind_param::<Text, _>(text)?,
            Bind::Int(number) => $pass.push_bind_param::<BigInt, _>(number)?,
            Bind::Double(number) => $pass.push_bind_param::<Double, _>(number)?,
            Bind::Bool(truth) => $pass.push_bind_param::<Bool, _>(truth)?,
            Bind::Instant(moment) => $pass.push_bind_param::<Instant, _>(moment)?,
            Bind::Json(json) => $pass.push_bind_param::<JsonText, _>(json)?,
            Bind::AnyOf($set) => $push_set,
            Bind::Array($array) => $push_array,
            Bind::Sql(_) => unreachable!("Sql::new puts nested pieces in line"),
        }
    };
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::pg::Pg;
    use diesel::sql_types::{Array, Nullable};

    use super::*;

    impl QueryFragment<Pg> for Sql<'_> {
        fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
            if self.once {
                pass.unsafe_to_cache_prepared();
            }
            for part in &self.parts {
                match part {
                    Part::Text(text) => pass.push_sql(text),
                    Part::Bind(bind) => push_value!(pass, bind, column => {
                        pass.push_sql("= ANY(");
                        push_array(column, pass.reborrow())?;
                        pass.push_sql(")");
                    }, column => push_array(column, pass.reborrow())?),
                }
            }
            Ok(())
        }
    }

    /// `unnest($1, $2, …)`: one array for each column, so that the text does not depend on the number of rows.
    pub(in crate::db) fn push_unnest<'b>(
        columns: &'b [Column<'_>],
        mut pass: AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        pass.push_sql("unnest(");
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                pass.push_sql(", ");
            }
            push_array(column, pass.reborrow())?;
        }
        pass.push_sql(")");
        Ok(())
    }

    /// `$1`: all values of the column.
    fn push_array<'b>(column: &'b Column<'_>, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match column {
            Column::Uuid(values) => pass.push_bind_param::<Array<Nullable<Guid>>, _>(values),
            Column::Text(values) => pass.push_bind_param::<Array<Nullable<Text>>, _>(values),
            Column::Int(values) => pass.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
            Column::Bool(values) => pass.push_bind_param::<Array<Nullable<Bool>>, _>(values),
            Column::Instant(values) => pass.push_bind_param::<Array<Nullable<Instant>>, _>(values),
            Column::Json(values) => pass.push_bind_param::<Array<Nullable<JsonText>>, _>(values),
            Column::Bytes(values) => pass.push_bind_param::<Array<Nullable<Binary>>, _>(values),
        }
    }
}
#[cfg(feature = "postgres")]
pub(super) use postgres::push_unnest;

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::sql_types::Nullable;
    use diesel::sqlite::Sqlite;

    use super::*;

    impl QueryFragment<Sqlite> for Sql<'_> {
        fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
            if self.once || self.has_long_list() {
                pass.unsafe_to_cache_prepared(); // the text grows with the list
            }
            for part in &self.parts {
                match part {
                    Part::Text(text) => pass.push_sql(text),
                    Part::Bind(bind) => {
                        push_value!(pass, bind, column => push_list(column, pass.reborrow())?,
                            column => push_list(column, pass.reborrow())?)
                    }
                }
            }
            Ok(())
        }
    }

    /// `IN (?, ?, …)`
    ///
    /// The last value is repeated until their number is a power of two, so that there are few different texts and each
    /// stays prepared.
    fn push_list<'b>(column: &'b Column<'_>, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let values = column.len();
        let places =
            if (1..=LONGEST_KEPT_LIST).contains(&values) { values.next_power_of_two() } else { values };
        pass.push_sql("IN (");
        for place in 0..places {
            if place > 0 {
                pass.push_sql(", ");
            }
            push_cell(column, place.min(values - 1), pass.reborrow())?;
        }
        pass.push_sql(")");
        Ok(())
    }

    /// `?, ?, …`: one row of the columns.
    pub(in crate::db) fn push_row<'b>(
        columns: &'b [Column<'_>],
        row: usize,
        mut pass: AstPass<'_, 'b, Sqlite>,
    ) -> QueryResult<()> {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                pass.push_sql(", ");
            }
            push_cell(column, row, pass.reborrow())?;
        }
        Ok(())
    }

    /// `?`: one value.
    fn push_cell<'b>(
        column: &'b Column<'_>,
        row: usize,
        mut pass: AstPass<'_, 'b, Sqlite>,
    ) -> QueryResult<()> {
        match column {
            Column::Uuid(values) => pass.push_bind_param::<Nullable<Guid>, _>(&values[row]),
            Column::Text(values) => pass.push_bind_param::<Nullable<Text>, _>(&values[row]),
            Column::Int(values) => pass.push_bind_param::<Nullable<BigInt>, _>(&values[row]),
            Column::Bool(values) => pass.push_bind_param::<Nullable<Bool>, _>(&values[row]),
            Column::Instant(values) => pass.push_bind_param::<Nullable<Instant>, _>(&values[row]),
            Column::Json(values) => pass.push_bind_param::<Nullable<JsonText>, _>(&values[row]),
            Column::Bytes(values) => pass.push_bind_param::<Nullable<Binary>, _>(&values[row]),
        }
    }
}
#[cfg(feature = "sqlite")]
pub(super) use sqlite::push_row;
