//! Tags that follow segments.

use super::model::{By, RefreshResponse, TagResponse};
use super::store::{self, Act};
use crate::clock::IdGen;
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::ids::{SegmentId, TagId, TenantId};
use crate::segments;
use crate::segments::service::Group;
use crate::tenants::{Tenant, find_tenant};
use crate::time::Timestamp;

/// Brings a tag in line with the segment that it follows. `personal` tells whether personal data may decide who belongs.
pub fn refresh(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    id: TagId,
    personal: bool,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<RefreshResponse> {
    let tag = store::lock(connection, tenant.id, id)?.ok_or(Error::NotFound { what: "tag" })?;
    let segment = tag.segment_id.ok_or_else(|| {
        Error::conflict("tag_follows_nothing", "the tag follows no segment; it is assigned by hand")
    })?;
    apply(connection, tenant, &tag, segment, personal, now, ids)
}

/// The same for a rule that was just given to the tag.
pub fn begin(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    tag: &TagResponse,
    personal: bool,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<TagResponse> {
    let Some(segment) = tag.segment_id else { return Ok(tag.clone()) };
    let unknown = |error| match error {
        Error::NotFound { .. } => {
            Error::invalid("/segment_id", "unknown_segment", "there is no such segment")
        }
        error => error,
    };
    apply(connection, tenant, tag, segment, personal, now, ids).map_err(unknown)?;
    store::find(connection, tenant.id, tag.id)?.ok_or(Error::NotFound { what: "tag" })
}

fn apply(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    tag: &TagResponse,
    segment: SegmentId,
    personal: bool,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<RefreshResponse> {
    let members = segments::service::members(connection, tenant, &Group::Saved(segment), personal, now)?;
    let act = Act { tenant: tenant.id, tag: tag.id, id: ids.id(now), by: By::Rule(segment), at: now };
    let (gained, lost) = store::renew(connection, &act, members)?;
    store::note_refresh(connection, tenant.id, tag.id, now)?;
    Ok(RefreshResponse { gained, lost, refreshed_at: now })
}

/// Brings one of the tenant's tags in line that were not since this moment, and tells whether there was one. A segment
/// that cannot be evaluated holds up no other.
pub fn catch_up(
    db: &Db,
    tenant: TenantId,
    since: Timestamp,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<bool> {
    let (tenant, behind) = db.read_blocking(|connection| {
        let found = find_tenant(connection, tenant)?;
        Ok::<_, Error>((found, store::with_rule(connection, tenant, since)?))
    })?;
    let Some(tenant) = tenant else { return Ok(false) };
    for tag in behind {
        let refreshed = db.write_blocking(|connection| refresh(connection, &tenant, tag.id, true, now, ids));
        match refreshed {
            Ok(_) => return Ok(true),
            Err(error @ (Error::Unavailable { .. } | Error::Internal(_))) => return Err(error),
            Err(error) => {
                tracing::warn!(tag = %tag.id, code = error.code(), "a tag cannot follow its segment");
            }
        }
    }
    Ok(false)
}
