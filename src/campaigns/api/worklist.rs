//! Who is to be contacted.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::campaigns::document::CampaignDocument;
use crate::campaigns::model::Purpose;
use crate::campaigns::service;
use crate::campaigns::store::worklist::Purchase;
use crate::campaigns::worklist::{self, Task, Wanted};
use crate::consents::Channel;
use crate::error::{Error, Result};
use crate::http::{Paging, PersonalData, Query, Reply, UrlPath};
use crate::ids::{CampaignId, CustomerId};
use crate::time::Timestamp;

/// Which worklist.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WorklistParameters {
    /// How people are to be contacted; one of the campaign's channels.
    #[param(inline, example = "sms")]
    channel: Channel,
}

/// Somebody to contact. Without `pii:read` names and addresses are masked, in the text as well.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskResponse {
    pub customer_id: CustomerId,
    /// The variant.
    #[schema(example = "a")]
    pub arm: String,
    #[schema(example = "张小红")]
    pub name: Option<String>,
    #[schema(example = "小红")]
    pub nick: Option<String>,
    #[schema(example = "13800001234")]
    pub phone: Option<String>,
    #[schema(example = "hong@example.com")]
    pub email: Option<String>,
    /// Why they are contacted.
    pub reason: TaskReason,
    /// The last three things they bought, the newest first.
    pub last_purchases: Vec<PurchaseResponse>,
    /// What to say, filled in.
    #[schema(example = "张小红，您喜欢的羽绒服上新了")]
    pub text: Option<String>,
    /// How many short messages the text takes; only for `sms`.
    #[schema(example = 1)]
    pub units: Option<i64>,
}

/// Why somebody is contacted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskReason {
    pub purpose: Purpose,
    /// What it is about.
    pub subject: Option<String>,
    /// The stage at the launch.
    #[schema(example = "dormant")]
    pub stage: Option<String>,
    /// Orders so far.
    pub orders: i64,
    /// What they came to, less refunds.
    pub spent_amount: i64,
    pub last_order_at: Option<Timestamp>,
}

/// Something that was bought.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PurchaseResponse {
    #[schema(example = "羽绒服")]
    pub title: Option<String>,
    #[schema(example = "DC-XXXXL-RED")]
    pub sku: Option<String>,
    pub quantity: i64,
    pub paid_at: Timestamp,
}

impl TaskResponse {
    pub fn new(task: Task, document: &CampaignDocument) -> Self {
        let Task { contact, purchases, text, units } = task;
        let purchase = |purchase: Purchase| PurchaseResponse {
            title: purchase.title,
            sku: purchase.sku,
            quantity: purchase.quantity,
            paid_at: purchase.paid_at,
        };
        Self {
            customer_id: contact.customer_id,
            arm: contact.arm,
            name: contact.name,
            nick: contact.nick,
            phone: contact.phone,
            email: contact.email,
            reason: TaskReason {
                purpose: document.purpose,
                subject: document.subject.clone(),
                stage: contact.stage,
                orders: contact.orders,
                spent_amount: contact.spent_amount,
                last_order_at: contact.last_order_at,
            },
            last_purchases: purchases.into_iter().map(purchase).collect(),
            text,
            units,
        }
    }
}

/// Somebody who is left alone for now.
#[derive(Debug, Serialize, ToSchema)]
struct HeldBack {
    customer_id: CustomerId,
    /// `no_consent`, `no_address`, `cap_reached`, `subject_cap_reached`, `given_up`, `cooling_down_after_order`,
    /// `cooling_down_after_refund`, `cooling_down_after_complaint`, `quiet_hours` or `erased`.
    #[schema(example = "cap_reached")]
    reason: String,
}

/// A page of the worklist.
#[derive(Debug, Serialize, ToSchema)]
struct WorklistResponse {
    /// Who is to be contacted now.
    data: Vec<TaskResponse>,
    /// Who of the members that this page looked at is left alone for now, and why.
    held_back: Vec<HeldBack>,
    /// Whether there is another page.
    has_more: bool,
    /// What to send as `cursor` to get it; `null` on the last page.
    next_cursor: Option<String>,
}

// Masked where it is read, because the texts are filled in there.
impl PersonalData for WorklistResponse {}

/// Read the worklist
///
/// Members who were not contacted over the channel yet, with the reason, their last purchases and the text filled in. A page
/// looks at `limit` members: whom the contact plan leaves alone at this moment is told apart, with why. As soon as a touch
/// comes back, its member is off the list.
#[utoipa::path(
    tag = "Campaigns",
    security(("bearer" = ["campaigns:read"])),
    params(("campaign_id" = CampaignId, Path, description = "The campaign."), WorklistParameters, Paging),
    responses((status = 200, description = "A page of the worklist.", body = WorklistResponse)),
)]
#[get("/v1/campaigns/{campaign_id}/worklist")]
pub async fn get_worklist(
    caller: Require<scope::CampaignsRead>,
    app: web::Data<AppState>,
    path: UrlPath<CampaignId>,
    parameters: Query<WorklistParameters>,
    paging: Paging,
) -> Result<Reply<WorklistResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (id, now) = (path.0, app.clock.now());
    let wanted = Wanted {
        channel: parameters.0.channel,
        after: paging.after::<CustomerId>()?,
        limit: paging.limit,
        pii: caller.pii,
    };
    let (campaign, stretch) = app
        .db
        .read(move |connection| {
            let campaign = service::get(connection, tenant.id, id)?;
            let stretch = worklist::read(connection, &tenant, &campaign, wanted, now)?;
            Ok::<_, Error>((campaign, stretch))
        })
        .await?;
    let next = stretch.last.filter(|_| stretch.has_more);
    let task = |task: Task| TaskResponse::new(task, &campaign.document);
    let held = |(customer_id, reason)| HeldBack { customer_id, reason };
    Ok(Reply::ok(WorklistResponse {
        data: stretch.tasks.into_iter().map(task).collect(),
        held_back: stretch.held_back.into_iter().map(held).collect(),
        has_more: stretch.has_more,
        next_cursor: next.map(|last| paging.cursor_after(last)).transpose()?,
    }))
}
