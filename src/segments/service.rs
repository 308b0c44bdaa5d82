//! The rules of segments: who is in them, and how they are saved.

use serde_json::Value;

use super::compile::{self, Context};
use super::definitions::{self, Prepared};
use super::language::tree::{Kind, Node, Query};
use super::language::{self};
use super::model::Segment;
use super::store::{self, figures};
use crate::db::{AnyConnection, Sql, join_large_sets};
use crate::error::{Error, Result};
use crate::ids::{SegmentId, TenantId};
use crate::tenants::Tenant;
use crate::time::Timestamp;

const SEGMENT: Error = Error::NotFound { what: "segment" };

/// A group of customers: a saved one, or one that is described on the spot.
#[derive(Debug, Clone)]
pub enum Group {
    Saved(SegmentId),
    Described(Box<Query>),
}

impl Group {
    /// From what a request says: exactly one of an id, a text and a document.
    pub fn read(segment: Option<SegmentId>, query: Option<&str>, filter: Option<&Value>) -> Result<Self> {
        match (segment, query, filter) {
            (Some(id), None, None) => Ok(Self::Saved(id)),
            (Some(_), ..) => {
                let detail = "tell either `segment_id` or what describes the group, not both";
                Err(Error::invalid("/segment_id", "ambiguous", detail))
            }
            (None, query, filter) => Ok(Self::Described(Box::new(definitions::read(query, filter)?))),
        }
    }

    /// The query that describes it.
    pub fn query(&self, connection: &mut AnyConnection, tenant: TenantId) -> Result<Query> {
        match self {
            Self::Described(query) => Ok(query.as_ref().clone()),
            Self::Saved(id) => {
                let segment = get(connection, tenant, *id)?;
                language::parse(&segment.query).map_err(|problem| Error::internal(problem.detail))
            }
        }
    }
}

/// Who is in a group, as a set to work with in the same transaction: `SELECT … AS id …`, without those who were merged
/// or erased. Without `personal` the group may not go by personal data.
pub fn members(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    group: &Group,
    personal: bool,
    now: Timestamp,
) -> Result<Sql<'static>> {
    let query = group.query(connection, tenant.id)?;
    let prepared = definitions::prepare(connection, tenant, &query, personal, now)?;
    with(connection, tenant, &prepared, now, |context| compile::members(context, &prepared.checked))
}

/// How many are in a group.
pub fn count(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    group: &Group,
    personal: bool,
    now: Timestamp,
) -> Result<i64> {
    let query = group.query(connection, tenant.id)?;
    let prepared = definitions::prepare(connection, tenant, &query, personal, now)?;
    let query =
        with(connection, tenant, &prepared, now, |context| compile::count(context, &prepared.checked))?;
    figures::number(connection, &query)
}

/// Compiles with what must be looked up before. To be called within a transaction.
pub fn with<T>(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    prepared: &Prepared,
    now: Timestamp,
    compile: impl FnOnce(&Context<'_>) -> T,
) -> Result<T> {
    let nodes = [&prepared.checked.condition];
    let context = Context::load(connection, tenant, &prepared.definitions, nodes, now)?;
    // Conditions are sets of customers. Of a tenant whose orders came in since the last look at the tables the planner knows
    // nothing, would take each set for a row or two, and go through all lines once for every customer.
    join_large_sets(connection)?;
    Ok(compile(&context))
}

pub fn get(connection: &mut AnyConnection, tenant: TenantId, id: SegmentId) -> Result<Segment> {
    store::find(connection, tenant, id)?.ok_or(SEGMENT)
}

/// Those of the ids that are ids of segments.
pub fn known(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: impl IntoIterator<Item = SegmentId>,
) -> Result<Vec<SegmentId>> {
    store::known(connection, tenant, ids)
}

/// What a segment is made from.
pub struct NewSegment {
    pub name: String,
    pub description: Option<String>,
    pub query: Query,
}

pub fn create(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    new: NewSegment,
    personal: bool,
    id: SegmentId,
    now: Timestamp,
) -> Result<Segment> {
    let prepared = definitions::prepare(connection, tenant, &new.query, personal, now)?;
    let query = by_ids(new.query, &prepared);
    let segment = Segment {
        id,
        name: new.name,
        description: new.description,
        filter: language::to_json(&query),
        query: language::print(&query),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    store::insert(connection, tenant.id, &segment, &prepared.uses)?;
    Ok(segment)
}

/// Changes a segment; `change` may refuse, and answers the new query if there is one.
pub fn update(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    id: SegmentId,
    personal: bool,
    now: Timestamp,
    change: impl FnOnce(&mut Segment) -> Result<Option<Query>>,
) -> Result<Segment> {
    let before = get(connection, tenant.id, id)?;
    let mut segment = before.clone();
    let query = match change(&mut segment)? {
        Some(query) => query,
        None => language::parse(&segment.query).map_err(|problem| Error::internal(problem.detail))?,
    };
    let prepared = definitions::prepare(connection, tenant, &query, personal, now)?;
    if prepared.reached.contains(&id) {
        let detail =
            "the query names the segment itself, or one that does, so nobody could tell who is in it";
        return Err(Error::invalid(definitions::QUERY, "cycle", detail));
    }
    let query = by_ids(query, &prepared);
    segment.query = language::print(&query);
    segment.filter = language::to_json(&query);
    if segment == before {
        return Ok(segment);
    }
    segment.updated_at = now;
    segment.revision += 1;
    if store::update(connection, tenant.id, &segment, &prepared.uses)? {
        Ok(segment)
    } else {
        Err(Error::conflict("conflict", "another request changed the segment; try again"))
    }
}

/// Deletes a segment that nothing goes by; `allow` may refuse.
pub fn delete(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: SegmentId,
    allow: impl FnOnce(&Segment) -> Result<()>,
) -> Result<()> {
    allow(&get(connection, tenant, id)?)?;
    let users = store::users(connection, tenant, id)?;
    if !users.is_empty() {
        let detail = format!("it is used by {}", users.join(", "));
        return Err(Error::conflict("segment_in_use", detail));
    }
    store::delete(connection, tenant, id)
}

/// The query with ids in place of names, so that a segment can be renamed.
fn by_ids(mut query: Query, prepared: &Prepared) -> Query {
    if let Some(node) = &mut query.condition {
        name_by_ids(node, prepared);
    }
    query
}

fn name_by_ids(node: &mut Node, prepared: &Prepared) {
    match &mut node.kind {
        Kind::And(nodes) | Kind::Or(nodes) | Kind::AtLeast { of: nodes, .. } => {
            nodes.iter_mut().for_each(|node| name_by_ids(node, prepared));
        }
        Kind::Not(node) => name_by_ids(node, prepared),
        Kind::InSegment { reference, .. } => {
            if let Some(id) = prepared.ids.get(&reference.text) {
                reference.text = id.to_string();
            }
        }
        Kind::Compare(_) | Kind::Matches { .. } | Kind::Sample { .. } | Kind::Sequence(_) => {}
    }
}
