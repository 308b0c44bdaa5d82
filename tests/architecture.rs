//! The layers of the source tree, held by reading it: see docs/ARCHITECTURE.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[test]
fn endpoints_know_no_sql() {
    assert_free_of(&["diesel", "crate::db::schema", "sql!("], |path| layer(path, "api"));
}

#[test]
fn stores_and_services_know_no_http() {
    assert_free_of(&["actix"], |path| layer(path, "store") || layer(path, "service"));
}

#[test]
fn pure_cores_know_neither_http_nor_sql() {
    let pure =
        ["platforms", "synthetic", "imports", "segments/language", "campaigns/lift", "campaigns/attribution"];
    assert_free_of(&["actix", "diesel", "crate::db", "crate::http"], |path| {
        pure.iter().any(|core| path.starts_with(core) || path == Path::new(core).with_extension("rs"))
    });
}

#[test]
fn the_database_layer_knows_no_nouns() {
    let nouns = ["crate::orders", "crate::customers", "crate::tenants", "crate::shops", "crate::ingest"];
    assert_free_of(&nouns, |path| path.starts_with("db"));
}

#[test]
fn no_file_outgrows_a_readers_patience() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .collect();
    assert!(long.is_empty(), "split these by subject: {long:#?}");
}

/// The description of the API goes by names alone: of two types with the same one, the later would replace the other.
#[test]
fn no_two_types_share_a_name_in_the_description() {
    let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources() {
        for name in described(&text) {
            named.entry(name).or_default().push(path.clone());
        }
    }
    assert!(named.len() > 100, "the types that are described are found: {}", named.len());
    let shared: Vec<_> = named.iter().filter(|(_, paths)| paths.len() > 1).collect();
    assert!(shared.is_empty(), "name them apart with #[schema(as = …)]: {shared:#?}");
}

/// The names under which the types of a file are described.
fn described(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut other = None;
        for line in lines.by_ref() {
            if let Some((_, rest)) = line.split_once("schema(as = ") {
                other = rest.split([')', ',']).next().map(str::to_owned);
            }
            let words: Vec<_> = line.split_whitespace().skip_while(|word| word.starts_with("pub")).collect();
            if let ["struct" | "enum", name, ..] = words[..] {
                let name = name.split(['<', '(', ';', '{']).next().unwrap_or(name).to_owned();
                names.push(other.unwrap_or(name));
                break;
            }
        }
    }
    names
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    assert_free_of(&["#[allow(", "#![allow("], |_| true);
}

/// Whether the file is, or lies in, a layer: `orders/api.rs`, `orders/api/list.rs`.
fn layer(path: &Path, name: &str) -> bool {
    path.with_extension("").components().any(|part| part.as_os_str() == name)
}

/// Looks at code, not at comments.
fn assert_free_of(words: &[&str], applies: impl Fn(&Path) -> bool) {
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| applies(path)) {
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("src/{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "these lines have no business where they stand:\n{}", found.join("\n"));
}

/// Every source file, its path relative to src.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the source tree can be read") {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source files are UTF-8");
                let relative = path.strip_prefix(&root).expect("it lies in src").to_path_buf();
                sources.push((relative, text));
            }
        }
    }
    assert!(!sources.is_empty());
    sources
}
