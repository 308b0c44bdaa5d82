//! The only place that registers endpoints. The router and the description of the API come out of one registration.

use actix_web::{App, web};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    analytics, campaigns, catalog, consents, customers, description, events, exports, health, lifecycle,
    notes, orders, privacy, segments, shops, tags, tenants, touches, webhooks,
};

/// Registers every endpoint.
pub fn configure(config: &mut ServiceConfig) {
    health::routes(config);
    tenants::api::routes(config);
    shops::api::routes(config);
    customers::api::routes(config);
    consents::api::routes(config);
    notes::api::routes(config);
    events::api::routes(config);
    privacy::api::routes(config);
    orders::api::routes(config);
    catalog::api::routes(config);
    tags::api::routes(config);
    exports::api::routes(config);
    analytics::api::routes(config);
    lifecycle::api::routes(config);
    segments::api::routes(config);
    webhooks::api::routes(config);
    campaigns::api::routes(config);
    touches::api::routes(config);
}

/// The description of every endpoint.
pub fn document() -> OpenApi {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(description::front_page())
        .configure(configure)
        .split_for_parts();
    description::finish(document)
}

/// The description as it is served and checked in.
pub fn as_json(document: &OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The interactive page, which works without a network.
#[cfg(feature = "docs")]
pub fn docs(config: &mut web::ServiceConfig) {
    use utoipa_swagger_ui::{Config, SwaggerUi, Url};

    // The page takes the document from its own address; ours is served beside it.
    let page = Config::new([Url::new("huitou", "/openapi.json")]).persist_authorization(true);
    config.service(web::redirect("/docs", "/docs/")).service(SwaggerUi::new("/docs/{_:.*}").config(page));
}

#[cfg(not(feature = "docs"))]
pub fn docs(_: &mut web::ServiceConfig) {}
