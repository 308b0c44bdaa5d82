//! Customers who may be one person.

use actix_web::{get, web};

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers::duplicates::DuplicateResponse;
use crate::customers::store;
use crate::error::Result;
use crate::http::{Page, Paging};

/// List possible duplicates
///
/// Groups of customers who have a phone, a mailbox, or a name with a birthday or an address in common, with what it is and
/// how much it says. Pairs that were said not to be the same are left out. A page may be shorter than `limit` while
/// `has_more` is true. Needs `pii:read`, for the groups tell who shares what even where it is masked.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(Paging),
    responses((status = 200, description = "A page of groups.", body = Page<DuplicateResponse>)),
)]
#[get("/v1/customers/duplicates")]
pub async fn list_duplicate_customers(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    paging: Paging,
) -> Result<Page<DuplicateResponse>> {
    caller.need_personal_data("duplicates")?;
    let (tenant, after, limit) = (caller.tenant, paging.after()?, paging.limit as usize);
    let (groups, next) =
        app.db.read_replica(move |connection| store::duplicates(connection, tenant, after, limit)).await?;
    paging.page_until(groups, next)
}
