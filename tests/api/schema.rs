//! The migrations of both databases and the tables that the query builder sees are three tellings of one schema.

pub mod catalog;
pub mod declared;

use std::collections::{BTreeMap, BTreeSet};

use huitou::db::{AnyConnection, migrate};

use crate::support::cluster::connect;
use crate::support::postgres;
use catalog::{automata, columns, foreign_keys, keys, names};

#[test]
fn both_databases_have_the_columns_that_the_query_builder_sees() {
    for_each_database(|connection| {
        let expected = declared::columns(connection.backend());
        let actual: BTreeSet<_> = columns(connection).into_iter().map(|column| column.described()).collect();
        let missing: Vec<_> = expected.difference(&actual).collect();
        let unknown: Vec<_> = actual.difference(&expected).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{:?}: src/db/schema and the migrations differ.\nonly in src/db/schema: {missing:#?}\n\
             only in the migrations: {unknown:#?}",
            connection.backend()
        );
    });
}

#[test]
fn the_keys_of_both_databases_are_the_same_and_start_with_the_tenant() {
    let declared = declared::primary_keys();
    for_each_database(|connection| {
        let keys = keys(connection);
        for key in &keys {
            assert!(
                key.columns.split(',').next() == Some("tenant_id"),
                "{:?}: {} of {} starts with {}, not with tenant_id",
                connection.backend(),
                key.name,
                key.table_name,
                key.columns
            );
        }
        let primary: BTreeMap<_, _> = keys
            .iter()
            .filter(|key| key.kind == "primary")
            .map(|key| (key.table_name.clone(), key.columns.clone()))
            .collect();
        assert_eq!(declared, primary, "{:?}: primary keys", connection.backend());
    });
}

#[test]
fn both_databases_hold_the_same_to_be_unique() {
    let unique_keys = |connection: &mut AnyConnection| -> BTreeSet<_> {
        let unique = keys(connection).into_iter().filter(|key| key.kind == "unique");
        unique.map(|key| (key.table_name, key.columns)).collect()
    };
    if let Some(mut connection) = postgres() {
        assert_eq!(unique_keys(&mut connection), unique_keys(&mut sqlite()));
    }
}

#[test]
fn the_database_makes_no_values_of_its_own() {
    for_each_database(|connection| {
        let made: Vec<_> = columns(connection).into_iter().filter(|column| column.has_default).collect();
        assert!(made.is_empty(), "{:?}: a DEFAULT or a generated column: {made:#?}", connection.backend());
        let automata = automata(connection);
        assert!(automata.is_empty(), "{:?}: triggers, sequences: {automata:#?}", connection.backend());
    });
}

#[test]
fn foreign_keys_start_with_the_tenant() {
    for_each_database(|connection| {
        for key in foreign_keys(connection) {
            assert!(key.columns.starts_with("tenant_id"), "{:?}: {key:?}", connection.backend());
        }
    });
}

#[test]
fn indexed_texts_compare_by_bytes_on_postgres_as_they_do_on_sqlite() {
    let Some(mut connection) = postgres() else { return };
    let linguistic = names(
        &mut connection,
        "SELECT DISTINCT c.relname || '.' || a.attname AS name
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_\\_%' AND a.attnum = ANY (i.indkey)
         AND a.atttypid = 'text'::regtype AND a.attcollation <> '\"C\"'::regcollation ORDER BY 1",
    );
    assert!(linguistic.is_empty(), "these need COLLATE \"C\": {linguistic:#?}");
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |folder: &str| -> BTreeSet<_> {
        std::fs::read_dir(format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR")))
            .expect("the migrations are there")
            .map(|entry| entry.expect("a folder can be listed").file_name())
            .collect()
    };
    assert_eq!(names("postgres"), names("sqlite"));
}

#[test]
fn every_migration_can_be_taken_back_and_applied_again() {
    for_each_database(|connection| {
        let before: Vec<_> = columns(connection).into_iter().map(|column| column.described()).collect();
        while migrate::down(connection).expect("a migration is taken back").is_some() {}
        assert!(columns(connection).is_empty(), "{:?}: down leaves tables behind", connection.backend());
        migrate::up(connection).expect("the migrations apply again");
        let after: Vec<_> = columns(connection).into_iter().map(|column| column.described()).collect();
        assert_eq!(before, after);
    });
}

#[test]
fn a_merge_knows_every_table_that_belongs_to_a_customer() {
    use huitou::customers::owned::{OTHERS, TABLES};
    let known: BTreeSet<&str> =
        TABLES.iter().copied().chain(OTHERS.iter().map(|(table, _)| *table)).collect();
    for_each_database(|connection| {
        let columns = columns(connection);
        let with = |name: &str| -> BTreeSet<&str> {
            columns
                .iter()
                .filter(|column| column.name == name)
                .map(|column| column.table_name.as_str())
                .collect()
        };
        assert_eq!(with("customer_id"), known, "name each in src/customers/owned.rs");
        for table in TABLES {
            assert!(with("origin_id").contains(table), "{table} needs an origin_id to come back by");
        }
    });
}

#[test]
fn what_two_customers_may_each_have_once_can_lie_in_one_file() {
    for_each_database(|connection| {
        let unique = keys(connection).into_iter().filter(|key| key.kind != "index");
        for key in unique.filter(|key| huitou::customers::owned::TABLES.contains(&key.table_name.as_str())) {
            let has = |name: &str| key.columns.split(',').any(|column| column == name);
            assert!(
                !has("customer_id") || has("origin_id"),
                "{} of {} needs origin_id",
                key.name,
                key.table_name
            );
        }
    });
}

fn for_each_database(check: impl Fn(&mut AnyConnection)) {
    check(&mut sqlite());
    if let Some(mut connection) = postgres() {
        check(&mut connection);
    }
}

fn postgres() -> Option<AnyConnection> {
    postgres::database_url().map(|url| connect(&url))
}

fn sqlite() -> AnyConnection {
    // On Linux and macOS an open file lives on when its directory is removed.
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut connection = connect(&format!("sqlite://{}/schema.db", directory.path().display()));
    migrate::up(&mut connection).expect("the migrations apply");
    connection
}
