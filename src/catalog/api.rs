//! `/v1/products`, and `/v1/shops/{shop_id}/products` for writing one.

mod read;
mod write;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(write::upsert_product)
        .service(write::upsert_products)
        .service(read::list_products)
        .service(read::get_product);
}
