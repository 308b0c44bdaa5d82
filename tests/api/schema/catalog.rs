//! What a database says about itself.

use diesel::{QueryableByName, RunQueryDsl, sql_query};
use huitou::db::{AnyConnection, Backend};
use huitou::on_backend;

#[derive(Debug, QueryableByName)]
pub struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub table_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub nullable: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub has_default: bool,
}

impl Column {
    pub fn described(&self) -> String {
        described(&self.table_name, &self.name, &self.kind, self.nullable)
    }
}

pub fn described(table: &str, column: &str, kind: &str, nullable: bool) -> String {
    format!("{table}.{column} {kind}{}", if nullable { "" } else { " NOT NULL" })
}

pub fn columns(connection: &mut AnyConnection) -> Vec<Column> {
    let query = match connection.backend() {
        Backend::Postgres => {
            "SELECT table_name::text, column_name::text AS name, udt_name::text AS kind, is_nullable = 'YES' AS nullable,
                 (column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS') AS has_default
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'
             ORDER BY table_name, ordinal_position"
        }
        Backend::Sqlite => {
            "SELECT t.name AS table_name, c.name, c.type AS kind, c.\"notnull\" = 0 AS nullable,
                 (c.dflt_value IS NOT NULL OR c.hidden <> 0) AS has_default
             FROM sqlite_schema t, pragma_table_xinfo(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             ORDER BY t.name, c.cid"
        }
    };
    on_backend!(connection, c => sql_query(query).load(c)).expect("columns can be listed")
}

#[derive(Debug, QueryableByName)]
pub struct Key {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub table_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub name: String,
    /// `primary`, `unique` or `index`; for a foreign key `foreign`.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub columns: String,
}

pub fn keys(connection: &mut AnyConnection) -> Vec<Key> {
    let query = match connection.backend() {
        Backend::Postgres => {
            "SELECT t.relname::text AS table_name, i.relname::text AS name,
                 CASE WHEN x.indisprimary THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE 'index' END AS kind,
                 (SELECT string_agg(coalesce(a.attname::text, '<expression>'), ',' ORDER BY k.place)
                  FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(attnum, place)
                  LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                  WHERE k.place <= x.indnkeyatts) AS columns
             FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
             WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '\\_\\_%'"
        }
        Backend::Sqlite => {
            "SELECT t.name AS table_name, i.name,
                 CASE WHEN i.origin = 'pk' THEN 'primary' WHEN i.\"unique\" THEN 'unique' ELSE 'index' END AS kind,
                 (SELECT group_concat(coalesce(c.name, '<expression>'), ',')
                  FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c) AS columns
             FROM sqlite_schema t, pragma_index_list(t.name) i
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'"
        }
    };
    on_backend!(connection, c => sql_query(query).load(c)).expect("keys can be listed")
}

pub fn foreign_keys(connection: &mut AnyConnection) -> Vec<Key> {
    let query = match connection.backend() {
        Backend::Postgres => {
            "SELECT t.relname::text AS table_name, f.conname::text AS name, 'foreign' AS kind, a.attname::text AS columns
             FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.conkey[1] WHERE f.contype = 'f'"
        }
        Backend::Sqlite => {
            "SELECT t.name AS table_name, f.id || '' AS name, 'foreign' AS kind, f.\"from\" AS columns
             FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.seq = 0"
        }
    };
    on_backend!(connection, c => sql_query(query).load(c)).expect("foreign keys can be listed")
}

pub fn automata(connection: &mut AnyConnection) -> Vec<String> {
    let query = match connection.backend() {
        Backend::Postgres => {
            "SELECT tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT sequencename::text FROM pg_sequences"
        }
        Backend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' OR name = 'sqlite_sequence'"
        }
    };
    names(connection, query)
}

pub fn names(connection: &mut AnyConnection, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let rows: Vec<Name> =
        on_backend!(connection, c => sql_query(query).load(c)).expect("names can be listed");
    rows.into_iter().map(|row| row.name).collect()
}
