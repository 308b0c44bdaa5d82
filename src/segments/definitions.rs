//! From what a request says to what can be compiled: read, checked, and with every segment that it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compile::Definitions;
use super::language::checked::{Kind, Leaf, Node};
use super::language::{self, Checked, Place, Problem, Query, ShopContext};
use super::model::Segment;
use super::store;
use crate::currency;
use crate::db::AnyConnection;
use crate::error::{self, Error, FieldError, Result};
use crate::ids::{SegmentId, TenantId};
use crate::shops::{Shop, list_shops};
use crate::tenants::Tenant;
use crate::time::{Timestamp, time_zone};

/// Where in a request a text stands.
pub const QUERY: &str = "/query";
/// Where in a request a document stands.
pub const FILTER: &str = "/filter";

/// Reads what a request says: a text or a document.
pub fn read(query: Option<&str>, filter: Option<&Value>) -> Result<Query> {
    match (query, filter) {
        (Some(query), None) => language::parse(query).map_err(|problem| refused(vec![problem])),
        (None, Some(filter)) => language::from_json(filter, FILTER).map_err(refused),
        (None, None) => {
            Err(Error::invalid(QUERY, "required", "tell whom you mean by `query` (text) or `filter` (JSON)"))
        }
        (Some(_), Some(_)) => {
            Err(Error::invalid(FILTER, "ambiguous", "tell either `query` or `filter`, not both"))
        }
    }
}

/// What is wrong with a query, with its places.
pub fn refused(problems: Vec<Problem>) -> Error {
    Error::Invalid(problems.into_iter().map(told).collect())
}

fn told(problem: Problem) -> FieldError {
    let place = match &problem.place {
        Place::Nowhere => error::Place::Pointer(QUERY.into()),
        Place::Span { start, end } => error::Place::Span { pointer: QUERY.into(), start: *start, end: *end },
        Place::Pointer(pointer) => error::Place::Pointer(pointer.to_string()),
    };
    FieldError { place, code: problem.code, detail: problem.detail }
}

/// A query that is ready to be compiled.
pub struct Prepared {
    pub checked: Checked,
    /// Every segment that it names, and those that these name.
    pub definitions: Definitions,
    /// Those that it names itself.
    pub uses: Vec<SegmentId>,
    /// All of them by id.
    pub reached: BTreeSet<SegmentId>,
    /// By what the query calls each segment.
    pub ids: BTreeMap<String, SegmentId>,
}

/// How many conditions a query may have with all that it names.
const MOST_INLINED: usize = 2_000;
/// How many segments may name each other in a row.
const MOST_LEVELS: usize = 16;

/// Checks a query and looks up what it names. Without `personal` it may not go by personal data.
pub fn prepare(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    query: &Query,
    personal: bool,
    now: Timestamp,
) -> Result<Prepared> {
    let context = context(connection, tenant, now)?;
    let checked = language::check(query, &context).map_err(refused)?;
    let mut definitions = Definitions::new();
    let mut ids = BTreeMap::new();
    let mut open = references(&checked.condition);
    let own: Vec<String> = open.keys().cloned().collect();
    for level in 0.. {
        open.retain(|reference, _| !definitions.contains_key(reference));
        if open.is_empty() {
            break;
        }
        if level == MOST_LEVELS {
            let detail = format!("segments name each other over more than {MOST_LEVELS} steps");
            return Err(Error::unprocessable("too_deep", detail));
        }
        let found = look_up(connection, tenant.id, &open)?;
        open.clear();
        for (reference, segment) in found {
            let checked = reread(&segment, &context)?;
            open.extend(references(&checked.condition));
            ids.insert(reference.clone(), segment.id);
            definitions.insert(reference, checked);
        }
    }
    let prepared = Prepared {
        uses: own.iter().filter_map(|reference| ids.get(reference)).copied().collect(),
        reached: ids.values().copied().collect(),
        checked,
        definitions,
        ids,
    };
    if size(&prepared.checked.condition, &prepared.definitions, 0)? > MOST_INLINED {
        let detail = format!("with the segments that it names it has more than {MOST_INLINED} conditions");
        return Err(Error::unprocessable("too_many_conditions", detail));
    }
    if !personal {
        let all = std::iter::once(&prepared.checked).chain(prepared.definitions.values());
        if let Some(field) = all.flat_map(|checked| &checked.personal).next() {
            return Err(Error::needs_personal_data(field.field));
        }
    }
    Ok(prepared)
}

