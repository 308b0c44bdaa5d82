//! `/v1/orders`, and `/v1/shops/{shop_id}/orders` for writing one.

mod read;
mod write;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(write::upsert_order)
        .service(write::upsert_orders)
        .service(read::list_orders)
        .service(read::get_order);
}
