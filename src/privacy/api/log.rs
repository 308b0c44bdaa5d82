//! `/v1/audit-log`.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{Page, Paging, Query};
use crate::ids::AuditId;
use crate::privacy::model::{Action, AuditEntryResponse};
use crate::privacy::store::{self, Filter};

/// Which entries are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditParameters {
    /// Entries of this kind.
    #[serde(default)]
    action: Option<Action>,
    /// What was done to this customer, shop or request.
    #[serde(default)]
    #[param(example = "cus_01jd7zk3v8e4qbm2n5r9x6t0wy", max_length = 100)]
    object: Option<String>,
}

/// List the audit log
///
/// Who erased and exported whom, and what platforms asked for, newest first. The log holds no personal data.
#[utoipa::path(
    tag = "Privacy",
    security(("bearer" = ["settings:read"])),
    params(AuditParameters, Paging),
    responses((status = 200, description = "A page of entries.", body = Page<AuditEntryResponse>)),
)]
#[get("/v1/audit-log")]
pub async fn list_audit_log(
    caller: Require<scope::SettingsRead>,
    app: web::Data<AppState>,
    parameters: Query<AuditParameters>,
    paging: Paging,
) -> Result<Page<AuditEntryResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<AuditId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let filter = Filter { action: parameters.0.action, object: parameters.0.object };
    let (entries, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant, &filter)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, &filter, after, rows)?, total))
        })
        .await?;
    let page = paging.page(entries, |entry| entry.id, |entry| entry)?;
    Ok(Page { total, ..page })
}
