//! Reads all that is known of customers and of everybody whom it connects them with.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::graph::{Graph, Name, Sides};
use super::links::{self, Link};
use crate::customers::match_key::MatchKey;
use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, Keyed, Sql};
use crate::ids::{CustomerId, IdentityId, MergeId, SeparationId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// Customers who are one person, may be, or were.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closure {
    pub people: BTreeMap<CustomerId, Person>,
    pub identities: BTreeMap<IdentityId, Identity>,
    /// What holds of the log.
    pub merges: BTreeMap<MergeId, Merge>,
    pub graph: Graph,
}

/// A customer as their row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub merged_into: Option<CustomerId>,
    pub erased: bool,
}

/// What a customer is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub customer_id: CustomerId,
    pub origin_id: CustomerId,
}

/// A merge that was not undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub by_hand: bool,
    pub from: CustomerId,
    pub into: CustomerId,
}

/// The kind of a merge that a person asked for.
pub const BY_HAND: &str = "manual";

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    merged_into: Option<CustomerId>,
    #[diesel(sql_type = Nullable<Instant>)]
    erased_at: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct MergeRow {
    #[diesel(sql_type = Guid)]
    id: MergeId,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Guid)]
    from_id: CustomerId,
    #[diesel(sql_type = Guid)]
    into_id: CustomerId,
}

#[derive(QueryableByName)]
struct SeparationRow {
    #[diesel(sql_type = Guid)]
    id: SeparationId,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = BigInt)]
    side: i64,
}

#[derive(QueryableByName)]
struct IdentityRow {
    #[diesel(sql_type = Guid)]
    id: IdentityId,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    origin_id: CustomerId,
}

impl Closure {
    /// Everybody whom keys, merges and what is merged now connect with these customers, step by step: each round asks
    /// for the neighbours of those whom the last one found.
    pub fn read(
        connection: &mut AnyConnection,
        tenant: TenantId,
        seeds: &BTreeSet<CustomerId>,
    ) -> Result<Self, DbError> {
        let mut closure = Self::default();
        let mut keys: HashSet<MatchKey> = HashSet::new();
        let mut frontier = seeds.clone();
        while !frontier.is_empty() {
            let mut reached = closure.read_people(connection, tenant, &frontier)?;
            reached.extend(closure.read_merges(connection, tenant, &frontier)?);
            let told = links::told_of(connection, tenant, frontier.iter().copied())?;
            let told = told.into_iter().map(|link| link.key).filter(|key| keys.insert(key.clone())).collect();
            for Link { key, customer, .. } in links::of_keys(connection, tenant, &told)? {
                reached.push(customer);
                closure.graph.links.entry(key).or_default().insert(customer);
            }
            frontier =
                reached.into_iter().filter(|customer| !closure.people.contains_key(customer)).collect();
        }
        closure.read_names(connection, tenant)?;
        closure.read_separations(connection, tenant)?;
        let merges = closure.merges.values().filter(|merge| merge.by_hand);
        closure.graph.by_hand = merges.map(|merge| (merge.from, merge.into)).collect();
        Ok(closure)
    }

    /// The customers themselves, and who is one with them now.
    fn read_people(
        &mut self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        frontier: &BTreeSet<CustomerId>,
    ) -> Result<Vec<CustomerId>, DbError> {
        let mut reached = Vec::new();
        for key in ["id", "merged_into"] {
            let people = keyed(connection, "customers", tenant, key, frontier);
            let found = sql!("SELECT c.id, c.merged_into, c.erased_at FROM {}", people);
            for row in found.load::<PersonRow>(connection)? {
                reached.extend(row.merged_into);
                if key == "id" {
                    let PersonRow { id, merged_into, erased_at } = row;
                    self.people.insert(id, Person { merged_into, erased: erased_at.is_some() });
                } else {
                    reached.push(row.id);
                }
            }
        }
        Ok(reached)
    }

    fn read_merges(
        &mut self,
        connection: &mut AnyConnection,
        tenant: TenantId,
        frontier: &BTreeSet<CustomerId>,
    ) -> Result<Vec<CustomerId>, DbError> {
        let mut reached = Vec::new();
        for key in ["from_id", "into_id"] {
            let merges = keyed(connection, "merges", tenant, key, frontier);
            let found =
                sql!("SELECT c.id, c.kind, c.from_id, c.into_id FROM {} WHERE c.undone_at IS NULL", merges);
            for MergeRow { id, kind, from_id: from, into_id: into } in found.load(connection)? {
                reached.extend([from, into]);
                self.merges.insert(id, Merge { by_hand: kind == BY_HAND, from, into });
            }
        }
        Ok(reached)
    }

    fn read_names(&mut self, connection: &mut AnyConnection, tenant: TenantId) -> Result<(), DbError> {
        let everybody: BTreeSet<CustomerId> = self.people.keys().copied().collect();
        let unnamed =
            |id: &CustomerId| -> (CustomerId, Name) { (*id, [String::new(), String::new(), id.to_string()]) };
        self.graph.customers = everybody.iter().map(unnamed).collect();
        let identities = keyed(connection, "identities", tenant, "customer_id", &everybody);
        let found =
            sql!("SELECT c.id, c.kind, c.scope, c.value, c.customer_id, c.origin_id FROM {}", identities);
        for row in found.load::<IdentityRow>(connection)? {
            let IdentityRow { id, kind, scope, value, customer_id, origin_id } = row;
            self.identities.insert(id, Identity { customer_id, origin_id });
            if let Some(name) = self.graph.customers.get_mut(&origin_id) {
                *name = [kind, scope, value];
            }
        }
        Ok(())
    }

    fn read_separations(&mut self, connection: &mut AnyConnection, tenant: TenantId) -> Result<(), DbError> {
        let everybody: BTreeSet<CustomerId> = self.people.keys().copied().collect();
        let separations = keyed(connection, "separations", tenant, "customer_id", &everybody);
        let found = sql!("SELECT c.id, c.customer_id, c.side FROM {}", separations);
        let mut sides: BTreeMap<SeparationId, Sides> = BTreeMap::new();
        for SeparationRow { id, customer_id, side } in found.load(connection)? {
            let of = sides.entry(id).or_default();
            let side = if side == 0 { &mut of.from } else { &mut of.into };
            side.insert(customer_id);
        }
        self.graph.separations = sides.into_values().collect();
        Ok(())
    }

    /// Under whom the customer is found now.
    pub fn survivor(&self, customer: CustomerId) -> CustomerId {
        let merged = self.people.get(&customer).and_then(|person| person.merged_into);
        merged.unwrap_or(customer)
    }

    /// Those who are found under the same customer as this one.
    pub fn group_of(&self, customer: CustomerId) -> BTreeSet<CustomerId> {
        let survivor = self.survivor(customer);
        self.people.keys().copied().filter(|other| self.survivor(*other) == survivor).collect()
    }
}

/// The rows of these customers, called `c`.
fn keyed<'a>(
    connection: &AnyConnection,
    table: &'static str,
    tenant: TenantId,
    key: &'static str,
    customers: &BTreeSet<CustomerId>,
) -> Sql<'a> {
    let keys = Column::ids(customers.iter().copied());
    Keyed::of_tenant(table, "c", tenant, key, keys).rows(connection)
}
