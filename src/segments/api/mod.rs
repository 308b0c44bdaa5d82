//! `/v1/segments`.

mod ask;
mod explain;
mod guide;
mod noun;
mod read;
mod sets;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(guide::list_segment_fields)
        .service(guide::list_segment_templates)
        .service(ask::parse_segment)
        .service(ask::preview_segment)
        .service(explain::explain_segment)
        .service(sets::combine_segments)
        .service(sets::overlap_segments)
        .service(noun::list_segments)
        .service(noun::create_segment)
        .service(noun::get_segment)
        .service(noun::update_segment)
        .service(noun::delete_segment)
        .service(read::list_segment_members)
        .service(read::count_segment)
        .service(sets::get_segment_profile);
}
