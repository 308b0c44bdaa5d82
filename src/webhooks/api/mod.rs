//! Webhooks over HTTP: what platforms push to, and what came of it.

mod read;
mod receive;
mod replay;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(receive::receive_webhook)
        .service(receive::check_webhook)
        .service(read::list_webhook_deliveries)
        .service(replay::replay_webhook_deliveries)
        .service(read::get_webhook_delivery)
        .service(replay::replay_webhook_delivery)
        .service(read::list_webhook_rejections);
    // For platforms that append a path of their own to the address.
    let tail = "/v1/webhooks/{tenant_id}/{shop_id}/{tail:.*}";
    config.route(tail, web::post().to(receive::receive)).route(tail, web::get().to(receive::check));
}
