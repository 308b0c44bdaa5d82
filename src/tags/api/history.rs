//! Who got and lost a tag.

use actix_web::{get, web};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::Result;
use crate::http::{Page, Paging, UrlPath};
use crate::ids::TagId;
use crate::tags::model::TagChangeResponse;
use crate::tags::{service, store};

/// List who got and lost a tag
///
/// Each customer who got the tag or lost it, when, and by what: by hand, by the rule, or because a platform told so. The
/// newest first.
#[utoipa::path(
    tag = "Tags",
    security(("bearer" = ["tags:read"])),
    params(("id" = TagId, Path, description = "The tag."), Paging),
    responses((status = 200, description = "A page of changes.", body = Page<TagChangeResponse>)),
)]
#[get("/v1/tags/{id}/history")]
pub async fn list_tag_history(
    caller: Require<scope::TagsRead>,
    app: web::Data<AppState>,
    path: UrlPath<TagId>,
    paging: Paging,
) -> Result<Page<TagChangeResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let (after, rows) = (paging.after()?, paging.rows());
    let changes = app
        .db
        .read(move |connection| {
            let tag = service::get(connection, tenant, id)?;
            store::history(connection, tenant, tag.id, after, rows)
        })
        .await?;
    paging.page(changes, |(place, _)| place.clone(), |(_, change)| change)
}
