//! Column types that mean the same on both databases.
//!
//! | type | PostgreSQL | SQLite | Rust |
//! |---|---|---|---|
//! | [`Guid`] | `uuid` | `BLOB`, 16 bytes | [`crate::ids::Id`] |
//! | [`Instant`] | `timestamptz` | `INTEGER`, microseconds since 1970 | [`Timestamp`] |
//! | [`JsonText`] | `jsonb` | `TEXT` | [`Json`], or [`Document`] where there are many |

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType};
use uuid::Uuid;

use super::MultiBackend;
use crate::ids::{Id, IdKind};
use crate::time::Timestamp;

/// A UUID.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 2950, array_oid = 2951)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Binary")))]
pub struct Guid;

/// A moment in microseconds.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1184, array_oid = 1185)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Long")))]
pub struct Instant;

/// A JSON document.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 3802, array_oid = 3807)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
pub struct JsonText;

/// A JSON value in a column.
#[derive(Debug, Clone, PartialEq, Default, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonText)]
pub struct Json(pub serde_json::Value);

impl Json {
    /// Reads the column into a typed value. A row that this program wrote always fits.
    pub fn parse<T: serde::de::DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_value(self.0)
    }
}

/// A JSON value in a column, as its text: typed values go in and out without a tree of [`serde_json::Value`] between.
#[derive(Debug, Clone, PartialEq, Default, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonText)]
pub struct Document(String);

impl Document {
    /// Writes a value down.
    pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self)
    }

    /// Reads the column into a typed value. A row that this program wrote always fits.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl From<serde_json::Value> for Document {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write;

    use diesel::pg::Pg;
    use diesel::sql_types::{BigInt, Jsonb, Uuid as PgUuid};

    use super::*;

    /// PostgreSQL counts from 2000-01-01.
    const EPOCH: i64 = 946_684_800_000_000;

    impl ToSql<Instant, Pg> for Timestamp {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            ToSql::<BigInt, Pg>::to_sql(&(self.micros() - EPOCH), &mut out.reborrow())
        }
    }
    impl FromSql<Instant, Pg> for Timestamp {
        fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Timestamp::from_micros(<i64 as FromSql<BigInt, Pg>>::from_sql(bytes)? + EPOCH))
        }
    }
    impl ToSql<JsonText, Pg> for Json {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            ToSql::<Jsonb, Pg>::to_sql(&self.0, out)
        }
    }
    impl FromSql<JsonText, Pg> for Json {
        fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Json(<serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?))
        }
    }
    /// `jsonb` travels as its text behind this byte.
    const JSONB_VERSION: u8 = 1;

    impl ToSql<JsonText, Pg> for Document {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            out.write_all(&[JSONB_VERSION])?;
            out.write_all(self.0.as_bytes())?;
            Ok(IsNull::No)
        }
    }
    impl FromSql<JsonText, Pg> for Document {
        fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            match bytes.as_bytes().split_first() {
                Some((&JSONB_VERSION, text)) => Ok(Self(std::str::from_utf8(text)?.to_owned())),
                _ => Err("the column is no jsonb of a known version".into()),
            }
        }
    }
    impl<K: IdKind> ToSql<Guid, Pg> for Id<K> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            ToSql::<PgUuid, Pg>::to_sql(&self.uuid(), &mut out.reborrow())
        }
    }
    impl<K: IdKind> FromSql<Guid, Pg> for Id<K> {
        fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Id::from_uuid(<Uuid as FromSql<PgUuid, Pg>>::from_sql(bytes)?))
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::sql_types::{BigInt, Binary, Text};
    use diesel::sqlite::Sqlite;

    use super::*;

    impl ToSql<Instant, Sqlite> for Timestamp {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.micros());
            Ok(IsNull::No)
        }
    }
    impl FromSql<Instant, Sqlite> for Timestamp {
        fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Timestamp::from_micros(<i64 as FromSql<BigInt, Sqlite>>::from_sql(bytes)?))
        }
    }
    impl ToSql<JsonText, Sqlite> for Json {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.to_string());
            Ok(IsNull::No)
        }
    }
    impl FromSql<JsonText, Sqlite> for Json {
        fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Json(serde_json::from_str(&<String as FromSql<Text, Sqlite>>::from_sql(bytes)?)?))
        }
    }
    impl ToSql<JsonText, Sqlite> for Document {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.as_str());
            Ok(IsNull::No)
        }
    }
    impl FromSql<JsonText, Sqlite> for Document {
        fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Ok(Self(<String as FromSql<Text, Sqlite>>::from_sql(bytes)?))
        }
    }
    impl<K: IdKind> ToSql<Guid, Sqlite> for Id<K> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.uuid().into_bytes().to_vec());
            Ok(IsNull::No)
        }
    }
    impl<K: IdKind> FromSql<Guid, Sqlite> for Id<K> {
        fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            let blob = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(bytes)?;
            Ok(Id::from_uuid(Uuid::from_slice(&blob)?))
        }
    }
}

/// Lets a type travel through [`AnyConnection`], whichever database is behind it.
macro_rules! portable {
    ($sql:ident, $rust:ty $(, $kind:ident)?) => {
        impl$(<$kind: IdKind>)? FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<$rust, $sql>()
            }
        }
        impl$(<$kind: IdKind>)? ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }
    };
}
macro_rules! portable_sql_type {
    ($($sql:ident),*) => {$(
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
    )*};
}
portable_sql_type!(Guid, Instant, JsonText);
portable!(Instant, Timestamp);
portable!(JsonText, Json);
portable!(JsonText, Document);
portable!(Guid, Id<K>, K);
