//! Who is in a campaign.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::service;
use crate::campaigns::store::{self, MemberRow};
use crate::error::{Error, Result};
use crate::http::{Page, Paging, PersonalData, Query, UrlPath};
use crate::ids::{CampaignId, CustomerId, ShopId};

/// Which members are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MemberFilter {
    /// Only those of an arm: the key of a variant, or `holdout`.
    #[serde(default)]
    #[param(example = "holdout")]
    arm: Option<String>,
    /// Only those who were kept out before the draw, or only the others.
    #[serde(default)]
    suppressed: Option<bool>,
}

/// A member of a campaign, as at the launch.
#[derive(Debug, Serialize, ToSchema)]
struct MemberResponse {
    /// The customer in whose file the member is now.
    customer_id: CustomerId,
    /// The customer who was drawn, if that one was merged into another since.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_from: Option<CustomerId>,
    /// The key of a variant, or `holdout`; none for those who were kept out before the draw.
    #[schema(example = "holdout")]
    arm: Option<String>,
    /// Why the member was kept out.
    #[schema(example = "no_consent")]
    suppressed: Option<String>,
    /// The stage; none for those who had not ordered.
    #[schema(example = "dormant")]
    stage: Option<String>,
    /// What the member had spent in all, in classes of whole currency units.
    #[schema(example = "100-499")]
    spend_band: Option<String>,
    /// The shop of the last order.
    shop_id: Option<ShopId>,
    /// What the member spent in the 365 days before.
    spent_before_amount: Option<i64>,
}

impl PersonalData for MemberResponse {}

impl From<MemberRow> for MemberResponse {
    fn from(row: MemberRow) -> Self {
        Self {
            customer_id: row.customer_id,
            merged_from: (row.origin_id != row.customer_id).then_some(row.origin_id),
            arm: row.arm,
            suppressed: row.suppressed,
            stage: row.stage,
            spend_band: row.spend_band,
            shop_id: row.shop_id,
            spent_before_amount: row.covariate_amount,
        }
    }
}

/// List members
///
/// Who is in the campaign, in which arm, or why not. Before the launch only arms that were given from outside are there.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), MemberFilter, Paging),
    responses((status = 200, description = "A page of members.", body = Page<MemberResponse>)),
)]
#[get("/v1/campaigns/{campaign_id}/members")]
pub async fn list_members(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    filter: Query<MemberFilter>,
    paging: Paging,
) -> Result<Page<MemberResponse>> {
    let (tenant, id, after) = (caller.tenant, path.0, paging.after::<CustomerId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let MemberFilter { arm, suppressed } = filter.0;
    let (members, total) = app
        .db
        .read(move |connection| {
            let campaign = service::get(connection, tenant, id)?;
            if !campaign.is_launched() && !campaign.external {
                return Ok::<_, Error>((Vec::new(), counted.then_some(0)));
            }
            let filter = store::MemberFilter { arm: arm.as_deref(), suppressed };
            let total = counted.then(|| store::count_members(connection, tenant, id, filter)).transpose()?;
            Ok((store::members(connection, tenant, id, filter, after, rows)?, total))
        })
        .await?;
    let page = paging.page(members, |member| member.origin_id, MemberResponse::from)?;
    Ok(Page { total, ..page })
}
