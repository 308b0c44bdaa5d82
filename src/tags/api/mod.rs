//! `/v1/tags`, and `/v1/customers/{id}/tags` for one customer's.

mod assign;
mod customer;
mod history;
mod noun;
mod refresh;

use utoipa_actix_web::service_config::ServiceConfig;

use super::model::By;
use super::service::Doing;
use crate::app::AppState;
use crate::auth::Caller;
use crate::time::Timestamp;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(noun::list_tags)
        .service(noun::create_tag)
        .service(noun::get_tag)
        .service(noun::update_tag)
        .service(noun::delete_tag)
        .service(assign::assign_tag)
        .service(assign::unassign_tag)
        .service(refresh::refresh_tag)
        .service(history::list_tag_history)
        .service(customer::tag_customer)
        .service(customer::untag_customer);
}

/// What the caller does by hand.
fn by_hand<'a>(app: &'a AppState, caller: &Caller, now: Timestamp) -> Doing<'a> {
    Doing { tenant: caller.tenant, by: By::Hand(caller.subject.clone()), now, ids: &*app.ids }
}
