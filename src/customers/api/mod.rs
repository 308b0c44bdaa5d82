//! `/v1/customers`, and `/v1/shops/{shop_id}/customers` for telling of one by the shop's key.

mod duplicates;
mod file;
mod list;
mod merge;
mod upsert;
mod write;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list::list_customers)
        .service(write::create_customer)
        .service(upsert::upsert_customers)
        .service(upsert::upsert_customer)
        .service(duplicates::list_duplicate_customers)
        .service(write::get_customer)
        .service(write::update_customer)
        .service(file::get_customer_profile)
        .service(file::list_customer_timeline)
        .service(merge::merge_customer)
        .service(merge::list_customer_merges)
        .service(merge::separate_customers)
        .service(merge::get_merge)
        .service(merge::undo_merge);
}
