//! Who is one person, and what follows from it.
//!
//! Every customer stays as they were first known, with their identities and their own contact. What connects them is
//! kept beside: keys that were told of them ([`links`]), merges by hand, and what was said not to be the same. Who is one
//! person is a pure function of that ([`graph`]), so it does not depend on the order in which things became known, and
//! taking something back leaves what would be there without it. [`regroup`] computes it for everybody whom a change can
//! touch, and moves what has to move.

mod closure;
mod contacts;
pub mod graph;
pub mod links;
pub mod log;
pub mod model;
pub mod moves;
pub mod service;

pub use closure::Closure;

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::IdGen;
use crate::consents;
use crate::db::{AnyConnection, DbError, look_up_by_key};
use crate::ids::{CustomerId, TenantId};
use crate::ingest::load::OrderKey;
use crate::ingest::{load, rebuild};
use crate::time::Timestamp;
use graph::Grouping;
use log::{Entry, Undone};
use moves::Moves;

/// Who changes something about who is one person, and when.
pub struct Change<'a> {
    pub tenant: TenantId,
    /// Where phones without a country code belong.
    pub country: Option<&'a str>,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
    /// The subject of the caller; none where a document told it.
    pub by: Option<&'a str>,
    /// Why merges come undone by this.
    pub because: &'static str,
}

impl Change<'_> {
    fn undone(&self) -> Undone {
        Undone { at: self.now, by: self.by.map(String::from), because: self.because.into() }
    }
}

/// Finds out anew who is one person among these customers and everybody connected with them, moves what has to move, and
/// tells under whom each is found now.
///
/// Locks what it changes: orders by key, with `orders`, which the caller is about to lock, and then customers by id. If
/// somebody else changed who is one person meanwhile, that is a conflict, and the same work may succeed now.
pub fn regroup(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    seeds: &BTreeSet<CustomerId>,
    orders: &BTreeSet<OrderKey>,
) -> Result<BTreeMap<CustomerId, CustomerId>, DbError> {
    let tenant = change.tenant;
    let closure = Closure::read(connection, tenant, seeds)?;
    let grouping = closure.graph.group();
    let moves = Moves::between(&closure, &grouping);
    if !moves.customers.is_empty() {
        moves.hold_orders(connection, tenant, orders)?;
        let everybody = closure.people.keys().copied().collect();
        let customers = load::contacts(connection, tenant, &everybody)?;
        if Closure::read(connection, tenant, seeds)? != closure {
            return Err(DbError::Conflict("somebody else merged these customers meanwhile".into()));
        }
        moves.carry_out(connection, tenant, change.now)?;
        let touched = closure.touched(&moves, &grouping);
        contacts::regroup(connection, change, &grouping, &touched, customers)?;
        // Whatever is derived from what lies in a customer's file is computed anew here.
        consents::store::derive(connection, tenant, &touched)?;
        let touched: Vec<CustomerId> = touched.into_iter().collect();
        rebuild::of_customers(connection, tenant, &touched)?;
        metrics::counter!("huitou_customers_regrouped_total").increment(moves.customers.len() as u64);
    }
    write_log(connection, change, &closure, &grouping)?;
    Ok(grouping.survivors)
}

/// Lets each of these customers stand alone: the keys that were told of them and the merges by hand that connect them
/// with others are taken back.
pub fn take_out(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    customers: &BTreeSet<CustomerId>,
) -> Result<(), DbError> {
    look_up_by_key(connection)?;
    let closure = Closure::read(connection, change.tenant, customers)?;
    let theirs = |merge: &closure::Merge| customers.contains(&merge.from) || customers.contains(&merge.into);
    let by_hand =
        closure.merges.iter().filter(|(_, merge)| merge.by_hand && theirs(merge)).map(|(id, _)| *id);
    log::undo(connection, change.tenant, by_hand, &change.undone())?;
    links::forget(connection, change.tenant, customers)?;
    regroup(connection, change, &closure.people.keys().copied().collect(), &BTreeSet::new())?;
    Ok(())
}

/// Merges that no longer hold are undone, and those that a key told are written down.
fn write_log(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    closure: &Closure,
    grouping: &Grouping,
) -> Result<(), DbError> {
    let survivor = |customer: &CustomerId| grouping.survivors.get(customer);
    let (hold, fell): (Vec<_>, Vec<_>) = closure
        .merges
        .iter()
        .partition(|(_, merge)| merge.by_hand || survivor(&merge.from) == survivor(&merge.into));
    log::undo(connection, change.tenant, fell.into_iter().map(|(id, _)| *id), &change.undone())?;
    let explained: BTreeSet<CustomerId> = hold.into_iter().map(|(_, merge)| merge.from).collect();
    let new: Vec<Entry> = grouping
        .joins
        .iter()
        .filter(|(from, _)| !explained.contains(from))
        .map(|(from, join)| Entry {
            id: change.ids.id(change.now),
            from: *from,
            into: join.into,
            key: Some(join.key.clone()),
            sides: join.sides.clone(),
            created_at: change.now,
            created_by: None,
            undone: None,
        })
        .collect();
    log::write(connection, change.tenant, &new)
}

impl Moves {
    /// What moves when those who were found as the closure says are found as the grouping says.
    fn between(closure: &Closure, grouping: &Grouping) -> Self {
        let mut moves = Self::default();
        for (customer, to) in &grouping.survivors {
            let from = closure.survivor(*customer);
            if from != *to {
                moves.customers.insert(*customer, *to);
                moves.from.insert(from);
            }
        }
        for (identity, known) in &closure.identities {
            if let Some(to) = moves.customers.get(&known.origin_id) {
                moves.identities.insert(*identity, *to);
            }
        }
        moves
    }
}

impl Closure {
    /// Everybody in whose group somebody came or went.
    fn touched(&self, moves: &Moves, grouping: &Grouping) -> BTreeSet<CustomerId> {
        let changed: BTreeSet<CustomerId> =
            moves.from.iter().chain(moves.customers.values()).copied().collect();
        let in_changed = |customer: &CustomerId| {
            changed.contains(&self.survivor(*customer)) || changed.contains(&grouping.survivors[customer])
        };
        self.people.keys().copied().filter(in_changed).collect()
    }
}
