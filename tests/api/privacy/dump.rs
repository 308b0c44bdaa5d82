//! Every text of every column of every table, as somebody with the database sees it.

use diesel::{QueryableByName, RunQueryDsl, sql_query};
use huitou::db::{AnyConnection, Backend};
use huitou::on_backend;

use crate::schema::catalog::columns;
use crate::support::TestApp;

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    value: Option<String>,
}

/// All values, each with `table.column` before it.
pub fn dump(app: &TestApp) -> Vec<String> {
    let mut connection = app.config.database.target.connect(false).expect("the database answers");
    let mut values = Vec::new();
    for column in columns(&mut connection) {
        let place = format!("{}.{}", column.table_name, column.name);
        let found = texts(&mut connection, &column.table_name, &column.name, &column.kind);
        values.extend(found.into_iter().map(|value| format!("{place}: {value}")));
    }
    values
}

fn texts(connection: &mut AnyConnection, table: &str, column: &str, kind: &str) -> Vec<String> {
    let text = match (connection.backend(), kind) {
        (Backend::Postgres, "bytea") => format!("encode(\"{column}\", 'escape')"),
        (Backend::Postgres, _) => format!("\"{column}\"::text"),
        (Backend::Sqlite, _) => format!("CAST(\"{column}\" AS TEXT)"),
    };
    let query = format!("SELECT {text} AS value FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
    let rows: Vec<Value> = on_backend!(connection, c => sql_query(&query).load(c)).unwrap_or_default();
    rows.into_iter().filter_map(|row| row.value).collect()
}

/// Where any of these stands.
pub fn places(app: &TestApp, needles: &[&str]) -> Vec<String> {
    let holds = |value: &String| needles.iter().any(|needle| value.contains(needle));
    dump(app).into_iter().filter(holds).collect()
}
