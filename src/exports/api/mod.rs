//! `/v1/exports/columns`, and the files.

mod columns;
mod file;
mod segment;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(columns::list_export_columns)
        .service(segment::export_customers)
        .service(segment::export_segment);
}
