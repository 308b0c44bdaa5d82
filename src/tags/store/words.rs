//! What platforms said of single tags: of each person and name the newest word.

use diesel::QueryableByName;

use crate::db::schema::platform_tag_words;
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Table, Upsert};
use crate::ids::{IdentityId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// That a tag was given or taken, and the version that said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub given: bool,
    pub version: Timestamp,
}

impl Word {
    /// Whether it stands against another. Of two of the same version "taken" counts, so that the order does not.
    pub fn outweighs(&self, other: &Self) -> bool {
        (self.version, !self.given) > (other.version, !other.given)
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = platform_tag_words)]
struct Row {
    identity_id: IdentityId,
    name_key: String,
    given: bool,
    version: Timestamp,
}

/// What was said of these people's tags, by the names' unique form.
pub fn words(
    connection: &mut AnyConnection,
    tenant: TenantId,
    of: &[IdentityId],
) -> Result<Vec<(IdentityId, String, Word)>, DbError> {
    let keys = Column::ids(of.iter().copied());
    let known = Keyed::of_tenant("platform_tag_words", "w", tenant, "identity_id", keys).rows(connection);
    let rows: Vec<Row> =
        sql!("SELECT w.identity_id, w.name_key, w.given, w.version FROM {}", known).load(connection)?;
    let word = |row: &Row| Word { given: row.given, version: row.version };
    Ok(rows.into_iter().map(|row| (row.identity_id, row.name_key.clone(), word(&row))).collect())
}

const WORDS: Table = Table {
    name: "platform_tag_words",
    columns: &["tenant_id", "identity_id", "name_key", "given", "version"],
    key: &["tenant_id", "identity_id", "name_key"],
};

/// Keeps what was said.
pub fn note_words(
    connection: &mut AnyConnection,
    tenant: TenantId,
    said: &[(IdentityId, &str, Word)],
) -> Result<(), DbError> {
    let values = vec![
        Column::ids(said.iter().map(|_| tenant)),
        Column::ids(said.iter().map(|(identity, ..)| *identity)),
        Column::texts(said.iter().map(|(_, key, _)| *key)),
        Column::bools(said.iter().map(|(.., word)| word.given)),
        Column::instants(said.iter().map(|(.., word)| word.version)),
    ];
    let on_conflict = OnConflict::Update(&["given", "version"]);
    Upsert { table: &WORDS, values, on_conflict }.execute(connection)?;
    Ok(())
}
