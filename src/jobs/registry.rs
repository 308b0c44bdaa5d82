//! All jobs of the service.

use super::{Job, Progress, Schedule};
use crate::campaigns;
use crate::config::WebhookConfig;
use crate::http::forget_old_answers;
use crate::privacy::shop_erasure;
use crate::tags;
use crate::webhooks;

/// The jobs, each of which is done for every tenant.
pub fn registry(webhooks: &WebhookConfig) -> Vec<Job> {
    let answers = Job::in_transactions("idempotency_keys", Schedule::AtLocalMidnight, |connection, run| {
        forget_old_answers(connection, run.tenant, run.now)?;
        Ok(Progress::Done)
    });
    let tag_rules = Job::new("tag_rules", Schedule::Every(60 * 60), |run| {
        let more = tags::rules::catch_up(run.db, run.tenant, run.due_at, run.now, run.ids)?;
        Ok(if more { Progress::More } else { Progress::Done })
    });
    let own = [answers, shop_erasure::job(), tag_rules, campaigns::schedule::job()];
    own.into_iter().chain(webhooks::jobs(webhooks.retention_days)).collect()
}
