//! Erasing and exporting a customer, the audit log, what platforms asked for.

mod log;
mod person;
mod requests;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(person::delete_customer)
        .service(person::export_customer)
        .service(log::list_audit_log)
        .service(requests::list_privacy_requests)
        .service(requests::get_privacy_request)
        .service(requests::close_privacy_request);
}
