//! Tags that follow segments.

use actix_web::http::StatusCode;
use actix_web::{post, web};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::Result;
use crate::http::{Idempotency, Reply, UrlPath};
use crate::ids::TagId;
use crate::tags::model::RefreshResponse;
use crate::tags::rules;

/// Bring a tag in line with its segment
///
/// The members of the segment get the tag, all others lose it. That happens every hour by itself; this does it at once.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:write"])),
    params(("id" = TagId, Path, description = "The tag."), Idempotency),
    responses((status = 200, description = "How many got and lost it.", body = RefreshResponse)),
)]
#[post("/v1/tags/{id}/refresh")]
pub async fn refresh_tag(
    caller: Require<scope::TagsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    idempotency: Idempotency,
) -> Result<Reply<RefreshResponse>> {
    let claim = idempotency.claim(&caller, b"")?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let (id, now, personal, state) = (path.0, app.clock.now(), caller.pii, app.clone());
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                Ok((StatusCode::OK, rules::refresh(connection, &tenant, id, personal, now, &*state.ids)?))
            })
        })
        .await?;
    Ok(stored.reply())
}
