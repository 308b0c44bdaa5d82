//! Making, changing and ending campaigns.

use serde_json::{Map, Value};

use super::get;
use crate::campaigns::document::CampaignDocument;
use crate::campaigns::model::{Campaign, CampaignState};
use crate::campaigns::store;
use crate::db::AnyConnection;
use crate::error::{Error, FieldError, Result};
use crate::http::fit;
use crate::ids::{CampaignId, SegmentId, TenantId};
use crate::segments::service as segments;
use crate::tenants::Tenant;
use crate::time::Timestamp;
use crate::validation::Report;

pub fn create(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    document: CampaignDocument,
    id: CampaignId,
    now: Timestamp,
) -> Result<Campaign> {
    check(&document, tenant, now)?;
    check_segments(connection, tenant, &document)?;
    let campaign = Campaign {
        tenant: tenant.id,
        id,
        state: planned_state(&document),
        seed: document.seed.clone().unwrap_or_else(|| id.to_string()),
        document,
        external: false,
        launched_at: None,
        ends_at: None,
        ended_at: None,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    store::insert(connection, &campaign)?;
    Ok(campaign)
}

/// What a campaign must hold that only its tenant and the time can tell.
fn check(document: &CampaignDocument, tenant: &Tenant, now: Timestamp) -> Result<()> {
    let mut errors = Vec::new();
    let own = format!("must be `{}`, the tenant's own currency", tenant.currency);
    let mut currency = |pointer: String, told: &Option<String>| {
        if told.as_ref().is_some_and(|told| *told != tenant.currency) {
            errors.push(FieldError::pointer(pointer, "other_currency", own.clone()));
        }
    };
    currency("/currency".into(), &document.currency);
    for (index, cost) in document.costs.iter().enumerate() {
        currency(format!("/costs/{index}/currency"), &cost.currency);
    }
    if let Some(at) = document.scheduled_at {
        if at <= now {
            errors.push(FieldError::pointer("/scheduled_at", "out_of_range", "must lie in the future"));
        }
        if document.audience.is_none() {
            errors.push(FieldError::pointer(
                "/audience",
                "required",
                "is needed for a campaign that is launched by itself",
            ));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Every segment that is named must be there: a campaign that launches itself would find out when nobody looks.
fn check_segments(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    document: &CampaignDocument,
) -> Result<()> {
    let cells = document.cell_segments.iter().enumerate();
    let mut named: Vec<(String, SegmentId)> =
        cells.map(|(place, id)| (format!("/cell_segments/{place}"), *id)).collect();
    if let Some(audience) = &document.audience {
        let excluded = audience.exclude.as_ref().and_then(|group| group.segment_id);
        let groups =
            [("/audience/segment_id", audience.segment_id), ("/audience/exclude/segment_id", excluded)];
        named.extend(groups.into_iter().filter_map(|(pointer, id)| Some((pointer.into(), id?))));
    }
    if named.is_empty() {
        return Ok(());
    }
    let known = segments::known(connection, tenant.id, named.iter().map(|(_, id)| *id))?;
    named.retain(|(_, id)| !known.contains(id));
    let unknown = named.into_iter().map(|(pointer, _)| {
        FieldError::pointer(
            pointer,
            "unknown_segment",
            "there is no such segment; GET /v1/segments lists all",
        )
    });
    let errors: Vec<FieldError> = unknown.collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn planned_state(document: &CampaignDocument) -> CampaignState {
    match document.scheduled_at {
        Some(_) => CampaignState::Scheduled,
        None => CampaignState::Draft,
    }
}

/// Changes a campaign by a merge patch; `allow` may refuse. `state` moves it between `ended` and `archived`.
pub fn update(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    id: CampaignId,
    mut patch: Map<String, Value>,
    now: Timestamp,
    allow: impl FnOnce(&Campaign) -> Result<()>,
) -> Result<Campaign> {
    let before = get(connection, tenant.id, id)?;
    allow(&before)?;
    let mut campaign = before.clone();
    let state = patch.remove("state").map(fit_state).transpose()?;
    if !patch.is_empty() {
        let mut document = serde_json::to_value(&before.document)?;
        merge(&mut document, Value::Object(patch));
        campaign.document = fit(document)?;
        let violations = Report::of(&campaign.document);
        if !violations.is_empty() {
            return Err(violations.into());
        }
        if before.is_launched() {
            check_frozen(&before.document, &campaign.document)?;
            check(&CampaignDocument { scheduled_at: None, ..campaign.document.clone() }, tenant, now)?;
        } else {
            check(&campaign.document, tenant, now)?;
            check_segments(connection, tenant, &campaign.document)?;
            campaign.state = planned_state(&campaign.document);
            campaign.seed = campaign.document.seed.clone().unwrap_or_else(|| id.to_string());
        }
    }
    if let Some(wanted) = state {
        campaign.state = moved(&campaign, wanted, now)?;
    }
    if campaign == before { Ok(campaign) } else { write(connection, campaign, now) }
}

/// Makes a scheduled campaign a draft, unless somebody changed it meanwhile.
pub fn unschedule(connection: &mut AnyConnection, campaign: &Campaign, now: Timestamp) -> Result<()> {
    let mut draft = campaign.clone();
    draft.document.scheduled_at = None;
    draft.state = CampaignState::Draft;
    draft.updated_at = now;
    draft.revision += 1;
    store::update(connection, &draft)?;
    Ok(())
}

fn fit_state(value: Value) -> Result<CampaignState> {
    serde_json::from_value(value).map_err(|_| {
        Error::invalid("/state", "invalid_value", "must be one of draft, scheduled, running, ended, archived")
    })
}

/// The state to which a patch may move a campaign; the others are reached by launching and ending it.
fn moved(campaign: &Campaign, wanted: CampaignState, now: Timestamp) -> Result<CampaignState> {
    match (campaign.state_at(now), wanted) {
        (present, wanted) if present == wanted => Ok(campaign.state),
        (CampaignState::Ended, CampaignState::Archived) => Ok(wanted),
        (CampaignState::Archived, CampaignState::Ended) => Ok(wanted),
        (present, wanted) => Err(Error::conflict(
            "state_not_allowed",
            format!(
                "the campaign is {} and cannot be made {}; drafts are launched, running ones ended, ended ones archived",
                present.as_text(),
                wanted.as_text()
            ),
        )),
    }
}

/// After the launch only what does not touch the audience or the outcomes may change.
fn check_frozen(before: &CampaignDocument, after: &CampaignDocument) -> Result<()> {
    let free = CampaignDocument {
        name: after.name.clone(),
        purpose: after.purpose,
        costs: after.costs.clone(),
        budget_amount: after.budget_amount,
        currency: after.currency.clone(),
        coupon_codes: after.coupon_codes.clone(),
        ..before.clone()
    };
    if free == *after {
        return Ok(());
    }
    Err(Error::conflict(
        "campaign_launched",
        "after the launch only name, purpose, costs, budget_amount, currency and coupon_codes can change",
    ))
}

/// RFC 7396. `null` becomes absent, which the document reads as it does at first.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(fields) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// Ends a running campaign: nobody is contacted any more. Orders count until the window is over.
pub fn end(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: CampaignId,
    now: Timestamp,
) -> Result<Campaign> {
    let mut campaign = get(connection, tenant, id)?;
    match campaign.state_at(now) {
        CampaignState::Ended => return Ok(campaign),
        CampaignState::Running => {}
        state => {
            let detail = format!("the campaign is {}; only a running one can be ended", state.as_text());
            return Err(Error::conflict("state_not_allowed", detail));
        }
    }
    campaign.state = CampaignState::Ended;
    campaign.ended_at = Some(now);
    write(connection, campaign, now)
}

/// Deletes a campaign that was not launched; `allow` may refuse.
pub fn delete(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: CampaignId,
    allow: impl FnOnce(&Campaign) -> Result<()>,
) -> Result<()> {
    let campaign = get(connection, tenant, id)?;
    allow(&campaign)?;
    if campaign.is_launched() {
        return Err(Error::conflict(
            "campaign_launched",
            "its outcomes are part of the customers' files; end and archive it instead",
        ));
    }
    store::delete(connection, tenant, id)
}

fn write(connection: &mut AnyConnection, mut campaign: Campaign, now: Timestamp) -> Result<Campaign> {
    campaign.updated_at = now;
    campaign.revision += 1;
    if store::update(connection, &campaign)? {
        Ok(campaign)
    } else {
        Err(Error::conflict("conflict", "another request changed the campaign; try again"))
    }
}
