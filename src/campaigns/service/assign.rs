//! Arms that were drawn elsewhere.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::get;
use crate::campaigns::model::HOLDOUT;
use crate::campaigns::store::{self, PlannedMember};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::http::{BulkItem, BulkItemResult, BulkResponse, apply_each};
use crate::ids::{CampaignId, CustomerId, TenantId};
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

/// In which arm a customer is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    pub customer_id: CustomerId,
    /// The key of a variant, or `holdout`.
    #[schema(example = "holdout")]
    pub arm: String,
}

impl Validate for Assignment {
    fn validate(&self, _: &mut Report) {}
}

impl BulkItem for Assignment {
    const LIST: &'static str = "assignments";
    const MOST: Option<usize> = Some(10_000);
}

/// Gives customers their arms; who had one in this campaign gets the new one.
pub fn assign(
    connection: &mut AnyConnection,
    tenant: TenantId,
    campaign: CampaignId,
    items: Vec<Result<Assignment>>,
    now: Timestamp,
) -> Result<BulkResponse> {
    let document = get(connection, tenant, campaign)?.document;
    if !store::open_for_assignments(connection, tenant, campaign, now)? {
        return Err(Error::conflict(
            "campaign_launched",
            "the campaign was launched or is being launched, and its arms are frozen",
        ));
    }
    let arms: Vec<&str> = document.variants.iter().map(|variant| variant.key.as_str()).collect();
    let apply = |items: Vec<Assignment>| {
        let known = store::known_customers(connection, tenant, items.iter().map(|item| item.customer_id))?;
        let mut chosen: HashMap<CustomerId, PlannedMember<'_>> = HashMap::new();
        let outcomes: Vec<Result<CustomerId>> = items
            .iter()
            .map(|item| {
                if item.arm != HOLDOUT && !arms.contains(&item.arm.as_str()) {
                    let detail = format!("must be `holdout` or one of {}", arms.join(", "));
                    return Err(Error::invalid("/arm", "unknown_arm", detail));
                }
                let customer = *known.get(&item.customer_id).ok_or_else(|| {
                    Error::invalid("/customer_id", "unknown_customer", "there is no such customer")
                })?;
                let member = PlannedMember { origin: customer, customer, arm: &item.arm };
                match chosen.insert(customer, member) {
                    Some(earlier) if earlier.arm != item.arm => {
                        chosen.insert(customer, earlier);
                        let detail = "the customer is in another arm earlier in this body";
                        Err(Error::invalid("/customer_id", "duplicate", detail))
                    }
                    _ => Ok(customer),
                }
            })
            .collect();
        let mut members: Vec<_> = chosen.into_values().collect();
        members.sort_by_key(|member| member.origin);
        store::assign(connection, tenant, campaign, &members)?;
        Ok(outcomes)
    };
    apply_each(items, apply, |index, customer| BulkItemResult::taken(index, true, customer))
}
