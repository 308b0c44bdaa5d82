//! All jobs of the service.

use super::{Job, Progress, Schedule};
use crate::config::WebhookConfig;
use crate::http::forget_old_answers;
use crate::privacy::shop_erasure;
use crate::webhooks;

/// The jobs, each of which is done for every tenant.
pub fn registry(webhooks: &WebhookConfig) -> Vec<Job> {
    let answers = Job::in_transactions("idempotency_keys", Schedule::AtLocalMidnight, |connection, run| {
        forget_old_answers(connection, run.tenant, run.now)?;
        Ok(Progress::Done)
    });
    let own = [answers, shop_erasure::job()];
    own.into_iter().chain(webhooks::jobs(webhooks.retention_days)).collect()
}
