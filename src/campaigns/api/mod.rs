//! `/v1/campaigns`

mod launch;
mod manage;
mod members;
mod overview;
mod plan;
mod report;
mod response;
mod worklist;
mod worklist_file;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(manage::list_campaigns)
        .service(manage::create_campaign)
        .service(manage::get_campaign)
        .service(manage::update_campaign)
        .service(manage::delete_campaign)
        .service(launch::assign_arms)
        .service(plan::plan_campaign)
        .service(launch::launch_campaign)
        .service(launch::end_campaign)
        .service(members::list_members)
        .service(worklist::get_worklist)
        .service(worklist_file::download_worklist)
        .service(report::get_report)
        .service(overview::compare_campaigns);
}
