//! Merging by hand, taking merges back, and telling who is not the same.

use std::collections::{BTreeMap, BTreeSet};

use diesel::Connection;

use super::closure::Closure;
use super::graph::Sides;
use super::log::{self, Entry, Undone};
use super::{Change, regroup};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError, look_up_by_key, retry};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, MergeId, TenantId};
use crate::ingest::load;
use crate::time::Timestamp;

/// Who asks for something, and when.
pub struct Asker<'a> {
    pub tenant: TenantId,
    /// The subject of their token.
    pub subject: &'a str,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
}

/// Does the work again when somebody else changed who is one person meanwhile.
fn again<T>(connection: &mut AnyConnection, work: impl Fn(&mut AnyConnection) -> Result<T>) -> Result<T> {
    retry(|| match connection.transaction(|connection| work(connection)) {
        Err(Error::Conflict { code: "conflict", detail }) => Err(DbError::Conflict(detail)),
        outcome => Ok(outcome),
    })?
}

/// Why a merge came undone that somebody took back.
const BY_HAND: &str = "undone";
/// Why a merge came undone whose customers were said not to be the same.
const NOT_SAME: &str = "not_same";

impl Asker<'_> {
    /// Merges one customer with all that is theirs into another.
    pub fn merge(&self, connection: &mut AnyConnection, into: CustomerId, from: CustomerId) -> Result<Entry> {
        again(connection, |connection| self.try_merge(connection, into, from))
    }

    /// Takes a merge back: everything is as if it had never been. One that a key told is not told again.
    pub fn undo(&self, connection: &mut AnyConnection, id: MergeId) -> Result<Entry> {
        again(connection, |connection| self.try_undo(connection, id))
    }

    /// Remembers that two customers are not the same person: no key joins them any more.
    pub fn not_same(&self, connection: &mut AnyConnection, one: CustomerId, other: CustomerId) -> Result<()> {
        again(connection, |connection| self.try_not_same(connection, one, other))
    }

    fn try_merge(&self, connection: &mut AnyConnection, into: CustomerId, from: CustomerId) -> Result<Entry> {
        let closure = self.read(connection, into, ("/from", from))?;
        let (into, from) = (closure.survivor(into), closure.survivor(from));
        if into == from {
            return Err(Error::conflict("already_one", "the two are one customer already"));
        }
        if [into, from].iter().any(|id| closure.people.get(id).is_some_and(|person| person.erased)) {
            return Err(Error::conflict("erased", "a customer whose data were erased cannot be merged"));
        }
        let entry = Entry {
            id: self.ids.id(self.now),
            from,
            into,
            key: None,
            sides: Sides { from: closure.group_of(from), into: closure.group_of(into) },
            created_at: self.now,
            created_by: Some(self.subject.into()),
            undone: None,
        };
        log::write(connection, self.tenant, std::slice::from_ref(&entry))?;
        self.regroup(connection, [from, into], NOT_SAME)?;
        Ok(entry)
    }

    fn try_undo(&self, connection: &mut AnyConnection, id: MergeId) -> Result<Entry> {
        look_up_by_key(connection)?;
        let entry = find(connection, self.tenant, id)?;
        if entry.undone.is_some() {
            return Err(Error::conflict("already_undone", "the merge was undone already"));
        }
        if entry.key.is_some() {
            let separation = self.ids.id(self.now);
            log::separate(connection, self.tenant, separation, &entry.sides, self.now, Some(self.subject))?;
            self.part(connection, entry.from, entry.into, BY_HAND)?;
        } else {
            let undone = Undone { at: self.now, by: Some(self.subject.into()), because: BY_HAND.into() };
            log::undo(connection, self.tenant, [id], &undone)?;
            self.regroup(connection, [entry.from, entry.into], NOT_SAME)?;
        }
        find(connection, self.tenant, id)
    }

    fn try_not_same(&self, connection: &mut AnyConnection, one: CustomerId, other: CustomerId) -> Result<()> {
        if one == other {
            return Err(Error::invalid("/other", "same_customer", "must be another customer"));
        }
        let closure = self.read(connection, one, ("/other", other))?;
        // Those who are one now are parted by themselves; who belongs to which of them, their keys tell.
        let sides = if closure.survivor(one) == closure.survivor(other) {
            Sides { from: BTreeSet::from([one]), into: BTreeSet::from([other]) }
        } else {
            Sides { from: closure.group_of(one), into: closure.group_of(other) }
        };
        if !closure.graph.separations.iter().any(|known| known.covers(&sides)) {
            let separation = self.ids.id(self.now);
            log::separate(connection, self.tenant, separation, &sides, self.now, Some(self.subject))?;
        }
        self.part(connection, one, other, NOT_SAME)
    }

    /// Finds out anew who is one now that the two are not; a merge by hand stands against that.
    fn part(
        &self,
        connection: &mut AnyConnection,
        one: CustomerId,
        other: CustomerId,
        because: &'static str,
    ) -> Result<()> {
        let survivors = self.regroup(connection, [one, other], because)?;
        if survivors.get(&one) == survivors.get(&other) {
            return Err(Error::conflict(
                "merged_by_hand",
                "the two were merged by hand; undo that merge first",
            ));
        }
        Ok(())
    }

    fn regroup(
        &self,
        connection: &mut AnyConnection,
        seeds: [CustomerId; 2],
        because: &'static str,
    ) -> Result<BTreeMap<CustomerId, CustomerId>> {
        let tenant = load::tenant(connection, self.tenant, &BTreeSet::new())?;
        let tenant = tenant.ok_or(Error::NotFound { what: "tenant" })?;
        let change = Change {
            tenant: self.tenant,
            country: tenant.country.as_deref(),
            now: self.now,
            ids: self.ids,
            by: Some(self.subject),
            because,
        };
        Ok(regroup(connection, &change, &BTreeSet::from(seeds), &BTreeSet::new())?)
    }

    /// All that is known of the two; both must be there, the second as the body names it.
    fn read(
        &self,
        connection: &mut AnyConnection,
        one: CustomerId,
        (pointer, other): (&str, CustomerId),
    ) -> Result<Closure> {
        look_up_by_key(connection)?;
        let closure = Closure::read(connection, self.tenant, &BTreeSet::from([one, other]))?;
        if !closure.people.contains_key(&one) {
            return Err(Error::NotFound { what: "customer" });
        }
        if !closure.people.contains_key(&other) {
            return Err(Error::invalid(pointer, "unknown_customer", "there is no such customer"));
        }
        Ok(closure)
    }
}

/// A merge, as it stands in the log.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: MergeId) -> Result<Entry> {
    log::find(connection, tenant, [id])?.pop().ok_or(Error::NotFound { what: "merge" })
}
