//! The database: one set of queries for SQLite and PostgreSQL.
//!
//! [`AnyConnection`] is either database; [`Db`] hands out connections and runs work on them. Plain reads and writes
//! of a noun use diesel's query builder over [`schema`]; what it cannot say for both databases at once (upserts, sets
//! of keys, set-based statements) goes through [`Sql`] and [`Upsert`], written once as well.

mod apart;
mod calendar;
#[cfg(feature = "sqlite")]
mod checkpoint;
mod connection;
#[cfg(feature = "postgres")]
mod distribute;
mod error;
mod keyed;
pub mod migrate;
mod pool;
pub mod schema;
mod slow;
mod snapshot;
mod sql;
mod stream;
pub mod types;
mod upsert;
mod young;

pub use apart::{apart, retry, split};
pub use calendar::LocalTime;
pub use connection::{
    AnyConnection, Backend, MultiBackend, Target, join_as_written, join_large_sets, look_up_by_key,
    transaction,
};
pub use error::DbError;
pub use keyed::Keyed;
pub use pool::{Db, DbOptions, LongRead};
pub use slow::warn_of_slow_statements;
pub use snapshot::snapshot;
pub use sql::{AnyKind, Bind, Column, Row, Sql};
pub use stream::{Cells, Raw, Shape, each_row, each_row_of_all};
pub use upsert::{OnConflict, Table, Upsert};

/// Runs the same diesel code on the connection's own backend, for what [`MultiBackend`] cannot express.
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, $c:ident => $body:expr) => {
        match $connection {
            #[cfg(feature = "postgres")]
            $crate::db::AnyConnection::Postgres($c) => $body,
            #[cfg(feature = "sqlite")]
            $crate::db::AnyConnection::Sqlite($c) => $body,
        }
    };
}