/// What dates, shops and amounts mean to the tenant at a moment.
fn context(connection: &mut AnyConnection, tenant: &Tenant, now: Timestamp) -> Result<language::Context> {
    const ALL: i64 = 100_000;
    let zone = |name: &str| time_zone(name).ok_or_else(|| Error::internal("a stored time zone is unknown"));
    let shop = |shop: Shop| {
        Ok(ShopContext {
            id: shop.id,
            external_id: shop.external_id,
            name: shop.name,
            platform: shop.platform.as_str(),
            zone: zone(&shop.timezone)?,
            dormant_after_days: shop.lifecycle.over(tenant.settings.lifecycle).dormant_after_days,
        })
    };
    Ok(language::Context {
        now,
        zone: zone(&tenant.timezone)?,
        currency: tenant.currency.clone(),
        decimals: currency::decimals(&tenant.currency),
        country: tenant.country.clone(),
        dormant_after_days: tenant.settings.lifecycle.dormant_after_days,
        shops: list_shops(connection, tenant.id, None, ALL)?.into_iter().map(shop).collect::<Result<_>>()?,
    })
}

/// A saved query, read again: what shops and thresholds are called may have changed since.
fn reread(segment: &Segment, context: &language::Context) -> Result<Checked> {
    let read = language::parse(&segment.query).map_err(|problem| vec![problem]);
    read.and_then(|query| language::check(&query, context)).map_err(|problems| {
        let detail = problems.first().map_or("", |problem| problem.detail.as_str());
        let detail =
            format!("the segment {} ({}) does not hold any more: {detail}", segment.id, segment.name);
        Error::unprocessable("segment_broken", detail)
    })
}

/// The segments that a condition names, and where.
fn references(node: &Node) -> BTreeMap<String, Place> {
    match &node.kind {
        Kind::All(nodes) | Kind::Any(nodes) | Kind::AtLeast { of: nodes, .. } => {
            nodes.iter().flat_map(references).collect()
        }
        Kind::Not(node) => references(node),
        Kind::Leaf(leaf) => match &**leaf {
            Leaf::Segment { reference } => BTreeMap::from([(reference.clone(), node.place.clone())]),
            _ => BTreeMap::new(),
        },
    }
}

fn look_up(
    connection: &mut AnyConnection,
    tenant: TenantId,
    open: &BTreeMap<String, Place>,
) -> Result<Vec<(String, Segment)>> {
    let names: Vec<&str> = open.keys().map(String::as_str).collect();
    let found = store::named(connection, tenant, &names)?;
    let mut problems = Vec::new();
    let mut known = Vec::new();
    for (reference, place) in open {
        let is_meant =
            |segment: &&Segment| segment.id.to_string() == *reference || segment.name == *reference;
        match found.iter().find(is_meant) {
            Some(segment) => known.push((reference.clone(), segment.clone())),
            None => {
                let detail = format!("there is no segment with the id or name `{reference}`");
                problems.push(Problem::new(place.clone(), "unknown_segment", detail));
            }
        }
    }
    if problems.is_empty() { Ok(known) } else { Err(refused(problems)) }
}

/// How many conditions there are once all segments stand in place; the depth is bounded, so a circle is found.
fn size(node: &Node, definitions: &Definitions, depth: usize) -> Result<usize> {
    let sum = |nodes: &[Node]| -> Result<usize> {
        let mut sum = 1_usize;
        for node in nodes {
            sum = sum.saturating_add(size(node, definitions, depth)?);
            if sum > MOST_INLINED {
                break;
            }
        }
        Ok(sum)
    };
    match &node.kind {
        Kind::All(nodes) | Kind::Any(nodes) | Kind::AtLeast { of: nodes, .. } => sum(nodes),
        Kind::Not(node) => Ok(size(node, definitions, depth)?.saturating_add(1)),
        Kind::Leaf(leaf) => match &**leaf {
            Leaf::Segment { reference } => {
                if depth == MOST_LEVELS {
                    return Err(Error::unprocessable("cycle", "the segments name each other in a circle"));
                }
                match definitions.get(reference) {
                    Some(checked) => size(&checked.condition, definitions, depth + 1),
                    None => Ok(1),
                }
            }
            _ => Ok(1),
        },
    }
}
