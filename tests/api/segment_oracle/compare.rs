//! Thousands of random queries over random shops: the databases answer what the naive evaluator answers.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use huitou::campaigns::contact_plan::{ContactPlan, GiveUp};
use huitou::clock::{Clock, IdGen, RandomIds, SystemClock};
use huitou::db::types::Guid;
use huitou::db::{AnyConnection, Db};
use huitou::ids::{CustomerId, TenantId};
use huitou::segments::compile;
use huitou::segments::language::checked::{Checked, Kind, Node};
use huitou::segments::language::{check, parse};
use huitou::tenants::{Settings, Tenant};
use uuid::Uuid;

use super::dice::Dice;
use super::model::World;
use super::{evaluate, load, queries, shops};
use crate::ingest::archive::open;

/// How many shops are made on each database, and how many queries are asked of each.
const WORLDS: usize = 12;
const QUERIES: usize = 150;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
}

/// Everyone who belongs to a query, as the database says.
pub fn members(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    world: &World,
    checked: &Checked,
) -> Result<BTreeSet<Uuid>, String> {
    let context =
        compile::Context::load(connection, tenant, &world.segments, [&checked.condition], world.now)
            .map_err(|error| format!("{error:?}"))?;
    let rows: Vec<Row> =
        compile::members(&context, checked).load(connection).map_err(|error| format!("{error:?}"))?;
    let found: BTreeSet<Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
    if found.len() == rows.len() { Ok(found) } else { Err("somebody is in it twice".to_owned()) }
}

/// The leaves of a condition.
fn leaves<'n>(node: &'n Node, found: &mut Vec<&'n Node>) {
    match &node.kind {
        Kind::All(parts) | Kind::Any(parts) | Kind::AtLeast { of: parts, .. } => {
            parts.iter().for_each(|part| leaves(part, found));
        }
        Kind::Not(inner) => leaves(inner, found),
        Kind::Leaf(_) => found.push(node),
    }
}

/// What differs, told leaf by leaf where the leaves alone differ already.
fn differences(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    world: &World,
    text: &str,
    checked: &Checked,
) -> Vec<String> {
    let mut compare = |what: String, checked: &Checked| {
        let expected = evaluate::members(world, checked);
        let found = members(connection, tenant, world, checked);
        if found.as_ref() == Ok(&expected) {
            return None;
        }
        let person =
            found.as_ref().ok().and_then(|found| found.symmetric_difference(&expected).next().copied());
        let person = world.customers.iter().find(|customer| Some(customer.id) == person);
        let has = person.is_some_and(|person| expected.contains(&person.id));
        Some(format!(
            "{what}\n  the database says {found:?}\n  expected {expected:?}\n  {} {person:#?}",
            if has { "without" } else { "with" }
        ))
    };
    let Some(whole) = compare(format!("{text}\n{checked:#?}"), checked) else { return Vec::new() };
    let mut parts = Vec::new();
    leaves(&checked.condition, &mut parts);
    let alone =
        |node: &Node| Checked { condition: node.clone(), top: None, personal: Vec::new(), dates: Vec::new() };
    let mut told: Vec<String> =
        parts.iter().filter_map(|leaf| compare(format!("in {text}\n{leaf:#?}"), &alone(leaf))).collect();
    if told.is_empty() {
        told.push(whole);
    }
    told
}

pub fn tenant(id: TenantId, world: &World) -> Tenant {
    let (contacts, days) = (evaluate::GIVE_UP.0 as i64, evaluate::GIVE_UP.1);
    Tenant {
        id,
        name: "t".to_owned(),
        timezone: world.zone.clone(),
        currency: world.currency.to_owned(),
        country: Some("CN".to_owned()),
        settings: Settings {
            contact_plan: ContactPlan { give_up: Some(GiveUp { contacts, days }), ..ContactPlan::default() },
            ..Settings::default()
        },
        created_at: world.now,
        updated_at: world.now,
        revision: 1,
    }
}

fn ask(db: &Db, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut world = shops::world(&mut dice);
    let id = load::load(db, &mut world);
    let context = world.context();
    let mut connection = db.dedicated().expect("a connection");
    let tenant = tenant(id, &world);
    for name in queries::SEGMENTS {
        // Later ones may name earlier ones.
        let text = queries::segment(&mut dice, world.segments.keys().next_back().map(String::as_str));
        let checked = check(&parse(&text).expect("a query"), &context).expect("a right query");
        world.segments.insert((*name).to_owned(), checked);
    }
    for _ in 0..QUERIES {
        let text = queries::query(&mut dice);
        let checked = check(&parse(&text).expect("a query"), &context).expect("a right query");
        let differences = differences(&mut connection, &tenant, &world, &text, &checked);
        if let Some(first) = differences.first() {
            panic!("seed {seed}, in {} at {}\n{first}", world.zone, world.now);
        }
    }
}

/// Another seed on every run, told when a test fails; `HUITOU_SEED` runs one again.
fn seeds() -> Vec<u64> {
    if let Ok(seed) = std::env::var("HUITOU_SEED") {
        return vec![seed.parse().expect("a number")];
    }
    let chance = RandomIds::default().uuid(SystemClock.now());
    let mut dice = Dice::new(chance.as_u64_pair().1);
    (0..WORLDS).map(|_| dice.number()).collect()
}

fn compare_at(url: &str) {
    let db = open(url);
    for seed in seeds() {
        ask(&db, seed);
    }
}

#[test]
fn sqlite_answers_what_the_naive_evaluator_answers() {
    let directory = tempfile::tempdir().unwrap();
    compare_at(&format!("sqlite://{}", directory.path().join("a.db").display()));
}

#[test]
fn postgresql_answers_what_the_naive_evaluator_answers() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    compare_at(&url);
}
