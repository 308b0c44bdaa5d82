//! What src/db/schema says.

use std::collections::{BTreeMap, BTreeSet};

use huitou::db::Backend;

use super::catalog::described;

struct Table {
    name: String,
    primary_key: String,
    /// Each name with its declared type.
    columns: Vec<(String, String)>,
}

/// The tables of src/db/schema, read from its text: `name (key, …) {`, then `column -> Type,` lines, before which
/// `#[sql_name = "…"]` tells what the database calls the column.
fn tables() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut called: Option<String> = None;
    for line in text().lines().map(str::trim) {
        if let Some((name, key)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            tables.push(Table {
                name: name.into(),
                primary_key: key.replace(", ", ","),
                columns: Vec::new(),
            });
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let table = tables.last_mut().expect("a column stands in a table");
            table.columns.push((called.take().unwrap_or_else(|| column.into()), kind.into()));
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            called = name.strip_suffix("\"]").map(String::from);
        }
    }
    tables
}

fn text() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/db/schema");
    let files = std::fs::read_dir(folder).expect("the schema's folder is there");
    let paths = files.map(|file| file.expect("a folder can be listed").path());
    paths.map(|path| std::fs::read_to_string(path).expect("source files are UTF-8")).collect()
}

pub fn primary_keys() -> BTreeMap<String, String> {
    tables().into_iter().map(|table| (table.name, table.primary_key)).collect()
}

/// Each column with its table.
pub fn names() -> BTreeSet<(String, String)> {
    let of = |table: Table| table.columns.into_iter().map(move |(column, _)| (table.name.clone(), column));
    tables().into_iter().flat_map(of).collect()
}

pub fn columns(backend: Backend) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for table in tables() {
        for (column, declared) in &table.columns {
            let inner = declared.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
            let kind = column_type(inner.unwrap_or(declared), backend);
            expected.insert(described(&table.name, column, kind, inner.is_some()));
        }
    }
    expected
}

fn column_type(declared: &str, backend: Backend) -> &'static str {
    let (postgres, sqlite) = match declared {
        "Guid" => ("uuid", "BLOB"),
        "Text" => ("text", "TEXT"),
        "JsonText" => ("jsonb", "TEXT"),
        "Instant" => ("timestamptz", "INTEGER"),
        "BigInt" => ("int8", "INTEGER"),
        "Bool" => ("bool", "INTEGER"),
        "Double" => ("float8", "REAL"),
        "Binary" => ("bytea", "BLOB"),
        other => panic!("say here what {other} is on each database"),
    };
    match backend {
        Backend::Postgres => postgres,
        Backend::Sqlite => sqlite,
    }
}
