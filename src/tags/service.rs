//! The rules of tags.

use std::collections::BTreeSet;

use super::model::{By, CustomerTag, Named, TagResponse, TaggingResponse, name_key};
use super::store::{self, Act};
use crate::clock::IdGen;
use crate::customers;
use crate::db::{AnyConnection, Column, Sql, join_large_sets};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, TagId, TenantId};
use crate::sql;
use crate::time::Timestamp;

const TAG: Error = Error::NotFound { what: "tag" };

/// What every change of tags goes by: whose they are, who does it and when.
pub struct Doing<'a> {
    pub tenant: TenantId,
    pub by: By,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
}

impl Doing<'_> {
    fn act(&self, tag: TagId) -> Act {
        Act { tenant: self.tenant, tag, id: self.ids.id(self.now), by: self.by.clone(), at: self.now }
    }
}

pub fn get(connection: &mut AnyConnection, tenant: TenantId, id: TagId) -> Result<TagResponse> {
    store::find(connection, tenant, id)?.ok_or(TAG)
}

/// Makes a tag.
pub fn create(connection: &mut AnyConnection, tenant: TenantId, tag: TagResponse) -> Result<TagResponse> {
    match store::insert(connection, tenant, std::slice::from_ref(&tag))? {
        0 => Err(store::taken()),
        _ => Ok(tag),
    }
}

/// Changes a tag; `change` may refuse.
pub fn update(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: TagId,
    now: Timestamp,
    change: impl FnOnce(&mut TagResponse) -> Result<()>,
) -> Result<TagResponse> {
    let before = store::lock(connection, tenant, id)?.ok_or(TAG)?;
    let mut tag = before.clone();
    change(&mut tag)?;
    if tag == before {
        return Ok(tag);
    }
    tag.updated_at = now;
    tag.revision += 1;
    store::update(connection, tenant, &tag)?;
    Ok(tag)
}

/// Deletes a tag, from everybody who has it and with its history; `allow` may refuse.
pub fn delete(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: TagId,
    allow: impl FnOnce(&TagResponse) -> Result<()>,
) -> Result<()> {
    allow(&store::lock(connection, tenant, id)?.ok_or(TAG)?)?;
    store::delete(connection, tenant, id)
}

/// The customers whom an assignment means.
pub enum Whom<'a> {
    /// By their ids.
    These(Vec<CustomerId>),
    /// A statement that answers their ids as `id`.
    Members(Sql<'a>),
}

/// Whether a tag is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Assign,
    Unassign,
}

/// How many customers one statement names by their ids.
const CHUNK: usize = 10_000;
/// From so many on they are joined as a set, not looked up one by one.
const MANY: usize = 2_000;

/// Gives a tag to customers, or takes it from them, by hand.
pub fn tag(
    connection: &mut AnyConnection,
    doing: &Doing<'_>,
    tag: TagId,
    whom: Whom<'_>,
    direction: Direction,
) -> Result<TaggingResponse> {
    let tag = assignable(store::lock(connection, doing.tenant, tag)?.ok_or(TAG)?)?;
    let change = |connection: &mut AnyConnection, set: Sql<'_>| match direction {
        Direction::Assign => store::gain(connection, &doing.act(tag.id), set),
        Direction::Unassign => store::lose(connection, &doing.act(tag.id), set),
    };
    let (customers, changed, unknown) = match whom {
        Whom::These(ids) => {
            if ids.len() >= MANY {
                // Who has the tag by now is not in the planner's figures: it would look through all of them for each customer.
                join_large_sets(connection)?;
            }
            let (mut meant, mut unknown) = (BTreeSet::new(), BTreeSet::new());
            for ids in ids.chunks(CHUNK) {
                let known = store::resolve(connection, doing.tenant, ids)?;
                meant.extend(known.values().copied());
                unknown.extend(ids.iter().copied().filter(|id| !known.contains_key(id)));
            }
            let meant: Vec<CustomerId> = meant.into_iter().collect();
            let mut changed = 0;
            for ids in meant.chunks(CHUNK) {
                // Each part is an act of its own, so that none reads again what another did.
                changed += change(connection, customers_with(doing.tenant, ids))?;
            }
            (meant.len() as i64, changed, unknown.into_iter().collect())
        }
        Whom::Members(set) => {
            let customers = store::count_members(connection, set.clone())?;
            let changed = change(connection, set)?;
            // Somebody may have come to belong in between.
            (customers.max(changed), changed, Vec::new())
        }
    };
    Ok(TaggingResponse { customers, changed, unchanged: customers - changed, unknown })
}

fn customers_with<'a>(tenant: TenantId, ids: &[CustomerId]) -> Sql<'a> {
    sql!(
        "SELECT k.id FROM customers k WHERE k.tenant_id = {} AND k.id {}",
        tenant,
        Column::ids(ids.iter().copied())
    )
}

/// A tag that follows a segment is not assigned by hand.
fn assignable(tag: TagResponse) -> Result<TagResponse> {
    match tag.segment_id {
        Some(segment) => Err(Error::conflict(
            "tag_follows_segment",
            format!("the tag follows {segment}: its members have it, and nobody is given it by hand"),
        )),
        None => Ok(tag),
    }
}

/// Gives one customer a tag, by its id or its name; a name that is not known becomes a tag. Tells whether it is new to
/// the customer.
pub fn put(
    connection: &mut AnyConnection,
    doing: &Doing<'_>,
    customer: CustomerId,
    named: &Named,
) -> Result<(CustomerTag, bool)> {
    let customer = customers::service::get(connection, doing.tenant, customer)?.id;
    let tag = match (find(connection, doing.tenant, named)?, named) {
        (Some(tag), _) => tag,
        (None, Named::Id(_)) => return Err(TAG),
        (None, Named::Name(name)) => {
            let new = TagResponse::named(doing.ids.id(doing.now), name.clone(), doing.now);
            store::insert(connection, doing.tenant, &[new])?;
            // Somebody else may have made it meanwhile.
            find(connection, doing.tenant, named)?.ok_or(TAG)?
        }
    };
    let before = store::of_customer(connection, doing.tenant, customer)?;
    let had = before.iter().any(|held| held.id == tag.id);
    self::tag(connection, doing, tag.id, Whom::These(vec![customer]), Direction::Assign)?;
    let held = store::of_customer(connection, doing.tenant, customer)?;
    let held = held.into_iter().find(|held| held.id == tag.id);
    // Whoever merged the customer meanwhile has the better right.
    Ok((held.ok_or(Error::NotFound { what: "customer" })?, !had))
}

/// Takes a tag from one customer, whether or not they have it.
pub fn remove(
    connection: &mut AnyConnection,
    doing: &Doing<'_>,
    customer: CustomerId,
    named: &Named,
) -> Result<()> {
    let customer = customers::service::get(connection, doing.tenant, customer)?.id;
    let tag = find(connection, doing.tenant, named)?.ok_or(TAG)?;
    self::tag(connection, doing, tag.id, Whom::These(vec![customer]), Direction::Unassign)?;
    Ok(())
}

fn find(connection: &mut AnyConnection, tenant: TenantId, named: &Named) -> Result<Option<TagResponse>> {
    match named {
        Named::Id(id) => store::find(connection, tenant, *id),
        Named::Name(name) => Ok(store::find_by_names(connection, tenant, [name_key(name).as_str()])?.pop()),
    }
}
